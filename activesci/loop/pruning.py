"""Takes what can be computed again out of a finished run, and says so in its ledger."""

from pathlib import Path
from typing import Any

from activesci.errors import CampaignError
from activesci.ledger import Kind, Ledger, fold
from activesci.ledger.pruning import PRUNED, prunable
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.journal import Journal, Nobody
from activesci.loop.registering import who


def prune(folder: Path, by: str | None = None) -> dict[str, Any]:
    """Remove plans, simulations and all surrogates but the last of a finished run; return what its ledger says of it.

    The note comes first: a run that is killed half way says that more was taken out than was, which harms nobody, and
    the next call goes on. `activesci replay --mend` computes all of it again.

    Args:
        folder: The run folder.
        by: Who has it done.

    Raises:
        CampaignError: If the run has not stopped.
        LedgerError: If it is blind, or does not hold: what is damaged could not be mended any more.
    """
    with Ledger.open(folder) as ledger:
        events = ledger.check()
        history = fold(events)
        refuse_while_blind(history, folder, "what is left after pruning")
        if history.status != "stopped":
            raise CampaignError(f"{folder}: found a run that is {history.status}, expected one that has stopped")
        artifacts = prunable(history, events)
        said = {"what": PRUNED, "artifacts": artifacts, "bytes": ledger.size(artifacts), "by": by or who()}
        if said["bytes"]:
            Journal(ledger, Nobody()).append(Kind.NOTE, history.rounds[-1].number, said)
        ledger.drop(artifacts)
    return said

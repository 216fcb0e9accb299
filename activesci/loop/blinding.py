"""A blind campaign: its key made, its ledger sealed, and nothing true said by what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from activesci.errors import ActiveSciError, CampaignError, LedgerError
from activesci.inference.posterior import Posterior
from activesci.integrity.blinding import Door, masked
from activesci.ledger import History, Kind, Ledger
from activesci.ledger.sealing import BLINDED, Key, cipher, keep_key, kept_key
from activesci.loop.stop import Pause
from activesci.study import Study

if TYPE_CHECKING:
    from activesci.loop.journal import Journal

Answer = TypeVar("Answer")


def go_blind(journal: "Journal", study: Study) -> None:
    """Make the key of a campaign that is about to begin, and record what it is known by.

    Raises:
        LedgerError: If the package that encrypts is not installed.
    """
    assert study.blind is not None  # the caller's condition
    cipher()
    key = Key.made()
    keep_key(journal.ledger.folder, key)
    hidden = list(Door(study, key).shifts)
    said = {"commitment": key.commitment, "parameters": hidden, "until": list(study.blind.until)}
    more = study.blind.model_dump(include={"region", "designs", "salt"}, exclude_defaults=True)
    more |= {"labels": list(study.shuffled)} if study.shuffled else {}
    journal.append(Kind.NOTE, 0, {"what": BLINDED, **said, **more})


def door_of(study: Study, ledger: Ledger, history: History) -> tuple[Door, Key] | None:
    """Return what decides what may be shown of a campaign, with its key; None if it is not blind.

    Raises:
        LedgerError: If the key is missing.
    """
    if history.blinding is None:
        return None
    key = kept_key(ledger.folder, history.blinding.payload["commitment"])
    return Door(study, key), key


@dataclass(frozen=True, slots=True)
class Blinded(Posterior):
    """A posterior as a blind campaign shows it: shifted, and NaN where even that would tell too much.

    Attributes:
        said: Mean, sd and quantiles of each parameter as they are shown.
    """

    said: dict[str, dict[str, float | None]] | None = None

    def mean(self) -> dict[str, float]:
        """Return each parameter's mean, shifted."""
        return self._of("mean")

    def sd(self) -> dict[str, float]:
        """Return each parameter's standard deviation, as far as it is shown."""
        return self._of("sd")

    def errors(self) -> dict[str, float]:
        """Return NaN: the sampler's state is sealed."""
        return dict.fromkeys(self.space.names, np.nan)

    def _of(self, what: str) -> dict[str, float]:
        found = {name: (self.said or {})[name][what] for name in self.space.names}
        return {name: np.nan if value is None else value for name, value in found.items()}


def blinded(posterior: Posterior, door: Door) -> Blinded:
    """Return a posterior as it may be shown."""
    population, none = posterior.population, np.full_like(posterior.population.u, np.nan)
    empty = np.full(len(none), np.nan)
    sealed = replace(population, u=none, log_like=empty, log_evidence=np.nan, log_evidence_error=np.nan)
    theta, said = door.samples(posterior.theta), door.belief(posterior.summary())
    return Blinded(posterior.space, theta, sealed, posterior.disagreement, posterior.outside, posterior.widened, said)


def discreetly(step: Callable[[], Answer]) -> Answer:
    """Do a step of a blind campaign; what goes wrong is told without numbers, which may be what is hidden.

    Raises:
        CampaignError: As the step did, its message without numbers.
        RuntimeError: For whatever else it raised, of which only kind and place are told.
    """
    try:
        return step()
    except CampaignError as error:
        told: Exception = type(error)(masked(str(error)))
    except (ActiveSciError, Pause, OSError):  # their words are about files, studies and designs, or go to the ledger
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library or a model may say with a number in it
        told = _place_of(error)
    raise told  # not inside: what was raised first would hang on to it


def _place_of(error: Exception) -> RuntimeError:
    """Return what may be told of an error that nobody meant."""
    at: TracebackType | None = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno}" if at else "an unknown place"
    return RuntimeError(
        f"{type(error).__name__} in {place}: its message is withheld while the campaign is blind, as it may hold "
        "what is hidden"
    )


def refuse_while_blind(history: History, folder: Path, what: str) -> None:
    """Refuse what would show true values.

    Raises:
        LedgerError: If the campaign is blind.
    """
    if history.blinding is not None:
        raise LedgerError(
            f"{folder}: {what} would show what is hidden: this campaign is blind; activesci unblind {folder} opens it "
            "once its checks are green"
        )

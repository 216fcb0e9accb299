"""A run as W3C PROV: states are entities, recipes are activities, code and people are agents."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from activesci.ledger.graph import Graph, State

from .base import Run, needed, new_file

NAMESPACE = "urn:activesci:"


def write(run: Run, to: Path) -> Path:
    """Write PROV-JSON.

    Raises:
        CampaignError: If the package prov is not installed.
    """
    model = needed("prov.model", "prov")
    document = model.ProvDocument()
    document.add_namespace("asci", NAMESPACE)
    graph = Graph.of(run.ledger)
    agents = {code: document.agent(f"asci:code-{i}", _agent(code)) for i, code in enumerate(_codes(graph))}
    for state in graph:
        _record(document, graph, state, agents)
    new_file(to).write_text(document.serialize(format="json", indent=1) + "\n", encoding="utf-8")
    return to


def _codes(graph: Graph) -> list[str | None]:
    return list(dict.fromkeys(state.recipe.code for state in graph))


def _agent(code: str | None) -> dict[str, Any]:
    """Return what is said of who did it: a program, or a person where no code did."""
    kind = "prov:Person" if code is None else "prov:SoftwareAgent"
    return {"prov:type": kind, **({} if code is None else {"asci:code": code})}


def _record(document: Any, graph: Graph, state: State, agents: Mapping[str | None, Any]) -> None:  # noqa: ANN401
    """Add a state, what made it, and what that used."""
    recipe, event = state.recipe, state.events[-1]
    name, activity = f"asci:{state.id}", f"asci:{recipe.action}-{state.id}"
    said = {"prov:type": f"asci:{state.kind}", "asci:round": state.round, "prov:label": f"{state.kind} {state.round}"}
    tags = [("asci:tag", tag) for tag in sorted(state.tags)]
    document.entity(name, [*said.items(), *tags, ("asci:digest", event.digest), *_artifact(state)])
    document.activity(
        activity, state.events[0].time, event.time, {"prov:type": f"asci:{recipe.action}", "asci:class": recipe.kind}
    )
    document.wasGeneratedBy(name, activity, event.time)
    document.wasAssociatedWith(activity, agents[recipe.code])
    for before in recipe.inputs:
        if before in graph:
            document.used(activity, f"asci:{before}")
            document.wasDerivedFrom(name, f"asci:{before}", activity)


def _artifact(state: State) -> list[tuple[str, str]]:
    return [("asci:artifact", event.artifact) for event in state.events if event.artifact is not None]

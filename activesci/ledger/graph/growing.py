"""The experiment graph of a ledger: what each event added to it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..events import Event, Kind
from ..store import Ledger
from .state import Action, Recipe, State, StateKind, identity
from .stored import part_of

SECTIONS: Mapping[Action, tuple[str, ...]] = {
    "simulate": ("parameters", "design", "constraints", "outcome", "simulator", "inference"),
    "fit": ("outcome", "inference"),
    "infer": ("parameters", "inference"),
    "choose": ("designer", "design", "constraints", "cost"),
    "measure": ("experiment", "outcome"),
}
"""What of the study each recipe is told; where and how fast it runs, and when it stops, changes no state."""
PASSING = ("seconds",)
TAG = "tag"
"""What a note that labels a state says it is."""


class Growing:
    """Reads a ledger's events one after the other, and keeps the states that they tell of.

    A bank's identity rests on its outcomes, whenever and in whatever portions they came back, so they are read.

    Args:
        ledger: The ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.states: dict[str, State] = {}
        self._begun: Mapping[str, Any] = {}
        self._latest: dict[StateKind, State] = {}
        self._designs: dict[int, State] = {}
        self._asked: list[State] = []
        self._answers: list[State] = []
        self._pass: list[Event] = []
        self._step = 0

    def take(self, event: Event) -> None:
        """Take the next event."""
        takers = {
            Kind.STARTED: self._begin,
            Kind.BRANCHED: self._begin,
            Kind.PLANNED: self._plan,
            Kind.SIMULATED: lambda event: self._pass.append(event),
            Kind.FITTED: self._fit,
            Kind.INFERRED: self._infer,
            Kind.CHOSEN: self._choose,
            Kind.MEASURED: self._measure,
            Kind.NOTE: self._label,
        }
        if event.kind in takers:
            takers[event.kind](event)

    def finish(self) -> None:
        """Take the end of the ledger: simulations that have come back are a state, fitted to or not."""
        self._simulate()

    def _begin(self, event: Event) -> None:
        self._begun = event.payload

    def _plan(self, event: Event) -> None:
        self._pass = [event]

    def _simulate(self) -> None:
        """Add the bank of the pass whose simulations are back."""
        if len(self._pass) < 2:
            return
        plan, before = self._pass[0], self._latest.get("bank")
        part = part_of(tuple(self._pass), plan.round, self._ledger)
        inputs = [before, self._latest.get("posterior"), *self._asked]
        simulator = self._study("simulator")
        kind = next((name for name in ("function", "command", "workflow") if name in simulator), "")
        recipe = self._recipe("simulate", kind, plan.round, inputs, self._begun.get("simulator_digest"))
        content = {name: getattr(part, name) for name in ("theta", "xi", "y", "index")}
        said = {"count": len(part), "failed": int((~part.valid).sum())}
        self._add("bank", recipe, content, said, self._pass, before)
        self._pass = []

    def _fit(self, event: Event) -> None:
        self._simulate()
        kind = str(event.payload.get("surrogate", ""))
        kinds: tuple[StateKind, ...] = ("bank", "surrogate", "posterior")
        inputs = [self._latest.get(name) for name in kinds]
        # the exact one is the user's likelihood, and an embedding may be the user's too
        theirs = self._begun.get("simulator_digest" if kind == "exact" else "embedding_digest")
        code = self._own_code() if theirs is None else f"{self._own_code()} {theirs}"
        code += self._plugin("surrogate_plugin")
        self._state("surrogate", event, self._recipe("fit", kind, event.round, inputs, code))

    def _infer(self, event: Event) -> None:
        inputs = [self._latest.get("surrogate"), self._latest.get("posterior"), *self._answers]
        self._state("posterior", event, self._recipe("infer", "smc", event.round, inputs, self._own_code()))
        more = bool(event.payload.get("again", False))
        self._step = self._step + 1 if more else 0
        self._asked, self._answers = (self._asked if more else []), []

    def _choose(self, event: Event) -> None:
        inputs, kind = [self._latest.get("posterior"), self._latest.get("surrogate")], str(event.payload["designer"])
        code = self._own_code() + self._plugin("designer_plugin")
        recipe = self._recipe("choose", kind, event.round, inputs, code)
        for place, proposal in enumerate(event.payload["proposals"]):
            placed = replace(recipe, parameters={**recipe.parameters, "place": place})
            state = self._add("design", placed, proposal, proposal, [event])
            self._designs[proposal["id"]] = state
            self._asked.append(state)

    def _measure(self, event: Event) -> None:
        said = event.payload
        if said["status"] != "ok":
            return
        experiment = self._study("experiment")
        code = self._begun.get("data_digest") or (
            self._begun.get("simulator_digest") if "truth" in experiment else None
        )
        inputs = [self._designs.get(said["proposal"])]
        recipe = self._recipe("measure", next(iter(experiment), ""), event.round, inputs, code)
        told = {"proposal": said["proposal"], "attempt": said["attempt"]}
        placed = replace(recipe, parameters={**recipe.parameters, **told})
        content = {name: said.get(name) for name in ("design", "outcome", "row")}
        self._answers.append(self._add("outcome", placed, content, said, [event]))

    def _label(self, event: Event) -> None:
        said = event.payload
        if said.get("what") == TAG and (state := self.states.get(said["state"])) is not None:
            self.states[state.id] = replace(state, tags=state.tags | {said["tag"]})

    def _state(self, kind: StateKind, event: Event, recipe: Recipe) -> None:
        said = {name: value for name, value in event.payload.items() if name not in PASSING}
        self._add(kind, recipe, [said, event.artifact], event.payload, [event])

    def _recipe(self, action: Action, kind: str, round: int, inputs: list[State | None], code: str | None) -> Recipe:
        told = {name: self._study(name) for name in SECTIONS[action]}
        place = {"seed": self._begun.get("seed"), "round": round, "step": self._step}
        return Recipe(action, kind, told | place, code, tuple(state.id for state in inputs if state is not None))

    def _study(self, section: str) -> Any:  # noqa: ANN401 - what a study's section is
        return self._begun.get("study", {}).get(section) or {}

    def _own_code(self) -> str:
        """Return what says which activesci it was."""
        return str(self._begun.get("program_digest") or self._begun.get("versions", {}).get("activesci"))

    def _plugin(self, key: str) -> str:
        """Return what says which code of another package it was; nothing if none was."""
        said = self._begun.get(key)
        return f" {said['digest']}" if said else ""

    def _add(
        self,
        kind: StateKind,
        recipe: Recipe,
        content: object,
        said: Mapping[str, Any],
        events: list[Event],
        before: State | None = None,
    ) -> State:
        found = identity(kind, recipe, content)
        distance = 1 + min((self.states[name].distance for name in recipe.inputs), default=-1)
        where = {"said": said, "run": self._ledger.folder, "events": tuple(events), "before": before}
        state = State(found, kind, events[0].round, recipe, distance, **where)  # type: ignore[arg-type]
        self.states[found] = self._latest[kind] = state
        return state

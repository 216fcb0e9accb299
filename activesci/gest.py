"""A campaign as a generator of the gest-api standard, so that libEnsemble, Xopt and Optimas can drive it.

They bring the workers and run what measures; the campaign says what to measure next and learns from what comes out.
It takes the extra `gest` (`pip install "activesci[gest]"`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

try:
    from gest_api.generator import Generator
    from gest_api.vocs import VOCS, ContinuousVariable, DiscreteVariable, ExploreObjective
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"found no module {error.name!r}, expected gest-api: pip install 'activesci[gest]'", name=error.name
    ) from error

from activesci.errors import DesignError
from activesci.loop.controller import Campaign
from activesci.study import Study
from activesci.study.outcomes import Component
from activesci.study.real import RealVariable
from activesci.study.variables import DesignVariable

MOST_VALUES = 10_000
"""Values of an integer beyond which they are not listed."""
ARRAYS = (np.ndarray, np.generic)
TYPES = {"real": float, "count": int, "binary": int}


class CampaignGenerator(Generator):  # type: ignore[misc]
    """Suggests the designs that a study's campaign asks for, and tells it what came out.

    Designs and outcomes are recorded in the campaign's folder as with `ask` and `tell`: another generator on the same
    folder goes on from there, and hands out once more the designs that were not measured. A suggested point carries
    the proposal's number as `_id`; a point without it is a measurement that nobody asked for.

    Args:
        vocs: The names and ranges of designs and outcomes; `vocs_of` makes it from a study.
        study: The study, or the path of its file; its experiment has to be `manual: true`.
        folder: The run folder.
        seed: A seed instead of the study's.

    Raises:
        ValueError: If the vocs is not that of the study, or its experiment is not manual.

    References:
        Campaign Generator Standardization (gest-api), https://github.com/campaign-generator-standardization.

    Example:
        >>> study = Study.load("study.yaml")  # doctest: +SKIP
        >>> generator = CampaignGenerator(vocs_of(study), study, "runs/one")  # doctest: +SKIP
        >>> points = generator.suggest(2)  # doctest: +SKIP
        >>> generator.ingest([point | measured(point) for point in points])  # doctest: +SKIP
    """

    returns_id = True

    def __init__(self, vocs: VOCS, study: Study | str | Path, folder: str | Path, seed: int | None = None) -> None:
        self.study = study if isinstance(study, Study) else Study.load(study)
        super().__init__(vocs)
        self.vocs = vocs
        self.folder, self.seed = Path(folder), seed
        self._campaign: Campaign | None = None
        self._handed: set[int] = set()
        self.campaign.close()  # whatever is wrong with simulator or folder is said here
        self._campaign = None

    @property
    def campaign(self) -> Campaign:
        """The campaign, opened where it is first asked for: who drives may do so in a thread or process of its own."""
        if self._campaign is None:
            self._campaign = Campaign(self.study, self.folder, self.seed)
        return self._campaign

    def _validate_vocs(self, vocs: VOCS) -> None:
        if self.study.experiment.kind != "manual":
            raise ValueError(
                f"study: experiment: found {self.study.experiment.kind}, expected manual: true, as whoever drives the "
                "generator measures"
            )
        wanted = vocs_of(self.study)
        given = {name: variable.model_dump(exclude={"dtype"}) for name, variable in vocs.variables.items()}
        expected = {name: variable.model_dump(exclude={"dtype"}) for name, variable in wanted.variables.items()}
        if given != expected:
            raise ValueError(f"vocs.variables: found {given}, expected the study's design variables: {expected}")
        if set(vocs.output_names) != set(wanted.output_names):
            raise ValueError(
                f"vocs: found the outputs {sorted(vocs.output_names)}, expected the study's outcomes: "
                f"{sorted(wanted.output_names)}"
            )
        if vocs.constants or vocs.constraints:
            raise ValueError(
                "vocs: found constants or constraints, expected neither: what limits designs is said in the study"
            )

    def suggest(self, num_points: int | None = None) -> list[dict[str, Any]]:
        """Return designs to measure, chosen together, each with its `_id`.

        Args:
            num_points: How many; by default the study's `designer: {batch: q}`.

        Raises:
            ValueError: If there are not so many: others have not been measured yet, or a pool is used up.
            CampaignError: If the campaign has stopped.
        """
        wanted = self.study.designer.batch if num_points is None else num_points
        if wanted < 1:
            raise ValueError(f"num_points: found {num_points}, expected at least 1")
        proposals = self.campaign.proposals(wanted + len(self._handed))
        waiting = [proposal for proposal in proposals if proposal["id"] not in self._handed]
        if len(waiting) < wanted and num_points is not None or not waiting:
            raise ValueError(
                f"num_points: found {wanted}, expected at most {len(waiting)}: {len(self._handed)} suggested points "
                "have not been measured; ingest their results first"
            )
        points = [proposal["design"] | {"_id": proposal["id"]} for proposal in waiting[:wanted]]
        self._handed |= {point["_id"] for point in points}
        return points

    def ingest(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Record measurements; with the last one that was suggested, the campaign learns from all of them.

        All are looked at before the first is recorded.

        Args:
            results: Designs and outcomes by name, with the `_id` of those that were suggested.

        Raises:
            ValueError: If a design or an outcome does not fit the study, or an `_id` was not suggested.
        """
        read = [self._read(result) for result in results]
        told = {proposal for *_, proposal in read}
        rounds = self.campaign.history.rounds
        left = [one["id"] for one in (rounds[-1].unmeasured if rounds else ()) if one["id"] not in told]
        if None in told and left:
            raise DesignError(
                f"result: found one without _id, expected first those of the suggested points {left}, which have not "
                "been measured"
            )
        for design, outcome, proposal in sorted(read, key=lambda one: one[2] is None):
            self.campaign.tell(design, outcome, proposal)
            self._handed.discard(-1 if proposal is None else proposal)

    def finalize(self) -> None:
        """Write summary and report, and give back the folder; what is asked later opens it again."""
        self.campaign.write()
        self.campaign.close()
        self._campaign = None

    def _read(self, result: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], int | None]:
        """Return a result's design, outcome and proposal."""
        plain = {name: value.tolist() if isinstance(value, ARRAYS) else value for name, value in result.items()}
        names = self.study.design_space.names, self.study.outcome_space.names
        missing = [name for name in (*names[0], *names[1]) if name not in plain]
        if missing:
            raise DesignError(f"result: found {sorted(plain)}, expected also {missing}")
        design, outcome = ({name: plain[name] for name in some} for some in names)
        self.study.design_space.encode(design)
        self.study.outcome_space.flatten(outcome, design)
        proposal = plain.get("_id")
        if proposal is not None and proposal not in self._handed:
            raise DesignError(f"result: found the _id {proposal}, expected one of {sorted(self._handed)}")
        return design, outcome, proposal


def vocs_of(study: Study) -> VOCS:
    """Return a study's designs as variables, and its outcomes as objectives that are to be explored.

    Raises:
        ValueError: If an outcome has no fixed size, or an integer too many values to list.
    """
    return VOCS(
        variables={variable.name: variable_of(variable) for variable in study.design_space.variables},
        objectives={one.name: ExploreObjective(dtype=dtype_of(one)) for one in study.outcome_space.components},
    )


def variable_of(variable: DesignVariable) -> ContinuousVariable | DiscreteVariable:
    """Return a design variable in gest-api's words."""
    if isinstance(variable, RealVariable):
        return ContinuousVariable(domain=[variable.lo, variable.hi])
    if (size := variable.grid_size(MOST_VALUES + 1)) > MOST_VALUES:
        raise ValueError(f"design.{variable.name}: found more than {MOST_VALUES} values, expected fewer, or a real")
    return DiscreteVariable(values={variable.decode(float(value)) for value in variable.grid(size)})


def dtype_of(component: Component) -> Any:  # noqa: ANN401 (a type, a name of one, or one with a shape)
    """Return the NumPy type of an outcome."""
    if isinstance(component.iid, str):
        raise ValueError(  # noqa: TRY004 (the study is wrong, not its type)
            f"outcome.{component.name}: found as many events as the design says, expected a fixed number: fields of "
            "gest-api do not change their size"
        )
    labels = np.array(component.categories)
    plain = labels.dtype.str if component.kind == "category" else TYPES[component.kind]
    shape = (() if component.iid is None else (component.iid,)) + component.shape
    return (plain, shape) if shape else plain

"""How the campaign is run: simulator, experiment, inference, designer and executor."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from .installed import DESIGNERS, SURROGATES, in_words, installed
from .parts import Alternative, Count, Empty, Name, Number, Part, Positive, Text, Whole, listed, nearest, that, wrong
from .programs import CommandLine, EnvironmentPart, FileNames, OutputName, Retries

DEFAULT_BATCH = 256
"""Simulations of one call with `batch: true`."""


def _batch(value: Any) -> int:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, bool):
        return DEFAULT_BATCH if value else 0
    if not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise wrong("true, false or a whole number from 1 to 1000000")
    return value


Batch = Annotated[
    int,
    BeforeValidator(_batch),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 1, "maximum": 1_000_000}]}),
]
FUNCTION = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"
FunctionName = Annotated[str, Field(pattern=FUNCTION)]
EMBEDDINGS = ("auto", "mlp", "conv1d", "conv2d", "set")


def _embedding(value: Any) -> str:  # noqa: ANN401 -- anything a file may hold
    if not isinstance(value, str) or (value not in EMBEDDINGS and not re.fullmatch(FUNCTION, value)):
        raise wrong(f"{', '.join(EMBEDDINGS)} or module:Class, a torch.nn.Module beside the study or installed")
    return value


EmbeddingName = Annotated[
    str,
    BeforeValidator(_embedding),
    WithJsonSchema({"anyOf": [{"enum": list(EMBEDDINGS)}, {"type": "string", "pattern": FUNCTION}]}),
]
OWN_SURROGATES = ("auto", "exact", "likelihood", "ratio", "posterior", "emulator")


def _surrogate(value: Any) -> str:  # noqa: ANN401 -- anything a file may hold
    if not isinstance(value, str) or (value not in OWN_SURROGATES and value not in installed(SURROGATES)):
        near = nearest(str(value), OWN_SURROGATES)
        raise wrong(f"{listed([repr(name) for name in OWN_SURROGATES])}{near}{in_words(SURROGATES)}")
    return value


SurrogateName = Annotated[
    str,
    BeforeValidator(_surrogate),
    WithJsonSchema({"anyOf": [{"enum": list(OWN_SURROGATES)}, {"type": "string", "minLength": 1}]}),
]
Resource = Annotated[Number, Field(ge=0)]
OF_COMMANDS = dict.fromkeys(("output", "files", "environment"), "command")


class SimulatorPart(Alternative):
    """`simulator:`, exactly one of function, command and workflow.

    Attributes:
        function: `module:function`, the module a file beside the study or installed.
        command: A program and its arguments, with places for values.
        workflow: The file of a workflow, whose steps make an outcome together.
        batch: For a function that takes arrays: how many simulations one call takes; true is 256.
        output: The file that the command writes.
        files: Files beside the study that the command consists of, besides those that it names.
        environment: What the command runs in.
        cache: A folder where the steps of the workflow keep what they leave, for other campaigns.
        retries: How often a simulation that failed is run again; without it never, but twice if its worker died.
        timeout: The longest that one call may take [s].
        cpus: CPUs of one task.
        gpus: GPUs of one task.
        memory: Memory of one task [bytes].
    """

    one_of: ClassVar[tuple[str, ...]] = ("function", "command", "workflow")
    only_with: ClassVar[Mapping[str, str]] = {"batch": "function", "cache": "workflow", **OF_COMMANDS}
    function: FunctionName | None = None
    command: CommandLine | None = None
    workflow: Annotated[Text, Field(pattern=r"^.+\.ya?ml$")] | None = None
    batch: Batch = Field(default=0, json_schema_extra={"default": False})
    output: OutputName | None = None
    files: FileNames = ()
    environment: EnvironmentPart | None = None
    cache: Text | None = None
    retries: Retries | None = None
    timeout: Positive | None = None
    cpus: Resource | None = None
    gpus: Resource | None = None
    memory: Resource | None = None


class ExperimentPart(Alternative):
    """`experiment:`, exactly one of recorded, truth, manual and command.

    Attributes:
        recorded: The file of the recorded pool, relative to the study's folder.
        truth: The parameters of simulated nature.
        hypothesis: The hypothesis whose own simulator simulated nature is.
        manual: Somebody measures, and tells.
        command: A program that measures, and its arguments with places for values.
        output: The file that the command writes.
        files: Files beside the study that the command consists of, besides those that it names.
        environment: What the command runs in.
        timeout: The longest that one measurement may take [s].
    """

    one_of: ClassVar[tuple[str, ...]] = ("recorded", "truth", "manual", "command")
    only_with: ClassVar[Mapping[str, str]] = {"timeout": "command", "hypothesis": "truth", **OF_COMMANDS}
    recorded: Annotated[Text, Field(pattern=r"^.+\.([cC][sS][vV]|[jJ][sS][oO][nN][lL])$")] | None = None
    truth: dict[Name, Number] | None = None
    hypothesis: Name | None = None
    manual: Annotated[bool, that("true", bool), WithJsonSchema({"const": True})] | None = None
    command: CommandLine | None = None
    output: OutputName | None = None
    files: FileNames = ()
    environment: EnvironmentPart | None = None
    timeout: Positive | None = None


class InferencePart(Part):
    """`inference:`.

    Attributes:
        surrogate: What stands for the likelihood; auto is exact where the simulator offers it. Or the name of one that
            an installed package offers.
        embedding: What a ratio looks at the outcome with: a name, or a `torch.nn.Module` of the user's.
        simulations: Simulations of the first round.
        per_round: Simulations of every later round, and of each more pass of it.
        passes: How often a round simulates and fits at most, while the posterior is not trusted.
        ensemble: Networks that are trained.
        particles: Samples of the posterior.
        device: Where the likelihood's networks are trained and asked; auto is a GPU if there is one.
        max_failures: The share of failed simulations above which the campaign pauses.
    """

    surrogate: SurrogateName = "auto"
    embedding: EmbeddingName = "auto"
    simulations: Count = 4000
    per_round: Annotated[Whole, Field(ge=0)] = 500
    passes: Count = 4
    ensemble: Annotated[Whole, Field(ge=1, le=64)] = 4
    particles: Annotated[Whole, Field(ge=64, le=1_000_000)] = 4096
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_failures: Annotated[Number, Field(ge=0, le=1)] = 0.5


class BayesoptPart(Part):
    """`bayesopt:`; how many designs the gain is evaluated at.

    Attributes:
        evaluations: Designs whose gain is computed.
    """

    evaluations: Annotated[Whole, Field(ge=2, le=10_000)] = 40


class GridPart(Part):
    """`grid:`; how many values each real variable has; by default 41, or as many as 20000 designs allow.

    Attributes:
        points: Values of each real variable.
    """

    points: Annotated[Whole, Field(ge=2, le=20_000)] = 41


class PolicyPart(Part):
    """`policy:`, trained before the first measurement to choose every design at once.

    Attributes:
        horizon: Measurements that it is trained for; later ones are chosen by bayesopt.
        steps: Steps of the training.
        rollouts: Simulated campaigns of a step.
        contrasts: Other parameters that the truth of each is told from; no more than their log can be learned.
    """

    horizon: Annotated[Whole, Field(ge=1, le=200)] = 10
    steps: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1500
    rollouts: Annotated[Whole, Field(ge=2, le=100_000)] = 256
    contrasts: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1023


class DesignerPart(Alternative):
    """`designer:`, exactly one of bayesopt, grid, random, pool, policy and what installed packages offer.

    Attributes:
        bayesopt: Bayesian optimisation of the gain.
        grid: The best of a grid.
        random: Anywhere, by chance: to compare with.
        pool: The best of those that are recorded.
        policy: What a policy says that was trained for the whole campaign: within milliseconds.
        batch: How many designs are chosen a round.
        horizon: How many measurements ahead are planned together, of which the first are done.
        target: What the gain is about, instead of the parameters of interest: a function of the parameters, or
            `hypothesis` for which of the hypotheses is true.
        estimator: How gains are estimated: nested, or barber_agakov by a posterior that is learned each round.
    """

    model_config = ConfigDict(extra="allow")  # a mapping of settings under the name of an installed designer
    __pydantic_extra__: dict[str, dict[str, Any]] = Field(init=False)
    group: ClassVar[str | None] = DESIGNERS
    one_of: ClassVar[tuple[str, ...]] = ("bayesopt", "grid", "random", "pool", "policy")
    bayesopt: BayesoptPart | None = None
    grid: GridPart | None = None
    random: Empty | None = None
    pool: Empty | None = None
    policy: PolicyPart | None = None
    batch: Annotated[Whole, Field(ge=1, le=1000)] = 1
    horizon: Annotated[Whole, Field(ge=1, le=20)] = 1
    target: Text | None = None
    estimator: Literal["nested", "barber_agakov"] = "nested"


MEASURING = "measuring"


def _overlap(value: Any) -> bool | str:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, bool) or value == MEASURING:
        return MEASURING if value == MEASURING else bool(value)
    raise wrong("true, false or measuring")


Overlap = Annotated[
    bool | str,
    BeforeValidator(_overlap),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"const": MEASURING}]}),
]


class LearningPart(Part):
    """`learning:`, what training and choice ask for to be done by a worker and not by the controller.

    Attributes:
        cpus: CPUs; by default one.
        gpus: GPUs.
        memory: Memory [bytes].
    """

    cpus: Resource | None = None
    gpus: Resource | None = None
    memory: Resource | None = None


class RayPart(Part):
    """`ray:`.

    Attributes:
        address: The cluster to join; by default one is started here.
        workers: How many CPUs the one started here has; by default all.
        overlap: Whether a round's simulations are run while its designs are being measured and, with true, more of
            them while the surrogate is trained.
        learning: What a worker must have that surrogates are trained and designs chosen on; by default the controller
            does both.
    """

    address: Text | None = None
    workers: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    overlap: Overlap = False
    learning: LearningPart | None = None


class ExecutorPart(Alternative):
    """`executor:`, exactly one of serial and ray.

    Attributes:
        serial: In the process of the campaign, one after another.
        ray: Spread by Ray over CPUs or machines.
    """

    one_of: ClassVar[tuple[str, ...]] = ("serial", "ray")
    serial: Empty | None = None
    ray: RayPart | None = None

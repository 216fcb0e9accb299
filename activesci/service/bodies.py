"""What goes in and out of the API: every body a pydantic model, and nothing in it that is not named here."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from activesci.simulate.reasons import LONGEST

from .store import FILE, NAME, VERSION

Name = Annotated[str, Field(pattern=f"^{NAME}$", description="A name in the store.", examples=["weinberg-1"])]
Version = Annotated[str, Field(pattern=f"^{VERSION}$", description="A version of a study: the digest of its files.")]
FileName = Annotated[str, Field(pattern=f"^{FILE}$", max_length=64)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="A sha256 in hexadecimal digits.")]
Number = Annotated[int, Field(ge=0, le=2**31)]
Short = Annotated[str, Field(min_length=1, max_length=100)]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Mapping = dict[Annotated[str, Field(max_length=200)], JsonValue]


class Body(BaseModel):
    """The root of all bodies that come in."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Said(BaseModel):
    """The root of all bodies that go out."""

    model_config = ConfigDict(frozen=True)


class StudyFiles(Body):
    """The files of a study by name; one is study.yaml."""

    files: dict[FileName, Annotated[str, Field(max_length=1_000_000)]] = Field(min_length=1, max_length=50)


class NewStudy(StudyFiles):
    """A study to be kept."""

    name: Name


class Checked(Said):
    """Whether a study is one."""

    valid: bool
    message: str = Field(description="What was found and where, what was expected; empty if it is valid.")


class StudyVersion(Said):
    """A version of a study in the store."""

    name: str
    version: str
    kept: float = Field(description="When it was kept, seconds since 1970.")
    template: bool = Field(description="Whether it has holes to be filled in.")


class KeptStudy(Said):
    """A study that is in the store now."""

    name: str
    version: str
    new: bool = Field(description="Whether these files were not there before.")


class NewCampaign(Body):
    """A campaign of a study in the store."""

    name: Name
    study: Name
    version: Version | None = Field(None, description="By default the latest.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(None, description="Instead of the study's.")
    settings: Mapping = Field(default_factory=dict, description="Paths to values, as `--set` has them.")
    start: bool = Field(True, description="Whether to run it at once.")


class Branch(Body):
    """A campaign that shares the rounds of another and goes on differently."""

    name: Name
    at: Annotated[int, Field(ge=0, le=1_000_000, description="The last round that is shared.")]
    settings: Mapping = Field(default_factory=dict)


def in_words(why: str) -> str:
    """Refuse a reason without a word."""
    if not why.split():
        raise ValueError("found nothing but blanks, expected words")
    return why


Why = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST, description="Why, in words: the campaign's answer says so."),
    AfterValidator(in_words),
]


class Stop(Body):
    """A campaign is to be ended for good."""

    why: Why


class Work(Said):
    """What is being done for a campaign here."""

    state: str = Field(
        description="none, queued, starting, busy, waiting, pausing, or elsewhere: on the command line."
    )
    wished: str = Field(description="none, running, paused, stopping, done or failed.")
    why: str = Field(description="Why, where it is not by wish.")
    stage: str = ""
    done: int = 0
    total: int = 0
    stderr: str = Field("", description="The end of what its worker complained.")


class CampaignRow(Said):
    """A campaign in a list."""

    name: str
    study: str
    description: str
    status: str = Field(description="running, paused, stopped, new, or damaged if its ledger cannot be read.")
    reason: str
    round: int
    measurements: int
    alarms: int
    begun: str
    changed: str
    blind: bool = Field(description="Whether its answer is hidden.")
    believed: list[tuple[str, str]] = Field(description="The first parameters of interest, with their uncertainty.")
    work: str = Field(description="See `Work.state`.")


class CampaignList(Said):
    """A page of a list."""

    total: int = Field(description="How many there are in all pages.")
    campaigns: list[CampaignRow]


class CampaignSaid(Said):
    """A campaign: what summary.json says, and what is being done for it."""

    name: str
    last: int = Field(description="The number of the last event.")
    manual: bool = Field(description="Whether somebody else measures: ask and tell.")
    work: Work
    summary: dict[str, JsonValue]


class EventSaid(Said):
    """An event of a ledger. What is believed after it is in the summary."""

    seq: int
    kind: str
    round: int
    time: str
    said: dict[str, JsonValue]


class AttemptSaid(Said):
    """An attempt at a simulation or measurement that failed."""

    what: Literal["simulation", "measurement"]
    round: int
    number: int
    attempt: int
    reason: str
    stderr: str


class Ask(Body):
    """Designs to measure are asked for."""

    instrument: Short = Field(description="Who measures; asked again under this name, the same designs come back.")
    count: Annotated[int, Field(ge=1, le=100)] = 1
    seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = Field(3600.0, description="How long they are its alone.")


class Lease(Said):
    """A design that an instrument is to measure."""

    proposal: int
    design: dict[str, JsonValue]
    gain: float | None = Field(description="What it is expected to teach [nats].")
    gain_error: float | None
    instrument: str
    seconds: float


class Asked(Said):
    """What there is to measure."""

    state: Literal["ready", "computing", "stopped", "paused"]
    reason: str
    leases: list[Lease]


class Held(Said):
    """A lease that was given; `left` is below 0 once it has run out."""

    proposal: int
    instrument: str
    left: float


class Tell(Body):
    """What came out of a measurement: an outcome, or that it failed."""

    key: Key = Field(description="Chosen by the sender; sent again under the same key, an answer is taken once.")
    instrument: Short
    proposal: Number
    design: Mapping | None = Field(None, description="What was measured, if it is not exactly what was proposed.")
    outcome: Mapping | None = None
    failed: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(None, description="Why it failed.")
    partial: bool = Field(False, description="Whether it was ended early: fewer events may be there than asked for.")

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        """Take an outcome or a failure, not both and not neither."""
        if (self.outcome is None) == (self.failed is None):
            raise ValueError("found both outcome and failed, or neither: expected one of them")
        if self.partial and self.outcome is None:
            raise ValueError("found partial and failed, expected partial with an outcome")
        return self


class AnswerSaid(Said):
    """An answer, and what became of it."""

    id: int
    key: str
    proposal: int
    design: dict[str, JsonValue] | None
    outcome: dict[str, JsonValue] | None
    failed: str | None
    instrument: str
    time: str
    state: Literal["received", "counted", "failed", "late", "refused", "undone"]
    why: str


class Job(Said):
    """Work that takes longer than a request."""

    id: str
    kind: str
    campaign: str | None
    state: Literal["queued", "running", "done", "failed"]
    code: int | None = Field(description="The exit code of the command.")
    created: str
    ended: str | None
    output: str
    error: str


class NewToken(Body):
    """A token to be made."""

    label: Short
    scope: Literal["viewer", "requester", "operator", "owner"]
    campaign: Name | None = Field(None, description="The only campaign that it is for.")


class TokenSaid(Said):
    """What may be said of a token."""

    id: str
    label: str
    scope: str
    campaign: str | None
    created: str
    revoked: str | None


class MadeToken(Said):
    """A token that has just been made; the secret is never shown again."""

    id: str
    secret: str


class Refusal(Said):
    """Why a request was refused."""

    detail: Any


def refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """Return how the API documents what every route may answer besides what it is for."""
    return {status: {"model": Refusal} for status in (400, 401, 403, 404, 405, 413, 415, 421, 422, *more)}

"""Challenges, what was submitted to them, and the games that were played: kept at the desk."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activesci.errors import CampaignError, StudyError
from activesci.service.desk import Desk
from activesci.service.store import Store
from activesci.study import Study

from .ranking import Game, Games, Standing, standings
from .rules import Entry, Rules, digest

TABLES = (
    """
CREATE TABLE IF NOT EXISTS challenges (
    name TEXT PRIMARY KEY, rules TEXT NOT NULL, digest TEXT NOT NULL, secret TEXT NOT NULL, created TEXT NOT NULL,
    changed TEXT NOT NULL
) STRICT""",
    """
CREATE TABLE IF NOT EXISTS entries (
    challenge TEXT NOT NULL, name TEXT NOT NULL, entry TEXT NOT NULL, digest TEXT NOT NULL, label TEXT NOT NULL,
    created TEXT NOT NULL, PRIMARY KEY (challenge, name)
) STRICT""",
    """
CREATE TABLE IF NOT EXISTS games (
    challenge TEXT NOT NULL, rules TEXT NOT NULL, entry TEXT NOT NULL, problem TEXT NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL, score REAL NOT NULL, seconds REAL NOT NULL, why TEXT NOT NULL, time TEXT NOT NULL,
    PRIMARY KEY (challenge, rules, entry, problem, seed)
) STRICT""",
)
UNITS = {"designer": "nats", "surrogate": "agreement"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge.

    Attributes:
        name: Its name.
        rules: Its rules.
        digest: Of the rules: what results are kept under.
        created: When it was made.
        changed: When its rules were last changed.
    """

    name: str
    rules: Rules
    digest: str
    created: str
    changed: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Games that are to be played next.

    Attributes:
        challenge: The challenge.
        entry: The participant, and its digest.
        problem: The problem.
        seeds: The seeds that are missing.
        order: What the judge is told.
    """

    challenge: Challenge
    entry: str
    problem: str
    seeds: list[int]
    order: dict[str, Any]


class Boards:
    """Challenges and their results.

    Args:
        store: Where the problems' studies are.
        desk: Where all else is kept.
    """

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store, self._desk = store, desk
        for table in TABLES:
            desk.do(table)

    def challenges(self) -> list[Challenge]:
        """Return all challenges, by name."""
        return [_challenge(row) for row in self._desk.rows("SELECT * FROM challenges ORDER BY name")]

    def challenge(self, name: str) -> Challenge | None:
        """Return a challenge, or None if there is no such."""
        found = self._desk.row("SELECT * FROM challenges WHERE name = ?", name)
        return None if found is None else _challenge(found)

    def put(self, name: str, rules: Rules) -> Challenge:
        """Make a challenge, or change its rules: then all is played again, but for more or fewer seeds.

        Raises:
            StudyError: If a problem is no study of the store, or one that no score is made for.
        """
        for key, problem in rules.problems.items():
            path = self._store.study(problem.study, problem.version)
            if path is None:
                raise StudyError(f"problems.{key}: found no such study in the store, expected one that is kept")
            _require_fit(key, Study.load(path), rules)
        now, said = _now(), rules.model_dump_json()
        self._desk.do(
            "INSERT INTO challenges VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
            "SET rules = excluded.rules, digest = excluded.digest, changed = excluded.changed",
            *(name, said, digest(rules, "seeds"), secrets.token_hex(16), now, now),
        )
        found = self.challenge(name)
        assert found is not None  # it has just been kept
        return found

    def submit(self, challenge: Challenge, name: str, entry: Entry, label: str) -> None:
        """Let somebody take part, or take part anew under a name.

        Raises:
            CampaignError: If the challenge takes something else.
            StudyError: If a problem's study cannot have such a designer or surrogate.
        """
        if entry.kind not in (challenge.rules.takes, "command"):
            raise CampaignError(f"found a {entry.kind}, expected a {challenge.rules.takes} or a command")
        if entry.kind != "command":
            own = (
                ("designer", entry.designer)
                if entry.designer is not None
                else ("inference.surrogate", entry.surrogate)
            )
            self._require_possible(challenge.rules, *own)
        self._desk.do(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (challenge, name) DO UPDATE "
            "SET entry = excluded.entry, digest = excluded.digest, label = excluded.label, created = excluded.created",
            *(challenge.name, name, entry.model_dump_json(), digest(entry), label, _now()),
        )

    def _require_possible(self, rules: Rules, setting: str, value: object) -> None:
        """Refuse a designer or surrogate that the problems' studies cannot have."""
        for problem in rules.problems.values():
            if (path := self._store.study(problem.study, problem.version)) is not None:
                common = {"experiment": {"manual": True}, **rules.settings}
                Study.load(path).with_settings({**common, setting: value})

    def withdraw(self, challenge: str, name: str) -> bool:
        """Take a participant off the board; say whether there was one. What it has played is kept."""
        return bool(self._desk.do("DELETE FROM entries WHERE challenge = ? AND name = ?", challenge, name))

    def entries(self, challenge: str) -> dict[str, tuple[Entry, str]]:
        """Return the participants by name, each with its digest."""
        found = self._desk.rows("SELECT * FROM entries WHERE challenge = ? ORDER BY name", challenge)
        return {row["name"]: (Entry.model_validate_json(row["entry"]), row["digest"]) for row in found}

    def board(self, challenge: Challenge) -> list[Standing]:
        """Return the board under the present rules."""
        rules, entries = challenge.rules, self.entries(challenge.name)
        return standings(list(entries), list(rules.problems), range(rules.seeds), self._games(challenge))

    def earlier(self, challenge: Challenge) -> int:
        """Return how many games were played under rules of before."""
        query = "SELECT count(*) AS n FROM games WHERE challenge = ? AND rules != ?"
        return int(self._desk.rows(query, challenge.name, challenge.digest)[0]["n"])

    def _games(self, challenge: Challenge) -> Games:
        """Return the games under the present rules, but those for which a problem is to blame."""
        query = "SELECT * FROM games WHERE challenge = ? AND rules = ? AND status != 'broken'"
        rows, entries = self._desk.rows(query, challenge.name, challenge.digest), self.entries(challenge.name)
        return {
            (name, row["problem"], row["seed"]): Game(row["status"], row["score"], row["seconds"], row["why"])
            for name, (_, known) in entries.items()
            for row in rows
            if row["entry"] == known
        }

    def broken(self, challenge: Challenge) -> list[str]:
        """Return why games could not be played through no fault of their participants."""
        query = "SELECT DISTINCT problem, why FROM games WHERE challenge = ? AND rules = ? AND status = 'broken'"
        return [f"{row['problem']}: {row['why']}" for row in self._desk.rows(query, challenge.name, challenge.digest)]

    def forgive(self) -> None:
        """Have games played again that could not be played."""
        self._desk.do("DELETE FROM games WHERE status = 'broken'")

    def next(self) -> Wanted | None:
        """Return games that have not been played yet, or None."""
        for challenge in self.challenges():
            for name, (entry, known) in self.entries(challenge.name).items():
                for problem in challenge.rules.problems:
                    if seeds := self._missing(challenge, known, problem):
                        order = self._order(challenge, entry, problem, seeds)
                        return Wanted(challenge, known, problem, seeds, {**order, "name": name})
        return None

    def _missing(self, challenge: Challenge, entry: str, problem: str) -> list[int]:
        query = "SELECT seed FROM games WHERE challenge = ? AND rules = ? AND entry = ? AND problem = ?"
        played = {row["seed"] for row in self._desk.rows(query, challenge.name, challenge.digest, entry, problem)}
        return [seed for seed in range(challenge.rules.seeds) if seed not in played]

    def _order(self, challenge: Challenge, entry: Entry, problem: str, seeds: list[int]) -> dict[str, Any]:
        rules, asked = challenge.rules, challenge.rules.problems[problem]
        [row] = self._desk.rows("SELECT secret FROM challenges WHERE name = ?", challenge.name)
        return {
            **{"study": str(self._store.study(asked.study, asked.version)), "problem": problem, "seeds": seeds},
            **{"secret": row["secret"], "takes": rules.takes, "entry": json.loads(entry.model_dump_json())},
            **{"rounds": asked.rounds, "settings": dict(rules.settings)},
            **{"seconds": rules.seconds, "memory": rules.memory},
        }

    def record(self, wanted: Wanted, said: dict[str, Any]) -> None:
        """Keep what came of a game."""
        self._desk.do(
            "INSERT OR REPLACE INTO games VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(wanted.challenge.name, wanted.challenge.digest, wanted.entry, wanted.problem, int(said["seed"])),
            *(said["status"], float(said["score"]), float(said["seconds"]), said["why"], _now()),
        )


def _require_fit(key: str, study: Study, rules: Rules) -> None:
    """Refuse problems that no score is made for, and settings that are none."""
    space = study.parameter_space
    if not 1 <= space.dim <= 4 or len(space.interest) != space.dim:
        raise StudyError(
            f"problems.{key}: found {space.dim} parameters, {space.dim - len(space.interest)} of them nuisances, "
            "expected 1 to 4 that are all asked for: scores are made on a grid"
        )
    if study.design_space.dim == 0:
        raise StudyError(f"problems.{key}: found a study without a design, expected one with something to choose")
    study.with_settings({"experiment": {"manual": True}, **rules.settings})


def _challenge(row: dict[str, Any]) -> Challenge:
    rules = Rules.model_validate_json(row["rules"])
    return Challenge(row["name"], rules, row["digest"], row["created"], row["changed"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

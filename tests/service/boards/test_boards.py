"""A challenge from its rules to its board: what is missing is played, and played again when the rules change."""

from pathlib import Path

import pytest

from activesci.errors import StudyError
from activesci.service.boards.arena import Arena
from activesci.service.boards.rules import Entry, Problem, Rules
from activesci.service.tokens import Scope
from tests.service.test_pages import Tags, post

from .test_judge import EARLY, LATE

DECAY = Path(__file__).parents[3] / "experiments" / "decay"


@pytest.fixture
def rules(house):
    files = {name: (DECAY / name).read_text(encoding="utf-8") for name in ("study.yaml", "model.py")}
    version, _ = house.store.keep("decay", files)
    return Rules(description="<b>Decays</b>", problems={"decay": Problem(study="decay", version=version, rounds=1)})


def play_all(house, at_once=2):
    """Pretend that all that is missing is played: the score tells who, the problem and the seed."""
    while (wanted := house.boards.next()) is not None:
        for seed in wanted.seeds[:at_once]:
            score = 1.0 if "late" in wanted.order["name"] else 2.0 + 0.1 * seed
            house.boards.record(wanted, {"seed": seed, "status": "done", "score": score, "seconds": 1.0, "why": ""})


def test_what_is_missing_is_played_and_nothing_twice(house, rules):
    challenge = house.boards.put("first", rules)
    assert house.boards.next() is None
    house.boards.submit(challenge, "early", Entry(**EARLY), "me")
    wanted = house.boards.next()
    assert (wanted.seeds, wanted.order["rounds"]) == ([0, 1, 2, 3, 4], 1)
    house.boards.record(wanted, {"seed": 3, "status": "failed", "score": 0.0, "seconds": 1.0, "why": "x"})
    house.boards.record(wanted, {"seed": 4, "status": "broken", "score": 0.0, "seconds": 1.0, "why": "y"})
    assert house.boards.next().seeds == [0, 1, 2]
    assert house.boards.broken(challenge) == ["decay: y"]
    [one] = house.boards.board(challenge)
    assert (one.played, one.failed, one.rank) == (1, 1, None)  # what is broken is missing, not failed
    house.boards.forgive()
    assert house.boards.next().seeds == [0, 1, 2, 4]


def test_other_rules_or_another_entry_have_all_played_again_and_words_do_not(house, rules):
    challenge = house.boards.put("first", rules)
    house.boards.submit(challenge, "early", Entry(**EARLY), "me")
    play_all(house)
    assert [one.rank for one in house.boards.board(challenge)] == [1]
    again = house.boards.put("first", rules.model_copy(update={"description": "in other words"}))
    house.boards.submit(again, "early", Entry(**EARLY, note="mine"), "me")
    assert house.boards.next() is None
    house.boards.put("first", rules.model_copy(update={"seeds": 7}))
    assert house.boards.next().seeds == [5, 6]
    longer = house.boards.put("first", rules.model_copy(update={"seconds": 10.0}))
    assert house.boards.next().seeds == [0, 1, 2, 3, 4]
    assert [(one.played, one.rank) for one in house.boards.board(longer)] == [(0, None)]
    assert house.boards.earlier(longer) == 5
    back = house.boards.put("first", rules)
    assert ([one.rank for one in house.boards.board(back)], house.boards.next()) == ([1], None)
    house.boards.submit(back, "early", Entry(**LATE), "me")
    assert house.boards.next().seeds == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ("prior: {uniform: [0.5, 2.0]}}\n", "1 of them nuisances"),
        ("design:\n  xi: {real: [0, 10]}", "found a study without a design"),
    ],
)
def test_a_problem_that_no_score_is_made_for_is_refused(house, rules, changes, why):
    text = (DECAY / "study.yaml").read_text(encoding="utf-8")
    if "prior" in changes:
        text = text.replace(changes, "prior: {uniform: [0.5, 2.0]}, role: nuisance}\n")
    else:
        text = text.replace(changes, "").replace("designer: {grid: {points: 41}}", "")
    version, _ = house.store.keep("other", {"study.yaml": text})
    with pytest.raises(StudyError, match=why):
        house.boards.put("x", Rules(problems={"p": Problem(study="other", version=version)}))


def test_the_arena_plays_with_real_processes_and_the_board_says_who_is_first(house, rules, owner):
    said = owner.put("/api/challenges/first", json=rules.model_dump(mode="json"))
    assert said.status_code == 200
    house.desk.do("UPDATE challenges SET secret = 'known'")  # else truths are drawn anew, and a tie may be among them
    for name, entry in (("early", EARLY), ("late", LATE)):
        assert owner.post("/api/challenges/first/entries", json={"name": name, **entry}).status_code == 201
    arena = Arena(house.boards, house.store.private / "arena")
    while (wanted := house.boards.next()) is not None:
        arena._play(wanted)
    found = owner.get("/api/challenges/first").json()
    assert [(one["name"], one["rank"], one["played"]) for one in found["standings"]] == [
        ("early", 1, 5),
        ("late", 2, 5),
    ]
    assert found["broken"] == []
    page = Tags(owner.get("/boards/first").text)
    assert "<b>Decays</b>" in page.text  # words, not markup
    assert "early" in Tags(owner.get("/boards").text).text
    assert "5 of 5" in page.text


def test_a_person_takes_part_and_leaves_on_the_page(house, rules, owner, asks):
    challenge = house.boards.put("first", rules)
    assert Tags(asks(Scope.OPERATOR).get("/boards/first").text).of("textarea") == []  # owners only may run code
    form = {"name": "chance", "kind": "own", "own": "random: {}"}
    wrong = post(owner, "/boards/first/submit", form | {"own": "random"})
    assert (wrong.status_code, "found the designer" in Tags(wrong.text).text) == (422, True)
    assert post(owner, "/boards/first/submit", form | {"name": "two words"}).status_code == 422
    unknown = post(owner, "/boards/first/submit", form | {"own": "randon: {}"})
    assert "did you mean 'random'?" in Tags(unknown.text).text
    assert post(owner, "/boards/first/submit", form).status_code == 303
    code = {"name": "own", "kind": "command", "command": "python\r\nplayer.py", "file": "player.py", "text": "x\r\ny"}
    assert post(owner, "/boards/first/submit", code).status_code == 303
    entries = {name: entry for name, (entry, _) in house.boards.entries(challenge.name).items()}
    assert entries["chance"].designer == {"random": {}}
    assert (entries["own"].command, entries["own"].files) == (["python", "player.py"], {"player.py": "x\ny"})
    assert post(owner, "/boards/first/entries/own/withdraw", {}).status_code == 303
    assert list(house.boards.entries("first")) == ["chance"]
    assert owner.post("/api/challenges/first/entries", json={"name": "s", "surrogate": "exact"}).status_code == 409

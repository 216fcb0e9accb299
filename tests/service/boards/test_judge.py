"""Games with real participants, each a process of its own: the judge believes nothing and survives everything."""

import json
from pathlib import Path

import pytest

from activesci.service.boards.judge import KEPT, Nature, play
from activesci.service.boards.rules import Entry
from activesci.study import Study

DECAY = Path(__file__).parents[3] / "experiments" / "decay" / "study.yaml"
HEAD = """
import json, sys
def say(**what):
    print(json.dumps(what), flush=True)
for number, line in enumerate(sys.stdin):
    question = json.loads(line)
"""


def order(entry, **more):
    told = {"study": str(DECAY), "problem": "decay", "rounds": 2, "takes": "designer", "secret": "s", "settings": {}}
    return told | {"seconds": 30.0, "memory": 2e9, "entry": json.loads(Entry(**entry).model_dump_json())} | more


def program(body, head=HEAD):
    return {"command": ["python", "player.py"], "files": {"player.py": head + body}}


LATE = program("    say(design={'xi': 10.0})\n")
EARLY = program("    say(design={'xi': 0.0 if 'ask' in question and question['ask'] else 2.0})\n")


def test_a_good_choice_of_designs_learns_more_of_the_same_truths():
    """At xi = 10 hardly anything is left of the signal; at 0 and 2 both parameters are seen well."""
    early, late = ([play(order(entry), seed) for seed in range(2)] for entry in (EARLY, LATE))
    assert {game["status"] for game in early + late} == {"done"}
    assert min(e["score"] - other["score"] for e, other in zip(early, late, strict=True)) > 1.0
    again = play(order(EARLY), 1)
    assert again["score"] == early[1]["score"]


def test_truths_follow_from_the_secret_the_problem_and_the_seed_and_not_from_the_study():
    study = Study.load(DECAY)
    truths = {
        tuple(Nature(study, problem, seed, secret)._truth[0])
        for problem, seed, secret in (("a", 0, "s"), ("a", 1, "s"), ("b", 0, "s"), ("a", 0, "t"))
    }
    assert len(truths) == 4
    assert (1.0, 0.5) not in truths  # what the study says of nature


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("    sys.exit(3)\n", "the program has ended with code 3"),
        ("    print('hello', flush=True)\n", "Expecting value"),
        ("    say(design={'xi': 11.0})\n", "answered the design {'xi': 11.0}"),
        ("    say(design='everywhere')\n", "answered the design everywhere"),
        ("    say(other=1)\n", "answered the design None"),
        ("    import time; time.sleep(600)\n", "took more than 3 s"),
        (
            "    x = bytearray(600_000_000); say(design={'xi': 1.0}); import time; time.sleep(600)\n",
            "ran out of memory",
        ),
    ],
)
def test_a_participant_that_breaks_down_has_learned_nothing(body, why):
    game = play(order(program(body), seconds=3.0, memory=5e8), 0)
    assert (game["status"], game["score"]) == ("failed", 0.0)
    assert why in game["why"]


LOOKING = """
    import os, pathlib
    texts = [p.read_text(errors="replace") for p in pathlib.Path(".").rglob("*") if p.name == "study.yaml"]
    found = [word for word in sys.argv[1:] if word in json.dumps([texts, dict(os.environ), question])]
    say(design={"xi": 5.0}) if texts and not found else say(failed=str(found))
"""


def test_nothing_of_the_truth_is_where_a_participant_is(monkeypatch):
    monkeypatch.setenv("ACTIVESCI_TOKEN", "asci_mine")
    assert "experiment" not in KEPT
    nature = Nature(Study.load(DECAY), "decay", 0, "hush-hush")
    hidden = [str(number)[:6] for number in nature._truth[0]] + [str(nature.study.seed), "hush-hush", "truth", "asci_"]
    looks = program(LOOKING)
    game = play(order(looks | {"command": [*looks["command"], *hidden]}, secret="hush-hush"), 0)
    assert (game["status"], game["why"]) == ("done", "")
    seen = play(order(looks | {"command": [*looks["command"], "decay"]}), 0)
    assert seen["why"] == "['decay']"  # it does look


def test_a_surrogate_of_a_program_is_held_against_the_exact_posterior():
    prior = """
    import random
    draw = lambda low, high: [random.uniform(low, high) for _ in range(2000)]
    say(posterior={"a": draw(0.5, 2.0), "b": draw(0.1, 2.0)})
"""
    game = play(order(program(prior), takes="surrogate"), 0)
    assert game["status"] == "done"
    assert 0.0 < game["score"] < 0.8  # the prior is far from what is known after two measurements
    none = play(order(program("    say(posterior={'a': [1.0]})\n"), takes="surrogate"), 0)
    assert none["why"] == "answered no samples of a, b"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("takes", "entry", "least"),
    [
        ("designer", {"designer": {"grid": {"points": 21}}}, 1.0),
        ("surrogate", {"surrogate": "exact"}, 0.93),
    ],
)
def test_activesci_itself_takes_part(takes, entry, least):
    """After two measurements; the exact surrogate's samples agree with the grid but for their number."""
    settings = {"inference.surrogate": "exact"} if takes == "designer" else {}
    game = play(order(entry, takes=takes, settings=settings, seconds=300.0), 0)
    assert (game["status"], game["why"]) == ("done", "")
    assert game["score"] > least

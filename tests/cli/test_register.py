"""A plan that is registered before any data: whatever departs from it is named, and refused or recorded."""

import json
from pathlib import Path

import pytest

from activesci.ledger import Ledger, fold

DATA = "x,y\n" + "".join(f"{x},{0.5 * x}\n" for x in (0.5, 1.0, 1.0, 1.5, 2.0))


@pytest.fixture
def plan(study):
    text = study.read_text() + "expect: [slope within 0 and 1]\nclaim: confirmatory\nconstraints: [x < 1.9]\ncost: 2\n"
    study.write_text(text.replace("slope: {", "offset: {prior: {normal: [0, 0.1]}, role: nuisance}\n  slope: {", 1))
    study.write_text(study.read_text().replace("truth: {slope: 0.5}", "truth: {slope: 0.5, offset: 0}"))
    return study


CHANGES = [
    ("seed: 3", "seed: 4", "seed: registered 3, found 4"),
    ("study: line", "study: curve", "study: registered line, found curve"),
    (
        "normal: [0.0, 1.0]",
        "normal: [0.0, 1.1]",
        "parameters.slope.prior.normal: registered [0.0, 1.0], found [0.0, 1.1]",
    ),
    (
        "prior: {normal: [0.0, 1.0]}",
        "prior: {uniform: [0.0, 1.0]}",
        "slope.prior.uniform: registered absent",
    ),
    ("role: nuisance", "role: interest", "parameters.offset.role: registered nuisance, found interest"),
    ("[0, 0.1]}", "[0, 0.1]}, unit: V", "parameters.offset.unit: registered absent, found V"),
    ("real: [0.0, 2.0]", "real: [0.0, 1.95]", "design.x.real: registered [0.0, 2.0], found [0.0, 1.95]"),
    ("x: {real", "x: {unit: s, real", "design.x.unit: registered absent, found s"),
    ("x < 1.9", "x < 1.8", "constraints: registered ['x < 1.9'], found ['x < 1.8']"),
    ("cost: 2", "cost: 3", "cost: registered 2, found 3"),
    ("y: {real: []}", "y: {real: [1]}", "outcome.y.real: registered [], found [1]"),
    ("batch: 64", "batch: 32", "simulator.batch: registered 64, found 32"),
    ("slope: 0.5,", "slope: 0.6,", "experiment.truth.slope: registered 0.5, found 0.6"),
    ("surrogate: exact", "surrogate: likelihood", "the surrogate: registered exact, found likelihood"),
    ("particles: 256", "particles: 512", "inference.particles: registered 256, found 512"),
    ("points: 5", "points: 6", "designer.grid.points: registered 5, found 6"),
    ("designer: {grid: {points: 5}}", "designer: {random: {}}", "designer.random: registered absent, found {}"),
    ("stop: {rounds: 2}", "stop: {rounds: 3}", "stop.rounds: registered 2, found 3"),
    ("within 0 and 1", "within -9 and 9", "expect: registered ['slope within 0 and 1']"),
    ("claim: confirmatory\n", "", "claim: registered confirmatory, found absent"),
]


@pytest.mark.parametrize(("before", "after", "named"), CHANGES, ids=[named.split(":")[0] for _, _, named in CHANGES])
def test_each_change_is_caught_and_named(cli, plan, before, after, named):
    cli("register", plan, "--to", "out", "--by", "Ada")
    assert before in plan.read_text()
    plan.write_text(plan.read_text().replace(before, after, 1))
    assert named in cli("run", plan, "--to", "out", code=2).stderr
    with Ledger.read_only("out") as ledger:
        assert len(ledger.events()) == 1


def test_changed_code_an_order_of_names_and_other_versions_are_caught(cli, plan, monkeypatch):
    cli("register", plan, "--to", "out")
    model, text = plan.with_name("model.py"), plan.with_name("model.py").read_text()
    model.write_text(text.replace("0.1)}", "0.11)}"))
    assert "the simulator's code: registered " in cli("run", plan, "--to", "out", code=2).stderr
    model.write_text(text)
    written = plan.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(written) if "offset: {prior" in line)
    plan.write_text("".join([*written[:place], written[place + 1], written[place], *written[place + 2 :]]))
    said = cli("run", plan, "--to", "out", code=2).stderr
    assert "parameters, its order: registered offset, slope, found slope, offset" in said
    plan.write_text("".join(written))
    monkeypatch.setattr("activesci.loop.surroundings.python_version", lambda: "3.99")
    assert "versions.python: registered 3." in cli("run", plan, "--to", "out", code=2).stderr


def test_a_registered_run_says_so_and_is_verified_and_replayed(cli, plan):
    printed = cli("register", plan, "--to", "out", "--by", "Ada").stdout
    assert Path("out/plan.md").read_text() == printed
    for said in ("Registered by Ada on ", "Confirmatory.", "slope: normal(0, 1)", "seed: 3", "slope within 0 and 1"):
        assert said in printed
    assert "registered, and not begun" in cli("status", "out").stdout
    cli("resume", "out")
    kept = json.loads(Path("out/summary.json").read_text())["registration"]
    assert (kept["claim"], kept["by"], kept["deviations"]) == ("confirmatory", "Ada", [])
    assert "and kept to." in Path("out/report.html").read_text()
    cli("verify", "out")
    assert "every number came out as recorded" in cli("replay", "out").stdout
    Path("out/plan.md").write_text(printed.replace("seed: 3", "seed: 4"))
    assert "plan.md" in cli("verify", "out", code=2).stderr


def test_a_deviation_with_a_reason_is_recorded_and_shown(cli, plan):
    cli("register", plan, "--to", "out")
    plan.write_text(plan.read_text().replace("rounds: 2", "rounds: 1"))
    cli("run", plan, "--to", "out", "--deviate", "the beam ends early")
    (found,) = json.loads(Path("out/summary.json").read_text())["registration"]["deviations"]
    assert (found["what"], found["registered"], found["now"]) == ("stop.rounds", 2, 1)
    assert "the beam ends early" in Path("out/report.html").read_text()
    cli("resume", "out")
    with Ledger.read_only("out") as ledger:
        assert len(fold(ledger.events()).deviations) == 1
    cli("verify", "out")


def test_nobody_calls_confirmatory_what_was_not_registered(cli, plan):
    said = cli("run", plan, "--to", "out", code=2).stderr
    assert "claim: found 'confirmatory', but nothing is registered" in said
    assert not Path("out").exists()


def test_a_plan_is_registered_once_and_before_any_data(cli, study):
    cli("run", study, "--to", "out")
    assert "before any data" in cli("register", study, "--to", "out", code=2).stderr
    cli("register", study, "--to", "new")
    assert "registered once" in cli("register", study, "--to", "new", code=2).stderr


def test_what_was_explored_is_not_used_again(cli, study):
    study.with_name("data.csv").write_text(DATA)
    text = study.read_text().replace("truth: {slope: 0.5}", "recorded: data.csv")
    study.write_text(text.replace("designer: {grid: {points: 5}}\n", ""))
    cli("run", study, "--to", "first")
    cli("register", study, "--to", "test", "--explored", "first", "--set", "stop.rounds=5")
    cli("resume", "test")
    rounds = json.loads(Path("test/summary.json").read_text())["rounds"]
    assert len(rounds) == 3
    with Ledger.read_only("first") as one, Ledger.read_only("test") as other:
        rows = [{m.row for m in fold(ledger.events()).measured()} for ledger in (one, other)]
    assert not rows[0] & rows[1]
    said = cli("register", study, "--to", "third", "--explored", "first", "--explored", "test", code=2).stderr
    assert "nothing is left" in said


def test_simulated_nature_must_not_repeat_itself(cli, study):
    cli("run", study, "--to", "first")
    assert "take another seed" in cli("register", study, "--to", "test", "--explored", "first", code=2).stderr
    cli("register", study, "--to", "test", "--explored", "first", "--seed", 4)

"""`activesci diff` names every difference of two runs, and none that is not there."""

from dataclasses import replace

import pytest

from activesci.integrity.registration import leaves
from activesci.ledger import Ledger, fold
from activesci.report.comparison import comparison


@pytest.fixture
def lines(cli):
    return lambda *folders: cli("diff", *folders).stdout.splitlines()


def test_two_runs_of_the_same_study_do_not_differ(cli, study, lines):
    for folder in ("one", "other"):
        cli("run", study, "--to", folder)
    assert lines("one", "other") == ["no difference"]


def test_another_seed_and_setting_are_named_with_what_came_of_them(cli, study, lines):
    cli("run", study, "--to", "one")
    cli("run", study, "--to", "other", "--seed", "4", "--set", "stop.rounds=1")
    found = lines("one", "other")
    assert {"study: seed: 3, and 4", "study: stop.rounds: 2, and 1"} <= set(found)
    assert any(line.startswith("result: round 1, the first that differs: {'y': ") for line in found)
    assert any(line.startswith("result: slope: ") and line.endswith(" sd apart") for line in found)
    assert not [line for line in found if line.startswith(("code", "data", "environment"))]


def test_another_simulator_is_named(cli, study, lines):
    cli("run", study, "--to", "one")
    model = study.with_name("model.py")
    model.write_text(model.read_text() + "\n# another\n")
    cli("run", study, "--to", "other")
    found = lines("one", "other")
    assert len(found) == 1
    assert found[0].startswith("code: the simulator's code: ")


def test_an_absent_key_is_no_value():
    assert list(leaves({"a": 1}, {"b": None})) == [("a", 1, "absent"), ("b", "absent", None)]


def test_a_longer_run_that_began_the_same_is_said_to_have(cli, study):
    from activesci.ledger import Ledger, fold

    cli("run", study, "--to", "one")
    with Ledger.read_only("one") as ledger:
        events = ledger.events()
    whole, shorter = fold(events), fold([event for event in events if event.round < 2 and event.kind != "stopped"])
    assert comparison(whole, shorter)["result"][0] == "rounds: 2, and 1; the same as far as they go together"


def test_other_packages_machines_and_uncommitted_files_are_named(cli, study):
    cli("run", study, "--to", "one")
    with Ledger.read_only("one") as ledger:
        history = fold(ledger.events())
    said = history.started.payload
    code = {"commit": "a" * 40, "uncommitted": [" M model.py"]}
    more = {"packages": {**said["packages"], "added": "1.0"}, "machine": {"cpu": "other", "cpus": 7}, "code": code}
    other = replace(history, started=replace(history.started, payload={**said, **more, "program_digest": "b" * 64}))
    found = comparison(history, other)
    assert "packages.added: absent, and 1.0" in found["environment"]
    assert {line.split(":")[0] for line in found["environment"]} == {"packages.added", "machine.cpu", "machine.cpus"}
    assert f"repository.commit: absent, and {'a' * 40}" in found["code"]
    assert any(line.startswith("activesci's own code: ") for line in found["code"])

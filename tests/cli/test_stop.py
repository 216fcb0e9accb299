"""A run that is ended by hand says so wherever its answer is, and is not gone on with."""

import json
from pathlib import Path


def test_a_run_is_ended_and_everybody_is_told(cli, study):
    cli("run", study, "--to", "out", "--set", 'experiment={"manual": true}', code=3)
    cli("tell", "out", "--proposal", 0, "--outcome", "y=1.0")
    assert "why" in cli("stop", "out", code=2).stderr
    cli("stop", "out", "--why", "the lamp broke", "--by", "Ada")
    said = "ended by hand before its stop rule was reached, by Ada: the lamp broke"
    assert json.loads(Path("out/summary.json").read_text())["stop_reason"] == said
    assert cli("verify", "out").stdout.splitlines()[-1].endswith(f"stopped: {said}")
    assert said in cli("status", "out").stdout
    cli("replay", "out")
    for again in (("resume", "out"), ("run", study, "--to", "out", "--set", 'experiment={"manual": true}')):
        assert "expected one that can go on: activesci branch out" in cli(*again, code=2).stderr
    assert "has stopped: ended by hand" in cli("stop", "out", "--why", "again", code=2).stderr
    cli("publish", "out", "--to", "published")
    assert json.loads(Path("published/analysis.json").read_text())["answer"]["reason"] == said


def test_an_expectation_that_does_not_hold_has_its_exit_code(cli, study):
    study.write_text(study.read_text() + "expect: [measurements above 1]\n")
    cli("run", study, "--to", "out", "--set", 'experiment={"manual": true}', code=3)
    assert "measurements" in cli("stop", "out", "--why", "x", code=4).stderr


def test_a_service_goes_by_its_token(cli):
    words = ("stop", "name", "--why", "x", "--server", "http://127.0.0.1:1")
    assert "goes by the token" in cli(*words, "--by", "Ada", code=2).stderr
    assert "ACTIVESCI_TOKEN" in cli(*words, code=2).stderr

"""Campaigns from the command line, end to end."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from activesci.ledger import Ledger, artifacts

KEYS = {"study", "status", "stop_reason", "seed", "rounds", "posterior", "log_evidence", "simulations", "alarms"}


def designs(summary):
    return [round["design"] for round in summary["rounds"]]


def answer(summary):
    return designs(summary), [round["posterior"] for round in summary["rounds"]]


@pytest.fixture
def manual(study):
    study.write_text(study.read_text().replace("truth: {slope: 0.5}", "manual: true"))
    return study


@pytest.fixture
def slow(study):
    """A study whose simulator takes its time, so that it can be interrupted."""
    model = study.with_name("model.py")
    text = model.read_text().replace("import numpy as np", "import time\nimport numpy as np")
    model.write_text(text.replace("    return {", "    time.sleep(0.3)\n    return {", 1))
    study.write_text(study.read_text().replace("rounds: 2", "rounds: 4"))
    return study


def test_run_leaves_the_whole_run_folder(cli, study):
    result = cli("run", study, "--to", "out")
    assert "stopped: " in result.stdout
    assert "report: " in result.stdout
    left = {path.name for path in Path("out").iterdir()}
    assert {"study.yaml", "ledger.sqlite", "artifacts", "summary.json", "posterior.csv", "report.html"} <= left
    assert Path("out/study.yaml").read_text() == study.read_text()


def test_run_as_json_prints_the_summary_and_nothing_else(cli, study):
    result = cli("run", study, "--to", "out", "--json")
    summary = json.loads(result.stdout)
    assert set(summary) == KEYS
    assert summary == json.loads(Path("out/summary.json").read_text())
    assert (summary["status"], len(summary["rounds"])) == ("stopped", 2)
    assert "round 1: measured y = " in result.stderr


def test_run_says_one_line_an_event_that_matters(cli, study):
    lines = cli("run", study, "--to", "out").stdout.splitlines()
    starts = ["study line, seed 3: exact", "round 0: prior slope", "round 1: next x = ", "round 1: measured y = "]
    starts += ["round 1: posterior slope", "round 2: next", "round 2: measured", "round 2: posterior", "stopped: "]
    starts += ["report: "]
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), lines


def test_the_first_design_is_where_the_line_is_steepest(cli, study):
    summary = json.loads(cli("run", study, "--to", "out", "--json").stdout)
    assert designs(summary) == [{"x": 2.0}, {"x": 2.0}]
    assert abs(summary["posterior"]["slope"]["mean"] - 0.5) < 4 * summary["posterior"]["slope"]["sd"]


def test_seed_and_settings_of_the_command_line_count(cli, study):
    chosen = ("--seed", 8, "--set", "stop.rounds=1", "--set", "designer.grid.points=3", "--json")
    summary = json.loads(cli("run", study, "--to", "out", *chosen).stdout)
    assert (summary["seed"], len(summary["rounds"])) == (8, 1)


@pytest.mark.parametrize("setting", ["stop.round=1", "stop.rounds=x", "stop", "=1", "nowhere.to.go=1"])
def test_a_wrong_setting_is_the_users_error(cli, study, setting):
    cli("run", study, "--to", "out", "--set", setting, code=2)
    assert not Path("out/ledger.sqlite").exists()


def test_the_same_seed_gives_the_same_answer(cli, study):
    first, second = (json.loads(cli("run", study, "--to", name, "--json").stdout) for name in ("one", "two"))
    assert answer(first) == answer(second)


def test_run_again_on_a_stopped_run_changes_nothing(cli, study):
    first = json.loads(cli("run", study, "--to", "out", "--json").stdout)
    assert answer(json.loads(cli("run", study, "--to", "out", "--json").stdout)) == answer(first)
    assert answer(json.loads(cli("resume", "out", "--json").stdout)) == answer(first)


def test_run_into_the_folder_of_another_study_is_refused(cli, study):
    cli("run", study, "--to", "out")
    study.write_text(study.read_text().replace("[0.0, 1.0]", "[0.0, 3.0]"))
    assert "study" in cli("run", study, "--to", "out", code=2).stderr


def test_status_reads_what_happened(cli, study):
    summary = json.loads(cli("run", study, "--to", "out", "--json").stdout)
    assert json.loads(cli("status", "out", "--json").stdout) == summary
    said = cli("status", "out").stdout
    assert "study line, seed 3" in said
    assert "stopped: " in said
    assert "x = 2" in said


def test_report_is_written_again(cli, study):
    cli("run", study, "--to", "out")
    Path("out/report.html").unlink()
    assert cli("report", "out").stdout.strip().endswith("report.html")
    assert "</html>" in Path("out/report.html").read_text()


@pytest.mark.parametrize("command", ["resume", "status", "report", "ask"])
def test_a_folder_that_is_no_run_is_the_users_error(cli, tmp_path, command):
    result = cli(command, tmp_path, code=2)
    assert result.stderr
    cli(command, tmp_path / "nowhere", code=2)
    assert list(tmp_path.iterdir()) == []


def test_ask_and_tell_close_the_loop_by_hand(cli, manual):
    assert "activesci" in cli("run", manual, "--to", "out", code=3).stderr
    [asked] = json.loads(cli("ask", "out", "--json").stdout)
    assert asked["design"] == {"x": 2.0}
    assert json.loads(cli("ask", "out", "--json").stdout) == [asked]  # until it is told, the same one
    assert f"proposal {asked['proposal']}: x = 2" in cli("ask", "out").stdout
    assert "round 1: slope = " in cli("tell", "out", "--proposal", asked["proposal"], "--outcome", "y=1.04").stdout
    [asked] = json.loads(cli("ask", "out", "--json").stdout)
    cli("tell", "out", "--design", json.dumps(asked["design"]), "--outcome", '{"y": 0.97}')
    summary = json.loads(cli("status", "out", "--json").stdout)
    assert [round["outcome"] for round in summary["rounds"]] == [{"y": 1.04}, {"y": 0.97}]
    assert "stop" in cli("ask", "out", code=2).stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--outcome", "y=1"),
        ("--outcome", "y=1", "--design", "x=1"),
        ("--outcome", "y=1", "--proposal", 99),
        ("--outcome", "y=1", "--design", "z=2"),
        ("--outcome", "y=1", "--design", "x=7"),
        ("--outcome", "z=1", "--proposal", 0),
        ("--outcome", "y=NaN", "--proposal", 0),
        ("--outcome", "y=[1, 2]", "--proposal", 0),
        ("--outcome", "y", "--proposal", 0),
    ],
)
def test_what_cannot_be_told_is_refused_and_not_recorded(cli, manual, words):
    cli("run", manual, "--to", "out", code=3)
    cli("ask", "out")
    cli("tell", "out", *words, code=2)
    after = json.loads(cli("status", "out", "--json").stdout)
    assert [round["outcome"] for round in after["rounds"]] == [None]


def test_two_asked_for_at_the_same_place_are_two_proposals(cli, manual):
    cli("run", manual, "--to", "out", "--set", "designer.batch=2", code=3)
    asked = json.loads(cli("ask", "out", "--json").stdout)
    assert [said["proposal"] for said in asked] == [0, 1]
    said = cli("tell", "out", "--proposal", 1, "--outcome", "y=1.0").stdout
    assert said == f"round 1: recorded; waiting for proposal 0: x = {asked[0]['design']['x']:g}\n"
    assert "waiting for proposal 0: x = " in cli("status", "out").stdout
    cli("tell", "out", "--proposal", 1, "--outcome", "y=1.0", code=2)
    assert "round 1: slope = " in cli("tell", "out", "--proposal", 0, "--outcome", "y=0.9").stdout


def test_the_last_tell_says_that_the_campaign_has_stopped(cli, manual):
    manual.write_text(manual.read_text().replace("rounds: 2", "rounds: 1"))
    cli("run", manual, "--to", "out", code=3)
    assert cli("tell", "out", "--proposal", 0, "--outcome", "y=1.04").stdout.endswith("stopped: rounds 1 >= 1\n")


def test_a_run_that_waits_says_for_what(cli, manual):
    said = cli("run", manual, "--to", "out", code=3)
    assert "round 1: next x = 2 (gain " in said.stdout
    assert "paused: waiting for a measurement" in said.stdout
    assert "waiting for proposal 0: x = 2" in cli("status", "out").stdout


def test_a_full_disk_pauses_the_run_and_loses_nothing(cli, study, monkeypatch):
    unbroken = json.loads(cli("run", study, "--to", "unbroken", "--json").stdout)
    stored = []

    def full(folder, arrays):
        stored.append(1)
        if len(stored) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return store(folder, arrays)

    store = artifacts.store
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "store", full)
        assert "the disk is full: free some space, then resume" in cli("run", study, "--to", "out", code=3).stderr
    assert answer(json.loads(cli("resume", "out", "--json").stdout)) == answer(unbroken)


def test_the_table_has_the_parameters_in_the_studys_order(cli, study):
    text = study.read_text().replace(
        "parameters:\n", "parameters:\n  tilt: {prior: {uniform: [0, 1]}, role: nuisance}\n"
    )
    study.write_text(text.replace("truth: {slope: 0.5}", "truth: {slope: 0.5, tilt: 0.1}"))
    cli("run", study, "--to", "out")
    head = cli("status", "out").stdout.splitlines()[0].split()
    assert head.index("tilt") < head.index("slope")


def started(study, folder):
    command = [sys.executable, "-m", "activesci.cli", "run", str(study), "--to", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("round 1: measured"):
            return process
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_pauses_and_resumes_to_the_same_answer(cli, slow, number):
    unbroken = json.loads(cli("run", slow, "--to", "unbroken", "--json").stdout)
    process = started(slow, "broken")
    os.kill(process.pid, number)
    begin = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - begin < 10
    assert process.returncode == 3, said
    assert "activesci resume broken goes on" in said
    assert "Traceback" not in said
    assert json.loads(cli("status", "broken", "--json").stdout)["status"] == "paused"
    assert answer(json.loads(cli("resume", "broken", "--json").stdout)) == answer(unbroken)


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_answer(cli, slow):
    unbroken = json.loads(cli("run", slow, "--to", "unbroken", "--json").stdout)
    process = started(slow, "broken")
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert "resume goes on" in cli("status", "broken").stdout
    assert answer(json.loads(cli("resume", "broken", "--json").stdout)) == answer(unbroken)


def test_a_run_whose_study_was_moved_goes_on_with_it_or_says_what_is_missing(cli, manual):
    lab, home = manual.parent / "lab", manual.parent / "home"
    (lab / "question").mkdir(parents=True)
    for name in ("study.yaml", "model.py"):
        (manual.parent / name).rename(lab / "question" / name)
    cli("run", lab / "question" / "study.yaml", "--to", lab / "run", code=3)
    lab.rename(home)  # the two together
    cli("resume", home / "run", code=3)
    (home / "question").rename(manual.parent / "elsewhere")
    said = cli("resume", home / "run", code=2).stderr
    assert f"found no {lab / 'question'}, expected the study's code and data there" in said
    assert "waiting for proposal 0" in cli("status", home / "run").stdout  # to read takes no code
    cli("resume", home / "run", "--study", manual.parent / "elsewhere", code=3)
    model = manual.parent / "elsewhere" / "model.py"
    model.write_text(model.read_text() + "\n# another\n")
    assert "another simulator's code" in cli("resume", home / "run", "--study", model.parent, code=2).stderr


@pytest.mark.slow
def test_what_init_writes_runs_as_it_is(cli, tmp_path):
    cli("init", tmp_path)
    summary = json.loads(cli("run", tmp_path / "study.yaml", "--to", tmp_path / "run", "--json").stdout)
    assert summary["status"] == "stopped"
    assert abs(summary["posterior"]["rate"]["mean"] - 0.7) < 4 * summary["posterior"]["rate"]["sd"]


def test_a_branch_is_run_and_verified(cli, study):
    cli("run", study, "--to", "out")
    assert "resume" in cli("branch", "out", "--at", 1, "--set", "stop.rounds=3", "--to", "what-if").stdout
    assert "branched off after round 1" in cli("status", "what-if").stdout
    cli("resume", "what-if")
    assert len(json.loads(Path("what-if/summary.json").read_text())["rounds"]) == 3
    cli("verify", "what-if")


def expecting(study, *sentences):
    study.write_text(study.read_text() + "expect:\n" + "".join(f"- {sentence}\n" for sentence in sentences))


def test_a_sound_analysis_meets_what_was_expected_and_a_broken_one_does_not(cli, study):
    expecting(study, "slope holds 0.5", "misfit above 0.01", "file report.html present")
    cli("run", study, "--to", "sound")
    summary = json.loads(Path("sound/summary.json").read_text())
    assert [one["held"] for one in summary["expectations"]] == [True, True, True]
    model = study.with_name("model.py")
    model.write_text(model.read_text().replace('outcome["y"] - ', 'outcome["y"] + '))
    result = cli("run", study, "--to", "broken", code=4)
    assert "activesci: expected slope holds 0.5: 90 % interval -" in result.stderr
    assert '<td class="text">slope holds 0.5</td><td>no</td>' in Path("broken/report.html").read_text()
    cli("verify", "broken")
    cli("resume", "broken", code=4)
    with Ledger.read_only("broken") as ledger:
        assert [event.payload.get("what") for event in ledger.events()].count("expectations") == 1


def test_an_expected_coverage_waits_for_the_calibration(cli, study):
    expecting(study, "coverage at 90 % above 70 %")
    assert "it was not calibrated" in cli("run", study, "--to", "out", code=4).stderr
    cli("calibrate", "out", "-n", 60)
    (one,) = json.loads(Path("out/summary.json").read_text())["expectations"]
    assert one["held"]

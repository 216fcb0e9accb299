"""What a step does, and what it does wrong, ends in a result; what others read is never what it has spoiled."""

import json

import pytest

from .flows import CHAIN, GEN, STEPS, run, statuses, text_of, write


def test_a_program_is_told_all_in_a_file_too(tmp_path):
    gen = """
import json
said = json.load(open("input.json"))
json.dump([said["seed"]], open(said["outputs"]["events"], "w"))
"""
    results, steps = run(write(tmp_path, gen__py=gen), g=-1.0)
    seeds = [json.loads(text_of(steps, results, f"generate[{i}]", "events"))[0] for i in range(3)]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_function_has_random_numbers_of_its_own(tmp_path):
    draw = 'def select(p, i, outputs, rng):\n    outputs["chosen"].write_text(str([rng.random()]))\n'
    path = write(tmp_path, steps__py=STEPS + draw)
    results, steps = run(path)
    drawn = [text_of(steps, results, f"select[{i}]", "chosen") for i in range(3)]
    again, other = run(path, cache="other")
    assert len(set(drawn)) == 3
    assert drawn == [text_of(other, again, f"select[{i}]", "chosen") for i in range(3)]


@pytest.mark.parametrize("spoiling", ['write_text("spoiled")', "unlink()", "touch()"])
def test_a_step_that_spoils_its_inputs_fails_and_harms_nobody(tmp_path, spoiling):
    spoil = f"""
def select(parameters, inputs, outputs, rng):
    inputs["events"].chmod(0o600)
    outputs["chosen"].write_text(inputs["events"].read_text())
    inputs["events"].{spoiling}
"""
    results, steps = run(write(tmp_path, steps__py=STEPS + spoil))
    assert results["select[0]"].reason.startswith("changed its input events, which is to be read only")
    assert len(json.loads(text_of(steps, results, "generate[0]", "events"))) == 50
    assert (tmp_path / "notes.txt").read_text() == "first\n"


def test_inputs_are_read_only_files(tmp_path):
    look = """
import stat
def select(parameters, inputs, outputs, rng):
    outputs["chosen"].write_text(str([stat.S_IMODE(inputs["events"].stat().st_mode)]))
"""
    results, steps = run(write(tmp_path, steps__py=STEPS + look))
    assert text_of(steps, results, "select[0]", "chosen") == "[292]"  # 0o444


ENDINGS = {
    "raise ValueError('odd')": "ValueError: odd (steps.py:",
    "raise SystemExit(3)": "SystemExit: 3",
    "pass": "left no chosen.json, expected it as the output chosen",
    "import time; time.sleep(9)": "timed out after 1 s",
    "outputs['chosen'].symlink_to('/etc/passwd')": "left no chosen.json",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_function_that_ends_badly_is_a_failed_task_and_what_follows_is_not_done(tmp_path, ending):
    bad = f"{STEPS}\ndef select(parameters, inputs, outputs, rng):\n    {ending}\n"
    results, _ = run(
        write(tmp_path, CHAIN.replace("    each: generate\n", "    each: generate\n    timeout: 1\n"), steps__py=bad)
    )
    assert results["select[1]"].status == "failed"
    assert ENDINGS[ending] in results["select[1]"].reason
    assert (results["count"].status, results["count"].reason) == (
        "not done", "select[0] failed: 3 of 3 failed, 0 are allowed",
    )  # fmt: skip
    assert statuses(results)["generate[1]"] == "done"


def test_a_share_of_a_fan_out_may_fail(tmp_path):
    text = CHAIN.replace("    each: generate\n", "    each: generate\n    max_failures: 0.4\n")
    bad = STEPS.replace(
        "    events = json",
        "    if parameters['part'] == 1:\n        raise ValueError('no beam')\n    events = json",
        1,
    )
    results, steps = run(write(tmp_path, text, steps__py=bad))
    assert [results[f"select[{i}]"].status for i in range(3)] == ["done", "failed", "done"]
    assert results["count"].status == "done"
    two = sum(len(json.loads(text_of(steps, results, f"select[{i}]", "chosen"))) for i in (0, 2))
    assert json.loads(text_of(steps, results, "count", "y")) == {"y": two}
    strict, _ = run(write(tmp_path, text.replace("0.4", "0.3"), steps__py=bad))
    assert strict["count"].reason == "select[1] failed: 1 of 3 failed, 0.3 are allowed"


def test_a_program_that_fails_is_tried_again_and_every_attempt_is_told(tmp_path):
    flaky = (
        f"""
import pathlib, sys
mark = pathlib.Path({str(tmp_path)!r}) / ("tried-" + sys.argv[2])
if not mark.exists():
    mark.touch()
    sys.exit("not yet")
"""
        + GEN
    )
    results, _ = run(
        write(tmp_path, CHAIN.replace("    each: {part", "    retries: 1\n    each: {part"), gen__py=flaky)
    )
    assert set(statuses(results).values()) == {"done"}
    [attempt] = results["generate[0]"].attempts
    assert (attempt.attempt, attempt.reason, attempt.stderr) == (1, "exit code 1: not yet", "not yet")
    again, _ = run(path := write(tmp_path, gen__py=flaky + "\n"), seed=77)
    assert again["generate[0]"].status == "failed"
    assert path.exists()


def test_texts_are_quoted_for_the_shell(tmp_path):
    text = """\
workflow: quoted
parameters: {word: plain}
steps:
  say: {script: "printf %s {parameters.word} > {outputs.said}", outputs: {said: said.txt}}
publishes: {said: say.said}
"""
    results, steps = run(write(tmp_path, text), word="$(touch /tmp/bitten) `id`; 'x'")
    assert text_of(steps, results, "say", "said") == "$(touch /tmp/bitten) `id`; 'x'"


SEVERAL = """\
workflow: several
steps:
  split:
    script: "mkdir parts; for i in b a c; do echo $i > parts/$i.txt; done; echo x > parts/no.csv"
    each: {n: [1, 2]}
    outputs: {parts: parts/*.txt}
  join:
    command:
      - "{python}"
      - -c
      - "import sys; open(sys.argv[1], 'w').write(str(len(sys.argv) - 2))"
      - "{outputs.y}"
      - "{inputs.all}"
    inputs: {all: split.parts}
    outputs: {y: y.txt}
  one:
    script: "cat {inputs.parts} > {outputs.y}"
    each: split
    inputs: {parts: split.parts}
    outputs: {y: y.txt}
publishes: {y: join.y, one: one.y}
"""


def test_an_output_may_be_all_files_that_match(tmp_path):
    results, steps = run(write(tmp_path, SEVERAL))
    assert set(statuses(results).values()) == {"done"}
    assert text_of(steps, results, "join", "y") == "6"
    assert text_of(steps, results, "one[1]", "y") == "a\nb\nc\n"
    again, _ = run(tmp_path / "workflow.yaml")
    assert set(statuses(again).values()) == {"reused"}
    assert again["split[0]"].outputs == results["split[0]"].outputs


def test_no_file_that_matches_is_a_failure(tmp_path):
    results, _ = run(write(tmp_path, SEVERAL.replace("parts/$i.txt", "parts/$i.dat")))
    assert results["split[0]"].reason == "left no parts/*.txt, expected at least one file as the output parts"


def test_a_file_behind_a_linked_folder_is_no_output(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.txt").touch()
    results, _ = run(write(tmp_path, SEVERAL.replace("mkdir parts;", "rm -r parts; ln -s {folder}/parts parts;")))
    assert results["split[0]"].status == "failed"
    assert (tmp_path / "parts" / "a.txt").exists()

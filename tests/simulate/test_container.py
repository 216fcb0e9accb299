"""Containers as an engine really runs them; skipped where none does."""

import os
import subprocess
import sys
import time

from activesci.simulate.environment import Environment
from activesci.study.programs import EnvironmentPart

FOREVER = "trap '' TERM; echo > here; while :; do sleep 1; done"


def environment_of(image, **variables):
    return Environment.of(EnvironmentPart(image=image, engine="podman", variables=variables))


def containers(image):
    asked = ["podman", "ps", "--all", "--quiet", "--filter", f"ancestor={image}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def test_a_container_reads_its_inputs_and_writes_its_folder_only(image, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "mine")
    scratch, study = tmp_path / "scratch", tmp_path / "study"
    for folder in (study, scratch / "inputs"):
        folder.mkdir(parents=True)
        (folder / "given.txt").write_text("given")

    def run(text):
        command = ["/bin/sh", "-c", text]
        return environment_of(image, BEAM="e+").run(command, scratch, [study, scratch / "inputs"])

    ended, why = run(f"cat inputs/given.txt {study}/given.txt > left.txt; echo $BEAM $SECRET $TMPDIR")
    assert (why, ended.stdout.text()) == ("", f"e+ {scratch}")
    assert (scratch / "left.txt").read_text() == "givengiven"
    assert (scratch / "left.txt").stat().st_uid == os.getuid()
    for place in ("inputs/given.txt", "inputs/new", study / "given.txt", study / "new"):
        assert run(f"echo mine > {place}")[1].endswith("Read-only file system")
    assert run("echo worse >&2; exit 3")[1] == "exit code 3: worse"
    assert run("kill -9 $$")[1].startswith("killed by SIGKILL")
    assert containers(image) == []


def test_a_container_ends_at_its_timeout_whatever_it_does(image, tmp_path):
    why = environment_of(image).run(["/bin/sh", "-c", FOREVER], tmp_path, timeout=1.0)[1]
    assert (why, containers(image)) == ("timed out after 1 s", [])


STAYS = """
import sys
from pathlib import Path
from tests.simulate.test_container import FOREVER, environment_of
environment_of(sys.argv[1]).run(["/bin/sh", "-c", FOREVER], Path(sys.argv[2]))
"""


def test_a_container_ends_when_we_are_killed(image, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen([sys.executable, "-c", STAYS, image, str(scratch)]) as child:
        until = time.monotonic() + 60
        while not (scratch / "here").exists() and child.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert len(containers(image)) == 1
        child.kill()
    while containers(image) and time.monotonic() < until:
        time.sleep(0.1)
    assert containers(image) == []
    assert not scratch.exists()

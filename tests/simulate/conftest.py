"""An image that an engine really runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NAME = f"localhost/activesci-test-{os.getpid()}"  # a name leads to one image only


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """An image by its digest, in podman: three of this machine's programs with their libraries."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    root = tmp_path_factory.mktemp("image") / "root"
    for program in ("sh", "sleep", "cat"):
        put(Path(shutil.which(program)), root)
    said("import", shutil.make_archive(str(root), "tar", root), NAME)
    digest = said("image", "inspect", "--format", "{{index .RepoDigests 0}}", NAME)
    said("run", "--rm", digest, "/bin/sh", "-c", "true")
    yield digest
    said("rmi", "--force", digest)


def put(program, root):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout.split()
    libraries = {Path(word): root / word[1:] for word in listed if word.startswith("/")}
    for file, place in {**libraries, program: root / "bin" / program.name}.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)


def said(*command):
    """Return what podman says; where it does not do what it should, there is nothing to be tested."""
    done = subprocess.run(["podman", *command], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        pytest.skip(f"podman {command[0]} does not work here: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()

"""Packages that are installed without a network, and an engine for containers that is a script."""

import sys
import zipfile
from pathlib import Path

import numpy as np


def wheel(folder, name, version, files):
    """Write a wheel by hand, and return its requirement."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    told = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    told[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {**files, **told}
    listed = "".join(f"{path},,\n" for path in (*content, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**content, f"{info}/RECORD": listed}.items():
            archive.writestr(path, text)
    return f"{name}=={version}"


def offline(folder, monkeypatch):
    """Have packages found in a folder only, and environments made below it; return two requirements.

    The wheel of numpy is this Python's own, by a path.
    """
    monkeypatch.setenv("ACTIVESCI_ENVIRONMENTS", str(folder / "environments"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
    here = str(Path(np.__file__).parents[1])
    numpy = wheel(folder / "wheels", "numpy", np.__version__, {"numpy_here.pth": here + "\n"})
    return [wheel(folder / "wheels", "tinyphysics", "1.5", {"tinyphysics.py": "CHARGE = 2\n"}), numpy]


ENGINE = """#!{python}
import json, os, subprocess, sys
if sys.argv[1] == "rm":
    open({told!r} + ".removed", "w").write(sys.argv[-1])
    sys.exit()
if sys.argv[1] in ("image", "pull"):
    open({told!r} + ".fetching", "a").write(sys.argv[1] + " ")
    sys.exit({fetching}[sys.argv[1]] and "no such " + sys.argv[1])
given = sys.argv[1:]
json.dump(given, open({told!r}, "w"))
place = next(i for i, word in enumerate(given) if "@sha256:" in word)
sys.exit(subprocess.run(given[place + 1:], cwd=given[given.index({cwd!r}) + 1]).returncode)
"""


def engine(folder, name, monkeypatch, *, image=0, pull=1):
    """Put an engine on PATH that writes down how it was called, and runs the program here; return where it writes.

    It has every image; `image=1` has none, and `pull` says whether one can be fetched.
    """
    told, program = folder / "told.json", folder / "bin" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    cwd = "--pwd" if name == "apptainer" else "--workdir"
    fetching = {"image": image, "pull": pull}
    program.write_text(ENGINE.format(python=sys.executable, told=str(told), cwd=cwd, fetching=fetching))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return told

"""The activesci that is running, as a wheel that pip installs: what an exported study is run with elsewhere."""

import hashlib
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import activesci
from activesci.errors import CampaignError
from activesci.ledger.artifacts import EPOCH
from activesci.simulate import sources_below

TAGS = "py3-none-any"
WHEEL = f"Wheel-Version: 1.0\nGenerator: activesci\nRoot-Is-Purelib: true\nTag: {TAGS}\n"


def write_wheel(folder: Path) -> Path:
    """Write the wheel into a folder and return its path; equal sources give equal bytes.

    Raises:
        CampaignError: If activesci is used without being installed.
    """
    found = distribution("activesci")
    about = f"activesci-{found.version}.dist-info"
    if (metadata := found.read_text("METADATA") or found.read_text("PKG-INFO")) is None:
        raise CampaignError("activesci is not installed here, expected it with its metadata: pip install activesci")
    if (project := Path(activesci.__file__).parents[1] / "pyproject.toml").is_file():
        metadata = needing(metadata, tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    entries = {f"activesci/{name}": content for name, content in sources_below(Path(activesci.__file__).parent)}
    entries[f"{about}/METADATA"] = metadata.encode()
    entries[f"{about}/WHEEL"] = WHEEL.encode()
    entries[f"{about}/entry_points.txt"] = b"[console_scripts]\nactivesci = activesci.cli:main\n"
    entries[f"{about}/RECORD"] = _record(entries, f"{about}/RECORD").encode()
    path = folder / f"activesci-{found.version}-{TAGS}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=EPOCH), content)
    return path


def needing(metadata: str, packages: Sequence[str]) -> str:
    r"""Return a package's metadata with what it needs now: a checkout's was written when it was installed.

    Example:
        >>> needing("Name: a\nRequires-Dist: b\nRequires-Dist: c; extra == 'd'\n\nAbout a.", ["e>=1"])
        'Name: a\nRequires-Dist: e>=1\n\nAbout a.'
    """
    head, _, text = metadata.partition("\n\n")
    kept = [line for line in head.splitlines() if not line.startswith(("Requires-Dist:", "Provides-Extra:"))]
    return "\n".join([*kept, *(f"Requires-Dist: {package}" for package in packages)]) + "\n\n" + text


def _record(entries: dict[str, bytes], own: str) -> str:
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in entries.items()]
    return "\n".join([*lines, f"{own},,"]) + "\n"


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()

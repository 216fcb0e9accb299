"""Searches all that a blind campaign leaves and says for what it hides: numbers, in whatever form they may come.

    found = leaks(Secrets({"offset": 0.3121, "mean": 1.2163}, axes={"g_f": (1.2163, 0.05)}), Path("runs/blind"), texts)

Text is searched for numbers that agree to six digits, for reprs, hexadecimal floats, and values as a report rounds
them; whatever is base64 in it is decoded and searched too. Files are searched for the bytes of doubles;
`.npz` and netCDF arrays element by element and by their means and medians; SQLite databases row by row; axes of plots
for ticks around a value.
"""

import base64
import binascii
import io
import json
import re
import sqlite3
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

DIGITS = 6
IN_ARRAYS = 9
"""Digits that a number given in full has to agree to: among thousands of them, some agree to six by chance."""
WHOLE = 13
"""Digits from which on a number in a text is given in full."""
NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+−]?\d+)?")
HEX = re.compile(r"[-+]?0x[01]\.[0-9a-f]+p[-+]?\d+")
BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
TICK = re.compile(r"<text[^>]*>\s*([-+−]?[\d.]+)\s*</text>")


@dataclass(frozen=True)
class Secrets:
    """What is hidden.

    Attributes:
        numbers: By name; those with fewer than `DIGITS` digits would be found by chance, and are refused.
        words: Texts in which a report would show a hidden value.
        axes: Of a parameter, its true value and sd: no plot's axis may have ticks around it.
    """

    numbers: Mapping[str, float]
    words: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        digits = {name: f"{value:.12g}".strip("-0").replace(".", "") for name, value in self.numbers.items()}
        if round_ := [name for name, text in digits.items() if len(text) < DIGITS + 1]:
            raise ValueError(f"found {round_}, expected numbers that cannot turn up by chance")
        object.__setattr__(self, "_values", np.array(list(self.numbers.values())))

    def near(self, values: Any, digits: int = DIGITS) -> set[str]:
        """Return the names of the numbers that one of the values agrees with to so many digits."""
        flat = np.asarray(values, dtype=np.float64).ravel()
        flat = np.sort(np.abs(flat[np.isfinite(flat)]))
        wanted = np.abs(self._values)
        if not flat.size:
            return set()
        at = np.searchsorted(flat, wanted)
        near = [np.abs(flat[np.clip(at + step, 0, flat.size - 1)] - wanted) for step in (-1, 0)]
        close = np.minimum(*near) <= 0.5 * 10.0 ** (np.floor(np.log10(wanted)) - digits + 1)
        return {name for name, hit in zip(self.numbers, close, strict=True) if hit}


def leaks(secrets: Secrets, folder: Path | None, texts: Mapping[str, str]) -> list[str]:
    """Return where a secret was found: `place: name`."""
    found = [f"{place}: {hit}" for place, text in texts.items() for hit in in_text(secrets, text)]
    for path in sorted(folder.rglob("*")) if folder else []:
        if path.is_file():
            found += [f"{path.name}: {hit}" for hit in in_file(secrets, path)]
    return sorted(set(found))


def in_text(secrets: Secrets, text: str, depth: int = 2) -> set[str]:
    """Return the secrets in a text, in what is base64 in it, and on the axes of its plots."""
    said = [match.replace("−", "-") for match in NUMBER.findall(text)]
    sizes = [sum(c.isdigit() for c in one.lower().split("e")[0]) for one in said]
    rounded = [float(one) for one, size in zip(said, sizes, strict=True) if DIGITS - 1 <= size < WHOLE]
    whole = [float(one) for one, size in zip(said, sizes, strict=True) if size >= WHOLE]
    whole += [float.fromhex(one) for one in HEX.findall(text)]
    found = (
        secrets.near(rounded)
        | secrets.near(whole, IN_ARRAYS)
        | {name for name, word in secrets.words.items() if word in text}
    )
    found |= {name for svg in SVG.findall(text) for name in on_axes(secrets, svg)}
    for block in BASE64.findall(text) if depth else ():
        try:
            found |= in_bytes(secrets, base64.b64decode(block + "=" * (-len(block) % 4)), depth - 1)
        except binascii.Error:
            continue
    return found


def on_axes(secrets: Secrets, svg: str) -> Iterator[str]:
    """Yield the parameters around whose true value an axis of a plot has ticks, ten sd apart at most."""
    ticks = np.unique([float(tick.replace("−", "-")) for tick in TICK.findall(svg) if tick.count(".") < 2])
    for name, (value, sd) in secrets.axes.items():
        if not re.search(rf'aria-label="(?:posterior of )?{name}(?: against|, shifted| over)', svg) or not ticks.size:
            continue
        below, above = ticks[ticks <= value], ticks[ticks > value]
        if below.size and above.size and above[0] - below[-1] <= 10.0 * sd:
            yield f"axis of {name}"


def in_bytes(secrets: Secrets, content: bytes, depth: int = 2) -> set[str]:
    """Return the secrets whose bytes, as doubles, are in some content, or that are in it as text."""
    found = set()
    for name, value in secrets.numbers.items():
        if any(struct.pack(form, one) in content for form in ("<d", ">d") for one in (value, -value)):
            found.add(name)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return found
    return found | (in_text(secrets, text, depth) if depth else set())


def in_file(secrets: Secrets, path: Path) -> set[str]:
    """Return the secrets in a file, as bytes, as text, and as what its kind holds."""
    content = path.read_bytes()
    found = in_bytes(secrets, content)
    if zipfile.is_zipfile(path):
        found |= in_archive(secrets, content)
    elif content.startswith(b"SQLite format 3"):
        found |= in_database(secrets, path)
    elif path.suffix == ".nc":
        found |= in_netcdf(secrets, path)
    elif path.suffix == ".parquet":
        import pyarrow.parquet

        for column in pyarrow.parquet.read_table(path).to_pydict().values():
            found |= in_text(secrets, json.dumps(column, default=str))
    return found


def in_archive(secrets: Secrets, content: bytes) -> set[str]:
    """Return the secrets in a zip, its arrays element by element and by their means and medians."""
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            found |= in_bytes(secrets, part)
            if name.endswith(".npy"):
                found |= in_array(secrets, np.load(io.BytesIO(part), allow_pickle=False))
    return found


def in_array(secrets: Secrets, array: np.ndarray) -> set[str]:
    """Return the secrets among an array's elements and its columns' means and medians."""
    if array.dtype.kind not in "fiu" or not array.size:
        return set()
    columns = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    digits = DIGITS if array.dtype == np.float32 else IN_ARRAYS
    return secrets.near(np.concatenate([array.ravel(), columns.mean(axis=0), np.median(columns, axis=0)]), digits)


def in_database(secrets: Secrets, path: Path) -> set[str]:
    """Return the secrets in the rows of a SQLite database."""
    found: set[str] = set()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for value in (cell for t in tables for row in connection.execute(f'SELECT * FROM "{t}"') for cell in row):
            if isinstance(value, bytes):
                found |= in_bytes(secrets, value)
            elif value is not None:
                found |= in_text(secrets, str(value))
    connection.close()
    return found


def in_netcdf(secrets: Secrets, path: Path) -> set[str]:
    """Return the secrets in a netCDF file's arrays."""
    import h5py

    found: set[str] = set()

    def visit(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found.update(in_array(secrets, np.asarray(item[()]).reshape(-1, 1)))

    with h5py.File(path) as file:
        file.visititems(visit)
    return found

"""Every bad study ends in one line that says where, what was found and what is expected."""

import resource
import time

import pytest

from activesci.errors import StudyError
from activesci.study import Study
from activesci.study.load import LARGEST_FILE

from .studies import BAD

MARK = "# <- "
"""In a bad study this stands on the line that is wrong, before the message, less `file:LINE: `."""

HEAD = "study: x\nparameters:\n  a: {prior: {uniform: "
MONSTERS = {
    "brackets": (HEAD + "[" * 100_000, 3),
    "braces": (HEAD + "{a: " * 30_000, 3),
    "dashes": ("- " * 400_000, 1),
    "ten-megabytes": ("study: " + "x" * 10_000_000, 1),
    "long-text": ("study: " + "x" * 900_000, 1),
    "long-lines": ('study: "' + "\n" * 900_000 + '"', 1),
    "digits": (HEAD + "[0, " + "9" * 5000 + "]}}\n", 3),
    "many-keys": ("parameters:\n" + "".join(f"  a{i}: 1\n" for i in range(70_000)), 20_000),
    "many-entries": ("study: [" + "1," * 450_000 + "]", 1),
    "only-comments": ("# x\n" * 240_000, 1),
    "nul": ("study: x\ndescription: a\0b\n", 2),
    "escape": ("study: x\n\x1b[31m: 1\n", 2),
    "empty": ("", 1),
}


def complaint(path) -> str:
    with pytest.raises(StudyError) as caught:
        Study.load(path)
    return str(caught.value)


def test_the_corpus_is_there():
    assert len(BAD) >= 100


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_study_says_where_and_what_is_wrong(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    number, message = next((i, line.split(MARK)[1]) for i, line in enumerate(lines, 1) if MARK in line)
    assert complaint(path) == f"{path.name}:{number}: {message}"
    assert ": found " in message
    assert ", expected " in message


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monstrous_study_is_refused_fast_and_small(name, tmp_path):
    text, line = MONSTERS[name]
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = complaint(path)
    seconds, kilobytes = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert message.startswith(f"study.yaml:{line}: ")
    assert "\n" not in message
    assert len(message) < 500
    assert seconds < 3.0  # half a second on an idle machine
    assert kilobytes < 100_000


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"study: x\ndescription: caf\xe9\n")
    assert complaint(path) == "study.yaml:2: the study: found bytes that are not UTF-8, expected a text file in UTF-8"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "found no such file" in complaint(tmp_path / "study.yaml")
    assert "found a folder" in complaint(tmp_path)


def test_a_file_is_never_read_beyond_the_limit(tmp_path):
    path = tmp_path / "study.yaml"
    with path.open("wb") as file:
        file.truncate(100 * LARGEST_FILE)
    assert "found more than 1000000 bytes" in complaint(path)

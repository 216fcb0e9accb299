"""The corpus of malicious and wrong studies through HTTP: refused in words, nothing kept, nothing run."""

import sys

import pytest

from tests.study.studies import BAD, GOOD

FORBIDDEN = ("Traceback", "Error(", 'File "', ".py:")


def text_of(path):
    """Return a study as JSON can carry it; None if it is no text."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return None


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def watched():
    """Note every program that this process starts and every file that it writes, as Python sees them."""
    seen, on = [], [True]

    def hook(event, arguments):
        if on[0] and event in ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn"):
            seen.append((event, str(arguments)[:200]))
        if on[0] and event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            seen.append((event, str(arguments[0])))

    sys.addaudithook(hook)
    yield seen
    on[0] = False


def test_every_bad_study_is_refused_and_leaves_nothing(owner, house, tmp_path, watched):
    sendable = {path.name: text for path in BAD if (text := text_of(path)) is not None}
    assert len(sendable) >= 150
    before = everything(tmp_path)
    for name, text in sendable.items():
        refused = owner.post("/api/studies", json={"name": "bad", "files": {"study.yaml": text}})
        assert (name, refused.status_code) == (name, 422)
        said = str(refused.json()["detail"])
        assert not any(word in said for word in FORBIDDEN), (name, said)
        checked = owner.post("/api/studies/validate", json={"files": {"study.yaml": text}})
        assert (name, checked.status_code, checked.json().get("valid", False)) == (name, checked.status_code, False)
        assert checked.status_code in (200, 422)
    assert house.store.versions() == []
    assert everything(tmp_path) == before
    assert watched  # each was written aside before it was read: the witness is awake
    outside = [one for one in watched if one[0] != "open" or not one[1].startswith(str(tmp_path))]
    assert outside == []


def test_every_good_study_is_one_through_http_too(owner):
    assert len(GOOD) >= 20
    for path in GOOD:
        said = owner.post("/api/studies/validate", json={"files": {"study.yaml": path.read_text()}}).json()
        assert (path.name, said) == (path.name, {"valid": True, "message": ""})

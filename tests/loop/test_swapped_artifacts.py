"""Trial 21: an artifact that was swapped is refused before anything in it is parsed; what it was is computed again."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger, artifacts
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .worlds import LEARNED, PLAIN, finished, world

TINY = {**LEARNED, "simulations": 128, "per_round": 16, "ensemble": 1}
"""So few simulations a round that a refit goes on from the last surrogate, and does not begin anew."""


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def pickled(path, marker, _):
    np.savez(path, weights=np.array([Payload(marker)], dtype=object))


def bomb(path, *_):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", bytes(10**8))


def truncated(path, *_):
    path.write_bytes(path.read_bytes()[:-100])


def of_another_study(path, _, other):
    path.write_bytes(other.read_bytes())


def link(path, _, other):
    path.unlink()
    path.symlink_to(other)


def of_another_shape(path, *_):
    buffer = io.BytesIO()
    arrays = artifacts.unpack(path.read_bytes())
    np.savez(buffer, **{name: array[..., None] for name, array in arrays.items()})
    path.write_bytes(buffer.getvalue())


SWAPS = [pickled, bomb, truncated, of_another_study, link, of_another_shape]


def fitted(run):
    """Return the file of a run's first surrogate."""
    with Ledger.read_only(run) as ledger:
        event = next(event for event in ledger.events([Kind.FITTED]))
    return run / "artifacts" / f"{event.artifact}.npz"


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run of which only the prior's round is done, how it ends, and a surrogate of another study."""
    folder = tmp_path_factory.mktemp("swapped")
    study = world(folder / "study", model=PLAIN, inference=TINY, stop={"rounds": 1})
    with Campaign(study, folder / "run") as campaign:
        next(iter(campaign))
    shutil.copytree(folder / "run", folder / "whole")
    whole = finished(study, folder / "whole").summary()["posterior"]
    other = world(folder / "other", model=PLAIN.replace("0.1)", "0.2)"), inference=TINY)
    with Campaign(other, folder / "another") as campaign:
        next(iter(campaign))
    return study, folder / "run", whole, fitted(folder / "another")


@pytest.fixture
def parsed(monkeypatch):
    """The digests of what is parsed."""
    seen, unpack = [], artifacts.unpack
    monkeypatch.setattr(artifacts, "unpack", lambda content: seen.append(hash(content)) or unpack(content))
    return seen


@pytest.mark.parametrize("swap", SWAPS)
def test_a_swapped_artifact_is_refused_before_it_is_parsed(begun, tmp_path, parsed, swap):
    study, run, _, other = begun
    shutil.copytree(run, tmp_path / "run")
    path, marker = fitted(tmp_path / "run"), tmp_path / "marker"
    swap(path, marker, other)
    swapped = hash(path.read_bytes())
    with Ledger.read_only(tmp_path / "run") as ledger, pytest.raises(LedgerError, match=r"fitted, round 0.*changed"):
        ledger.check()
    with Campaign(study, tmp_path / "run") as campaign, pytest.raises(LedgerError, match="its content was changed"):
        next(iter(campaign))
    assert swapped not in parsed
    assert not marker.exists()


def test_without_its_digest_another_studys_surrogate_would_be_taken_for_the_right_one(begun, tmp_path, monkeypatch):
    """The mutant: the answer is another one, and nobody hears of it."""
    study, run, whole, other = begun
    shutil.copytree(run, tmp_path / "run")
    of_another_study(fitted(tmp_path / "run"), None, other)
    monkeypatch.setattr(artifacts, "read_checked", lambda folder, digest: (folder / f"{digest}.npz").read_bytes())
    assert finished(study, tmp_path / "run").summary()["posterior"] != whole


def test_what_was_swapped_is_computed_again_from_the_ledger_and_is_the_same(begun, tmp_path):
    study, run, whole, other = begun
    shutil.copytree(run, tmp_path / "run")
    link(fitted(tmp_path / "run"), None, other)
    replaying = Replaying(tmp_path / "run", tmp_path / "again", 0.0, Nobody())
    assert replaying.run() is None
    assert replaying.mend() == []
    assert other.exists()
    assert finished(study, tmp_path / "run").summary()["posterior"] == whole

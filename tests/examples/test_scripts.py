"""The scripts of examples/ run, and find what is true."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def script(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ask_and_tell(tmp_path, capsys):
    script("ask_tell").main(tmp_path / "run", rounds=2)
    said = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in said[:2]] == ["1:", "2:"]
    assert Path(said[2].removeprefix("the whole story: ")).is_file()


def test_libensemble_drives_a_campaign(tmp_path, monkeypatch, capsys):
    pytest.importorskip("libensemble")
    monkeypatch.chdir(tmp_path)
    found = script("ensemble").main(tmp_path, measurements=4)
    assert "4: looked at" in capsys.readouterr().out
    assert 0.9 < found["a"] < 1.5  # the truth is 1.2; four readings of sd 0.05


def test_a_finished_run_is_read_with_arviz(tmp_path):
    pytest.importorskip("arviz")
    import activesci as asci

    module = script("read_with_arviz")
    study = asci.Study.load(module.STUDY).with_settings({"stop": {"rounds": 2}})
    with asci.Campaign(study, tmp_path / "run") as campaign:
        for _ in campaign:
            pass
        mean = campaign.posterior.mean()
    data = module.main(tmp_path / "run", tmp_path / "posterior.nc")
    assert float(data.posterior["b"].mean()) == pytest.approx(mean["b"])
    assert data.observed_data["y"].shape == (2,)


def test_every_example_is_listed():
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    there = {path.name for path in EXAMPLES.iterdir() if not path.name.startswith((".", "__"))} - {"README.md"}
    assert sorted(name for name in there if f"]({name}" not in listed) == []

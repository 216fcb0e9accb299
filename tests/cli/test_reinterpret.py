"""Two commands: publish a run, and ask it something else."""

import json

from click.testing import CliRunner

from activesci.cli import main
from tests.loop.worlds import POOL, finished, world


def command(*given):
    done = CliRunner().invoke(main, [str(one) for one in given])
    return done.exit_code, done.output


def test_a_run_is_published_and_asked_and_a_changed_one_refused(tmp_path):
    finished(world(tmp_path / "study", data=POOL, stop={"rounds": 1}), tmp_path / "run")
    code, said = command("publish", tmp_path / "run", "--to", tmp_path / "archive", "--as", "line", "--by", "ada")
    assert (code, "line, digest " in said) == (0, True)
    (tmp_path / "request.yaml").write_text("reason: is it flat?\npoints: [{slope: 0.0}]\n")
    asked = ("reinterpret", tmp_path / "archive", tmp_path / "request.yaml", "--to")
    code, said = command(*asked, tmp_path / "answer", "--accepted", '{"requested_by": "bob"}')
    found = json.loads(said[said.index("\n{") :] if not said.startswith("{") else said)
    assert (code, found["basis"]["requested_by"], found["answer"]["status"]) == (0, "bob", "stopped")
    assert found["answer"]["points"][0]["support"] < 0  # the data are steep
    report = (tmp_path / "answer" / "report.html").read_text()
    assert "A reinterpretation" in report
    assert "every number came out as archived" in report
    data = tmp_path / "archive" / "study" / "data.csv"
    data.write_text(data.read_text().replace("2.0,1.0", "2.0,1.1"))
    code, said = command(*asked, tmp_path / "second")
    assert (code, "study/data.csv (line 5)" in said, (tmp_path / "second").exists()) == (2, True, False)
    (tmp_path / "request.yaml").write_text("reason: other data\nmodel:\n  experiment: {manual: true}\n")
    code, said = command(*asked, tmp_path / "third")
    assert (code, "request.yaml:3: model.experiment" in said) == (2, True)

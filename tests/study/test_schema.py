import jsonschema
import pytest

from activesci.study.load import parse
from activesci.study.schema import generate, schema, text
from activesci.study.source import Problem

from .studies import BAD, GOOD

VALIDATOR = jsonschema.Draft202012Validator(schema())
BEYOND = {"constraint", "cost", "empty", "grid", "iid", "keyword", "lo", "log", "loguniform", "one", "only"} | {
    "engine", "horizon", "pool", "posterior", "program", "rival", "shape", "shared", "stop", "surrogate", "target",
    "truth", "tuned", "turn", "wild",
}  # fmt: skip
"""What begins so is a matter of meaning, which a schema cannot say (all); what does not, the schema refuses."""


def test_the_shipped_schema_is_current():
    assert schema() == generate(), "run: python -c 'from activesci.study.schema import text; print(text(), end=\"\")'"
    assert text().endswith("}\n")


def test_every_key_says_what_it_is():
    parts = [schema(), *schema()["$defs"].values()]
    silent = [key for part in parts for key, one in part.get("properties", {}).items() if not one.get("description")]
    assert silent == []


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert '"null"' not in text()
    assert ": null" not in text()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_study_is_valid_by_the_schema(path):
    VALIDATOR.validate(parse(path.read_text(encoding="utf-8-sig"))[0])


def parsed(path):
    try:
        return parse(path.read_text(encoding="utf-8"))[0]
    except Problem:
        return None


STRUCTURAL = [path for path in BAD if path.stem.split("_")[0] not in BEYOND and parsed(path) is not None]


def test_there_are_structurally_bad_studies():
    assert len(STRUCTURAL) > 30


@pytest.mark.parametrize("path", STRUCTURAL, ids=lambda path: path.stem)
def test_a_structurally_bad_study_is_not_valid_by_the_schema(path):
    assert not VALIDATOR.is_valid(parsed(path))

from pathlib import Path

from activesci.study.source import Problem, Source, shown, spelled


def test_a_path_is_spelled_as_in_the_design():
    assert spelled(("parameters", "g_f", "prior", "normal", 1)) == "parameters.g_f.prior.normal[1]"
    assert spelled(()) == "the study"


def test_an_error_is_at_the_nearest_line_that_is_known():
    source = Source({}, "study.yaml", Path(), "", {(): 1, ("a",): 4})
    assert str(source.error(Problem(("a", "b"), "x", "y"))) == "study.yaml:4: a.b: found x, expected y"
    assert str(source.error(Problem(("c",), "x", "y"))) == "study.yaml:1: c: found x, expected y"


def test_an_error_is_one_line_of_printable_characters():
    message = str(Source({}, "a\nb", Path(), "").error(Problem(("\x1b[31m",), "\r\n", "\u202e")))
    assert message.isprintable()


def test_what_is_shown_is_short():
    assert shown(["x" * 1000]) == "['" + "x" * 75 + "..."
    assert shown(True) == "true"

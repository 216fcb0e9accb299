"""The picture of an experiment graph: every state is in it, and no more boxes than one can read."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from activesci.ledger import Kind, Ledger
from activesci.ledger.graph import TAG, Graph
from activesci.report.genealogy import folded

NAMES = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """About 200 states of 50 rounds, one of them with a label that is no harmless text."""
    folder = tmp_path_factory.mktemp("long")
    with Ledger.create(folder) as ledger:
        ledger.append(Kind.STARTED, 0, {"study": {"designer": {"random": {}}, "experiment": {"truth": {}}}, "seed": 1})
        for number in range(51):
            if number:
                proposal = {"id": number, "design": {"x": 0.1 * number}}
                ledger.append(Kind.CHOSEN, number, {"proposals": [proposal], "designer": "random"})
                answer = {"status": "ok", "proposal": number, "attempt": 0, "outcome": {"y": 1.0}, **proposal}
                ledger.append(Kind.MEASURED, number, answer)
            ledger.append(Kind.FITTED, number, {"surrogate": "exact"})
            ledger.append(Kind.INFERRED, number, {"posterior": {"slope": {"mean": 0.5, "sd": 1.0 / (1 + number)}}})
        middle = next(iter(Graph.of(ledger).kind("posterior").round(20)))
        ledger.append(Kind.NOTE, 20, {"what": TAG, "tag": "<b>best</b>", "state": middle.id})
    return Graph.read(folder)


def boxes(svg):
    return ElementTree.fromstring(svg).findall(f"{NAMES}g")


def test_two_hundred_states_are_drawn_as_what_one_can_read_and_none_is_left_out(graph):
    assert len(graph) > 200
    svg = graph.draw()
    drawn = boxes(svg)
    assert len(drawn) < 60
    counts = [re.match(r"(\d+) (?:designs|outcomes|surrogates|posteriors)$", box[-2].text) for box in drawn]
    folded_states = sum(int(found[1]) for found in counts if found)
    assert folded_states + sum(found is None for found in counts) == len(graph)


def test_the_ends_and_what_has_a_label_are_not_folded_away(graph):
    columns = folded(graph, 60)
    assert [columns[i] for i in (0, 1, -2, -1)] == [[0], [1], [49], [50]]
    assert [20] in columns
    assert sorted(number for rounds in columns for number in rounds) == list(range(51))


def test_few_states_are_drawn_one_by_one_with_every_edge(graph, tmp_path):
    few = graph.round(0, 1)
    path = tmp_path / "few.svg"
    svg = few.draw(path)
    assert path.read_text() == svg
    assert len(boxes(svg)) == len(few) == 6
    assert len(ElementTree.fromstring(svg).findall(f"{NAMES}path")) == len(few.edges) == 9


def test_labels_are_text(graph):
    assert "<b>" not in graph.draw()
    assert "&lt;b&gt;best" in graph.draw()

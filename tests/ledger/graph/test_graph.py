"""The experiment graph: what differs in anything but a label is another state, and each gives back its own."""

import json
import shutil

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import artifacts
from activesci.ledger.graph import Graph, Recipe, identity, state
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from tests.loop.worlds import LEARNED, MODEL, PLAIN, finished, world

ONE = {"stop": {"rounds": 1}}
CHILDREN = {
    "class": {"designer": {"random": {}}},
    "number": {"experiment": {"truth": {"slope": 0.5 + 1e-9}}},
    "tag": {},
    "code": {"model": MODEL + "\n# the same, in other words\n"},
}


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """A run of one round, and four that differ from it in one thing each."""
    folder = tmp_path_factory.mktemp("family")
    runs = {name: folder / name / "run" for name in ("base", *CHILDREN)}
    for name, run in runs.items():
        finished(world(folder / name, **ONE, **CHILDREN.get(name, {})), run)
    with Campaign.open(runs["tag"]) as campaign:
        campaign.tag("best")
    return runs


def together(family):
    graphs = [Graph.read(run) for run in family.values()]
    whole = graphs[0]
    for graph in graphs[1:]:
        whole |= graph
    return whole


def test_four_children_that_differ_in_one_thing_each_are_as_many_states_as_they_should_be(family):
    """For mutants of the identity see below."""
    base = Graph.read(family["base"])
    new = {name: len(Graph.read(family[name]) - base) for name in CHILDREN}
    # another class: design, outcome, posterior; another number: outcome, posterior; other code: all six
    assert (len(base), new) == (6, {"class": 3, "number": 2, "tag": 0, "code": 6})
    assert len(together(family)) == 6 + 3 + 2 + 6


def test_no_child_gets_another_ones_result(family):
    whole = together(family)
    for run in family.values():
        own = Graph.read(run)
        with Campaign.open(run) as campaign:
            theta, measured = campaign.posterior.theta, campaign.history.measured()[0]
        last = list(own.kind("posterior"))[-1]
        assert (whole.restore(last.id).arrays["theta"] == theta).all()
        (outcome,) = own.kind("outcome")
        assert whole.restore(outcome.id).said["outcome"] == measured.outcome
    assert len({one.said["outcome"]["y"] for one in whole.kind("outcome")}) >= 3


@pytest.mark.parametrize(
    ("mutant", "missed"),
    [
        (lambda told: round(told, 8) if isinstance(told, float) else told, "number"),
        (lambda told: "x" if isinstance(told, str) and len(told) > 64 else told, "code"),
    ],
    ids=["rounded floats", "no code"],
)
def test_an_identity_that_leaves_something_out_takes_one_for_the_other(monkeypatch, mutant, missed):
    """The mutants: what they leave out makes two recipes one, which the real identity holds apart."""
    other = {"class": "random", "number": 0.5 + 1e-9, "code": "0.1.0 " + "b" * 64}
    same = {"class": "grid", "number": 0.5, "code": "0.1.0 " + "a" * 64}

    def of(said):
        return identity("design", Recipe("choose", said["class"], {"x": said["number"]}, said["code"]), None)

    pairs = {name: (of(same), of({**same, name: other[name]})) for name in other}
    assert all(one != two for one, two in pairs.values())
    exactly = state._exactly
    monkeypatch.setattr(state, "_exactly", lambda told: exactly(mutant(told)))
    assert of(same) == of({**same, missed: other[missed]})


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0.0, -0.0), (True, 1), (None, float("nan")), ("1", 1), ([1, [2]], [[1], 2]), ({"a": 1}, [["a", 1]])],
)
def test_nothing_is_taken_for_something_of_another_type(one, other):
    recipe = Recipe("fit", "exact", {}, None)
    assert identity("bank", recipe, one) != identity("bank", recipe, other)
    assert identity("bank", recipe, one) == identity("bank", recipe, json.loads(json.dumps(one)))


def test_the_same_study_run_twice_is_one_graph_whenever_its_simulations_came_back(tmp_path, monkeypatch):
    learned = {"model": PLAIN, "inference": {**LEARNED, "passes": 2}, **ONE}
    finished(world(tmp_path / "study", **learned), tmp_path / "one")
    monkeypatch.setattr("activesci.loop.simulating.FLUSH_SECONDS", 0.0)  # recorded in other portions
    finished(world(tmp_path / "study", **learned), tmp_path / "two")
    one, two = Graph.read(tmp_path / "one"), Graph.read(tmp_path / "two")
    assert len(one) >= 8
    assert list(one.states) == list(two.states)


def test_selections_are_sets(family):
    whole = together(family)
    posteriors, late = whole.kind("posterior"), whole.round(1)
    assert {one.id for one in posteriors & late} == {
        one.id for one in whole if (one.kind, one.round) == ("posterior", 1)
    }
    assert len(posteriors | late) == len(posteriors) + len(late) - len(posteriors & late)
    assert set((posteriors - late).states) == set(posteriors.states) - set(late.states)
    assert {one.kind for one in whole.made_by("measure")} == {"outcome"}
    assert len(whole.made_by("random")) == 1
    (best,) = whole.tagged("best")
    assert best.kind == "posterior"
    assert not Graph.read(family["base"]).tagged("best")
    assert whole.tagged("best").states.keys() <= Graph.read(family["base"]).states.keys()


def test_distance_counts_the_fewest_recipes_from_a_root(family):
    graph = Graph.read(family["base"])
    found = [(one.kind, one.round, one.distance) for one in graph]
    assert found == [
        ("surrogate", 0, 0),
        ("posterior", 0, 1),
        ("design", 1, 1),
        ("outcome", 1, 2),
        ("surrogate", 1, 1),
        ("posterior", 1, 2),
    ]
    assert len(graph.within(1)) == 4
    assert len(graph.origins(next(iter(graph.kind("outcome"))))) == 4


def test_one_state_is_restored_where_the_rest_has_gone(tmp_path):
    study = world(tmp_path / "study", model=PLAIN, inference=LEARNED, **ONE)
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.run()
        theta, graph = campaign.posterior.theta, campaign.graph
        bank = campaign.history.bank(campaign._journal.arrays)
    last, everything = list(graph.kind("posterior"))[-1], list(graph.kind("bank"))[-1]
    again = graph.restore(everything).arrays
    assert all(np.array_equal(again[name], getattr(bank, name), equal_nan=True) for name in ("theta", "xi", "y"))
    for path in (tmp_path / "run" / "artifacts").iterdir():
        if path.stem != last.events[0].artifact:
            path.unlink()
    assert (graph.restore(last.id[:12]).arrays["theta"] == theta).all()
    slim = graph.restore(everything, slim=True)  # nothing of it is left, nothing of it is read
    assert (slim.said["count"], slim.arrays) == (50, {})
    with pytest.raises(LedgerError, match="cannot be read"):
        graph.restore(everything)


def test_a_restored_state_is_held_against_its_digest(family, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(family["base"], run)
    last = list(Graph.read(run).kind("posterior"))[-1]
    artifacts.write_durably(run / "artifacts" / f"{last.events[0].artifact}.npz", b"another")
    with pytest.raises(LedgerError, match="was changed"):
        Graph.read(run).restore(last)


def test_a_branch_shares_the_states_of_its_origin(tmp_path):
    run = tmp_path / "run"
    finished(world(tmp_path / "study"), run)
    branch(run, 1, tmp_path / "branch", {"designer": {"random": {}}})
    with Campaign.open(tmp_path / "branch") as campaign:
        campaign.run()
    one, two = Graph.read(run), Graph.read(tmp_path / "branch")
    assert {state.round for state in one & two} == {0, 1, 2}  # the surrogate is the likelihood, whatever is measured
    assert [state.kind for state in two - one] == ["design", "outcome", "posterior"]
    assert all(state.kind == "surrogate" for state in (one & two).round(2))


def test_a_name_that_fits_no_state_or_several_is_refused(family):
    graph = Graph.read(family["base"])
    for name, count in (("nothing", 0), ("", 6)):
        with pytest.raises(LedgerError, match=f"found {count} states"):
            graph[name]

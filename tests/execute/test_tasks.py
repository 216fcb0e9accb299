"""Graphs of tasks: each after those that it needs, here and on Ray alike."""

import pytest

from activesci.errors import CampaignError
from activesci.execute.tasks import Alone, run_tasks
from activesci.types import Task, TaskResult

TASKS = [
    Task("a"), Task("b"), Task("c", ("a",)), Task("d", ("a", "b")), Task("e", ("c", "d")), Task("f", ("e",)),
    Task("g"),
]  # fmt: skip


class Told:
    """Says what it was told of the tasks before; one fails."""

    def __call__(self, name, results):
        reason = "+".join(f"{one.name}:{one.status}" for one in results.values())
        return TaskResult(name, "failed" if name == "d" else "done", reason)


class Deadly:
    """Kills its worker at one task."""

    def __call__(self, name, results):
        import os
        import signal

        if name == "c":
            os.kill(os.getpid(), signal.SIGKILL)
        return TaskResult(name, "done")


@pytest.fixture
def crew(request):
    if request.param == "alone":
        yield lambda perform, tasks: Alone(perform)
        return
    from activesci.execute.ray import RayCrew

    request.getfixturevalue("ray_of_two")
    yield lambda perform, tasks: RayCrew(perform, 2, tasks)


@pytest.mark.parametrize("crew", ["alone", pytest.param("ray", marks=pytest.mark.ray)], indirect=True)
def test_each_task_is_done_once_after_those_that_it_needs(crew):
    results = list(run_tasks(TASKS, crew(Told(), TASKS)))
    order = [result.name for result in results]
    assert sorted(order) == list("abcdefg")
    for task in TASKS:
        assert all(order.index(name) < order.index(task.name) for name in task.needs)
    reasons = {result.name: result.reason for result in results}
    assert reasons["e"] == "c:done+d:failed"
    assert reasons["f"] == "e:done"


@pytest.mark.ray
@pytest.mark.parametrize("crew", ["ray"], indirect=True)
def test_a_task_that_kills_its_worker_fails_with_every_attempt(crew):
    results = {result.name: result for result in run_tasks(TASKS, crew(Deadly(), TASKS))}
    assert (results["c"].status, results["c"].reason) == ("failed", "its worker died 3 times")
    assert [one.attempt for one in results["c"].attempts] == [1, 2, 3]
    assert {results[name].status for name in "abdefg"} == {"done"}


@pytest.mark.ray
@pytest.mark.parametrize("crew", ["ray"], indirect=True)
def test_what_this_ray_has_not_is_refused(crew):
    with pytest.raises(CampaignError, match="asks for 1 num_gpus, this Ray has 0"):
        crew(Told(), [Task("a", gpus=1)])

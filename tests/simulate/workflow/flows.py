"""Workflows of milliseconds, written as a user writes them, and what comes of running one."""

from activesci.execute.tasks import Alone, run_tasks
from activesci.simulate.workflow import Cache, Steps, compiled
from activesci.study.workflows import Workflow

CHAIN = """\
workflow: chain
parameters: {g: 1.5, energy: 91.0, cut: 0.2}
steps:
  generate:
    command: ["{python}", "-S", "{folder}/gen.py", "{parameters.g}", "{seed}", "{outputs.events}"]
    each: {part: [0, 1, 2]}
    outputs: {events: events.json}
  select:
    function: "steps:select"
    each: generate
    parameters: [cut]
    inputs: {events: generate.events}
    outputs: {chosen: chosen.json}
  fine:
    script: "echo '{parameters.energy}' > {outputs.table}"
    when: energy > 50
    outputs: {table: table.txt}
  coarse:
    script: "echo coarse > {outputs.table}"
    outputs: {table: table.txt}
  count:
    function: "steps:count"
    inputs: {parts: select.chosen, table: [fine.table, coarse.table], notes: ./notes.txt}
    outputs: {y: outcome.json}
outcome: count.y
"""
GEN = """\
import json, random, sys
rng = random.Random(int(sys.argv[2]))
json.dump([rng.gauss(float(sys.argv[1]), 1) for _ in range(50)], open(sys.argv[3], "w"))
"""
STEPS = """\
import json

def select(parameters, inputs, outputs, rng):
    events = json.loads(inputs["events"].read_text())
    outputs["chosen"].write_text(json.dumps([e for e in events if e > parameters["cut"]]))

def count(parameters, inputs, outputs, rng):
    parts = [json.loads(path.read_text()) for path in inputs["parts"]]
    said = {"y": sum(map(len, parts))}
    outputs["y"].write_text(json.dumps(said))
"""


def write(folder, text=CHAIN, **files):
    """Write a workflow and what lies beside it, and return its path."""
    given = {"gen.py": GEN, "steps.py": STEPS, "notes.txt": "first\n"}
    given |= {name.replace("__", "."): content for name, content in files.items()}
    for name, content in given.items():
        (folder / name).write_text(content)
    (folder / "workflow.yaml").write_text(text)
    return folder / "workflow.yaml"


def run(path, seed=1, cache="cache", **values):
    """Run a workflow here, and return what came of each task, and its graph."""
    graph = compiled(Workflow.load(path), values)
    steps = Steps(graph, Cache(path.parent / cache), seed)
    results = run_tasks([one.task for one in graph.tasks.values()], Alone(steps))
    return {result.name: result for result in results}, steps


def statuses(results):
    return {name: result.status for name, result in results.items()}


def done(results):
    return sorted(name for name, result in results.items() if result.status == "done")


def text_of(steps, results, task, output):
    """Return the content of a task's output."""
    return (steps.cache.folder / "files" / results[task].outputs[output][0]).read_text()

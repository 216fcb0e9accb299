"""Run a workflow with yadage itself, and print its graph and what its last steps left: the tests' expectations.

    python3.11 -m venv /tmp/yadage && /tmp/yadage/bin/pip install yadage==0.21.2
    /tmp/yadage/bin/python experiments/benchmarks/yadage_graph.py FILE '{"seeds": [1, 2]}'

A step's name has the way to it, `analyse_0/fit`; the beginnings of workflows (`init`) are left out, and who needs one
needs what it was given.
"""

import json
import sys
import tempfile
from pathlib import Path

from yadage.steering_object import YadageSteering
from yadage.utils import setupbackend_fromstring


def main(file, values):
    file = Path(file).resolve()
    with tempfile.TemporaryDirectory() as folder:
        steering = YadageSteering.create(
            metadir=f"{folder}/meta", dataarg=f"local:{folder}/work", workflow=file.name, toplevel=str(file.parent),
            initdata=values, validate=True, dataopts={}, controller="frommodel", modelsetup="inmem",
        )  # fmt: skip
        steering.run_adage(backend=setupbackend_fromstring("foregroundasync"), default_trackers=False)
        sys.stdout.write(json.dumps(told(steering.workflow), indent=1, sort_keys=True) + "\n")


def told(workflow):
    dag = workflow.dag
    names = {node.identifier: label(node) for node in (dag.getNode(one) for one in dag.nodes())}
    needs = {}
    for number, name in names.items():
        if name is not None:
            needs[name] = sorted(set(before(dag, names, number)))
    last = [number for number, name in names.items() if name and not any(name in one for one in needs.values())]
    return {"needs": needs, "files": {names[number]: contents(dag.getNode(number)) for number in last}}


def label(node):
    meta = node.task.metadata
    if meta["wflow_hints"]["is_purepub"]:
        return None
    way = [one for one in meta["wflow_offset"].split("/") if one]
    return "/".join([f"{a}_{b}" for a, b in zip(way[::2], way[1::2], strict=True)] + [node.name])


def before(dag, names, number):
    for one in dag.predecessors(number):
        if names[one] is None:
            yield from before(dag, names, one)
        else:
            yield names[one]


def contents(node):
    leaves = [value for _, value in node.result.leafs() if isinstance(value, str) and Path(value).is_file()]
    return sorted(Path(value).read_text() for value in leaves)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))

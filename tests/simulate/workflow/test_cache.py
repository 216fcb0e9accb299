"""What was done is not done again; any change does again what depends on it, and nothing else."""

import numpy as np
import pytest

from .flows import CHAIN, GEN, STEPS, done, run, statuses, write

GENERATE, SELECT = [f"generate[{i}]" for i in range(3)], [f"select[{i}]" for i in range(3)]
ALL = sorted([*GENERATE, *SELECT, "fine", "coarse", "count"])


def test_a_rerun_does_nothing_and_gives_the_same(tmp_path):
    path = write(tmp_path)
    first, _ = run(path)
    again, _ = run(path)
    assert done(first) == ALL
    assert set(statuses(again).values()) == {"reused"}
    assert [result.outputs for result in first.values()] == [result.outputs for result in again.values()]


def test_a_run_in_a_new_place_gives_the_same_bits(tmp_path):
    path = write(tmp_path)
    first, other = run(path)[0], run(path, cache="other")[0]
    assert done(other) == ALL
    assert [result.outputs for result in first.values()] == [result.outputs for result in other.values()]


CHANGES = {
    "a parameter": ({}, {"g": 1.6}, [*GENERATE, *SELECT, "count"], "generate[0]", "its parameters are others: g"),
    "a late parameter": ({}, {"cut": 0.5}, [*SELECT, "count"], "select[2]", "its parameters are others: cut"),
    "a parameter beside": ({}, {"energy": 92.0}, ["fine", "count"], "count", "its inputs are others: table"),
    "a program": ({"gen__py": GEN.replace("1)", "2)")}, {}, [*GENERATE, *SELECT, "count"], "generate[1]", "its code"),
    "a function": ({"steps__py": STEPS + "\nX = 1\n"}, {}, [*SELECT, "count"], "select[0]", "its code is another one"),
    "a file": ({"notes__txt": "second\n"}, {}, ["count"], "count", "its inputs are others: notes"),
    "a program that does the same": ({"gen__py": GEN + "# as before\n"}, {}, GENERATE, "generate[1]", "its code"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_does_again_what_depends_on_it_and_says_why(tmp_path, change):
    files, values, expected, task, why = CHANGES[change]
    run(write(tmp_path))
    results, _ = run(write(tmp_path, **files), **values)
    if change == "a function":  # one module has both functions, and the choices come out as before
        assert done(results) == sorted([*SELECT, "count"])
    assert done(results) == sorted(expected)
    assert results[task].why.startswith(why)
    others = [name for name in ALL if name not in expected and results[name].status == "reused"]
    assert all("nothing that it depends on has changed" in results[name].why for name in others)


def test_another_seed_does_all_again(tmp_path):
    path = write(tmp_path)
    run(path, seed=1)
    assert done(run(path, seed=2)[0]) == ALL
    assert set(statuses(run(path, seed=1)[0]).values()) == {"reused"}  # what is kept is kept


def test_a_new_item_leaves_the_others_alone(tmp_path):
    run(write(tmp_path))
    results, _ = run(write(tmp_path, CHAIN.replace("[0, 1, 2]", "[0, 1, 2, 3]")))
    assert done(results) == ["count", "generate[3]", "select[3]"]


def test_a_new_step_leaves_the_others_alone(tmp_path):
    run(write(tmp_path))
    more = CHAIN.replace("outcome:", 'publishes: {z: z.z}\noutcome:').replace(
        "  count:", '  z: {script: "echo {seed} > {outputs.z}", outputs: {z: z.txt}}\n  count:'
    )  # fmt: skip
    assert done(run(write(tmp_path, more))[0]) == ["z"]


def test_an_environment_variable_is_part_of_it(tmp_path):
    run(write(tmp_path))
    more = CHAIN.replace("    each: {part:", "    environment: {variables: {A: 1}}\n    each: {part:")
    results, _ = run(write(tmp_path, more))
    assert done(results) == GENERATE  # they leave what they left before
    assert results["generate[0]"].why == "its environment is another one: variables"


def test_a_spoiled_file_is_made_again(tmp_path):
    path = write(tmp_path)
    first, steps = run(path)
    digest, _ = first["select[1]"].outputs["chosen"]
    file = steps.cache.folder / "files" / digest
    file.chmod(0o600)
    file.write_text("[]")
    again, _ = run(path)
    assert "select[1]" in done(again)
    assert again["count"].outputs == first["count"].outputs


def random_flow(folder, rng):
    """Write a workflow of ten steps at random, each of which leaves what it reads and more; return who needs whom."""
    names = [f"s{i}" for i in range(10)]
    needs = {name: [one for one in names[:i] if rng.random() < 0.3] for i, name in enumerate(names)}
    text = "workflow: random\nparameters: {" + ", ".join(f"p{name}: 0" for name in names) + "}\nsteps:\n"
    for name in names:
        reads = " ".join(f"{{inputs.{one}}}" for one in needs[name])
        say = f"echo {{parameters.p{name}}} $V; cat {{folder}}/{name}.txt {reads}"
        text += (
            f"  {name}:\n    script: '({say}) > {{outputs.y}}'\n    files: [{name}.txt]\n    outputs: {{y: y.txt}}\n"
        )
        text += f"    environment: {{variables: {{V: {name}}}}}\n"
        text += f"    inputs: {{{', '.join(f'{one}: {one}.y' for one in needs[name])}}}\n"
        (folder / f"{name}.txt").write_text(name)
    (folder / "workflow.yaml").write_text(text + f"publishes: {{{', '.join(f'{one}: {one}.y' for one in names)}}}\n")
    return names, needs


def descendants(needs, root):
    found = {root}
    for name, before in needs.items():
        if found & set(before):
            found.add(name)
    return sorted(found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_change_of_any_step_does_again_exactly_it_and_its_descendants(tmp_path, seed):
    rng = np.random.default_rng(seed)
    names, needs = random_flow(tmp_path, rng)
    path, values = tmp_path / "workflow.yaml", {}
    assert done(run(path)[0]) == sorted(names)
    for name in rng.permutation(names)[:6]:
        kind = rng.choice(["a parameter", "a file", "a variable", "its text"])
        if kind == "a parameter":
            values[f"p{name}"] = 1
        elif kind == "a file":
            (tmp_path / f"{name}.txt").write_text("other")
        elif kind == "a variable":
            path.write_text(path.read_text().replace(f"{{V: {name}}}", f"{{V: other{name}}}"))
        else:
            path.write_text(path.read_text().replace(f"p{name}}} $V", f"p{name}}} new $V"))
        assert done(run(path, **values)[0]) == descendants(needs, name), kind
        assert done(run(path, **values)[0]) == []

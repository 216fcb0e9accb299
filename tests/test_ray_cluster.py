"""The cluster file that we ship, and the variants that its page shows, are what Ray accepts."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]


def ray_schema():
    spec = importlib.util.find_spec("ray")  # finds the wheel without importing it
    return json.loads((Path(spec.origin).parent / "autoscaler" / "ray-schema.json").read_text())


def test_cluster_file_is_valid_by_rays_own_schema():
    jsonschema.validate(yaml.safe_load((ROOT / "ray_cluster.yaml").read_text()), ray_schema())


def test_cluster_file_asks_for_a_token_wherever_ray_is_started():
    cluster = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())
    starts = [c for c in cluster["head_start_ray_commands"] + cluster["worker_start_ray_commands"] if "ray start" in c]
    assert len(starts) == 2
    assert all("RAY_AUTH_MODE=token" in command for command in starts)


def test_the_head_asks_for_the_autoscaler_that_starts_every_worker_of_a_local_cluster():
    [_, start] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())["head_start_ray_commands"]
    words = start.split()
    assert words.index("RAY_enable_autoscaler_v2=0") < words.index("ray")  # `ray up` exports 1 before the command


# what `ray up` does to its file before it talks to any machine
AS_RAY_UP = """
import json, sys
from ray.autoscaler._private.util import prepare_config, validate_config
config = prepare_config(json.load(sys.stdin))
validate_config({"cluster_synced_files": [], **config})
print(sorted(config["available_node_types"]), config["head_node_type"])
"""


def variants():
    """Return our file, and with what the page replaces for each cloud."""
    ours = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    clouds = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    return {cloud["provider"]["type"]: {**ours, **cloud} for cloud in [{"provider": ours["provider"]}, *clouds]}


@pytest.mark.parametrize("provider", ["local", "aws", "gcp"])
def test_ray_up_accepts_the_file_for_every_provider(provider, tmp_path):
    config = variants()[provider]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RAY_TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", AS_RAY_UP], input=json.dumps(config), env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()
    worse = {**config, "max_workers": "many"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(worse, ray_schema())

"""The cluster file that we ship is one that Ray accepts."""

import importlib.util
import json
from pathlib import Path

import jsonschema
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

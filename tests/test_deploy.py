"""The container files say what the command line knows, and keep to themselves."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from activesci.cli import main
from activesci.service.app import routed
from activesci.service.gate import OPEN
from activesci.service.house import House

DEPLOY = Path(__file__).parents[1] / "deploy"
OPTIONS = {option for param in main.commands["serve"].params for option in param.opts}


class Loader(yaml.SafeLoader):
    """Reads compose's own tags as the plain values behind them."""


Loader.add_constructor("!reset", lambda loader, node: loader.construct_sequence(node))


@pytest.fixture(params=["compose.yaml", "compose.https.yaml"])
def services(request):
    return yaml.load((DEPLOY / request.param).read_text(), Loader)["services"]


def test_every_option_of_the_service_is_one(services):
    command = services["activesci"]["command"]
    assert command[0] == "serve"
    assert {part for part in command if part.startswith("--")} <= OPTIONS


def test_http_in_the_clear_stays_on_the_machine(services):
    assert all(port.startswith("127.0.0.1:") for port in services["activesci"]["ports"])


def test_the_container_may_do_no_more_than_it_has_to():
    said = yaml.load((DEPLOY / "compose.yaml").read_text(), Loader)["services"]["activesci"]
    assert (said["read_only"], said["cap_drop"], said["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert "privileged" not in said
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert lines.index("USER activesci") < next(i for i, one in enumerate(lines) if one.startswith("ENTRYPOINT"))


def said(instruction):
    """Return what follows an instruction of the Dockerfile, each time; lines that go on are one."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.partition(" ")[2] for line in text.splitlines() if line.startswith(f"{instruction} ")]


def test_what_is_copied_into_the_image_is_there_and_is_all_that_installing_reads():
    copied = {name for line in said("COPY") for name in line.split()[:-1]}
    assert [name for name in copied if not (DEPLOY.parent / name).exists()] == []
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    assert {project["readme"], *project["license-files"], "pyproject.toml", "constraints.txt", "activesci"} <= copied


def test_the_extras_that_the_image_installs_are_those_of_the_package():
    [extras] = re.findall(r'"\.\[(.*?)\]"', " ".join(said("RUN")))
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    assert {"service", "blind"} <= set(extras.split(",")) <= set(project["optional-dependencies"])
    assert project["scripts"][json.loads(said("ENTRYPOINT")[0])[0]] == "activesci.cli:main"


def test_the_image_serves_what_it_is_asked_for(ungated_paths):
    command = json.loads(said("CMD")[0])
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert command[0] == "serve"
    assert set(options) <= OPTIONS
    assert options["--port"] == said("EXPOSE")[0]
    assert options["--store"] in json.loads(said("VOLUME")[0])
    [health] = re.findall(rf"127\.0\.0\.1:{options['--port']}(/\w+)", said("HEALTHCHECK")[0])
    assert health in ungated_paths


@pytest.fixture
def ungated_paths(tmp_path):
    """The paths that answer without a token."""
    house = House.of(tmp_path, limit=1)
    found = {route.path for route in routed(house).router.routes if OPEN not in (route.openapi_extra or {})}
    house.desk.close()
    return found


def test_compose_builds_the_image_and_mounts_its_volumes():
    services = yaml.load((DEPLOY / "compose.yaml").read_text(), Loader)["services"]["activesci"]
    assert (DEPLOY / services["build"]["context"] / services["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert {one.partition(":")[2] for one in services["volumes"]} == set(json.loads(said("VOLUME")[0]))

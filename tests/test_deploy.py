"""The container files say what the command line knows, and keep to themselves."""

from pathlib import Path

import pytest
import yaml

from activesci.cli import main

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

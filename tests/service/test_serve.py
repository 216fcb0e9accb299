"""The service as it is started: a real process, real workers, a client."""

import json
import logging
import re
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest
import yaml
from click.testing import CliRunner

from activesci.cli import main
from activesci.errors import CampaignError, DesignError
from activesci.ledger import Ledger, fold
from activesci.ledger.lock import WriterLock
from activesci.loop.controller import Campaign
from activesci.service.client import Client
from activesci.service.logbook import Lines
from activesci.service.serve import listening_at, serve
from activesci.service.store import Store
from tests.loop.worlds import LINE, MODEL, world

MANUAL = LINE | {"experiment": {"manual": True}, "stop": {"rounds": 2}}
PATIENCE = 120.0  # seconds for what takes a few on an idle machine


class Service:
    """`activesci serve` on a store, in a process of its own."""

    def __init__(self, store, *options):
        command = [sys.executable, "-m", "activesci.cli", "serve", "--store", str(store), "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+(?=/)", self.process.stdout.readline())[0]
        self.token = self.process.stdout.readline().split()[-1]
        self.http = httpx2.Client(
            base_url=self.url, headers={"authorization": f"Bearer {self.token}"}, timeout=PATIENCE
        )
        until(lambda: self.answers())

    def answers(self):
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def post(self, path, body=None):
        answer = self.http.post(path, json=body or {})
        assert answer.is_success, answer.text
        return answer.json()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        said = self.process.stdout.read() + self.process.stderr.read()
        self.process.stdout.close(), self.process.stderr.close(), self.http.close()
        return code, said


def until(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def serving():
    begun = []

    def begin(*given):
        begun.append(Service(*given))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def told(store, name):
    """Return (design, outcome) of what counts, and the posterior after it."""
    with Ledger.read_only(store / name) as ledger:
        history = fold(ledger.events())
    return [(one.design, one.outcome) for one in history.measured()], history.inferred.payload["posterior"]


def by_hand(folder, study, nature):
    with Campaign(study, folder) as campaign:
        while campaign.history.status != "stopped":
            for one in campaign.proposals():
                campaign.tell(one["design"], nature(one["design"]), proposal=one["id"])
            try:
                campaign.proposals()
            except CampaignError:
                break
    return told(folder.parent, folder.name)


def command(*given):
    done = CliRunner().invoke(main, given)
    return done.exit_code, done.stdout


def nature(design):
    return {"y": 0.5 * design["x"] + 0.01}


@pytest.mark.http
def test_a_study_goes_in_and_its_answer_comes_out(serving, tmp_path, monkeypatch):
    service = serving(tmp_path / "store")
    files = {"study.yaml": yaml.safe_dump(MANUAL, sort_keys=False), "model.py": MODEL}
    service.post("/api/studies", {"name": "line", "files": files})
    service.post("/api/campaigns", {"name": "one", "study": "line"})
    until(lambda: service.http.get("/api/campaigns/one").status_code == 200)
    with Client(service.url, service.token, "arm") as client:
        while (lease := client.ask("one")) is not None:
            with pytest.raises(DesignError, match=r"422.*outcome"):
                client.tell("one", lease, {"z": 1.0})
            answer = client.tell("one", lease, nature(lease["design"]))
            assert client.tell("one", lease, nature(lease["design"]), key=answer["key"])["id"] == answer["id"]
        until(lambda: client.answer("one", answer["id"])["state"] == "counted")
        until(lambda: client.status("one")["work"]["wished"] == "done")
    monkeypatch.setenv("ACTIVESCI_TOKEN", service.token)
    there = ["one", "--server", service.url]
    assert command("ask", *there) == (0, "stopped: rounds 2 >= 2\n")
    assert command("status", *there)[1].endswith("stopped: rounds 2 >= 2\nat the service: none\n")
    again = command("tell", *there, "--proposal", "0", "--outcome", "y=0.4")
    assert again == (0, "answer 3: late: this design is measured already: recorded, not counted\n")
    assert command("tell", *there, "--outcome", "y=0.4")[0] == 2  # a service goes by the proposal's number
    with Client(service.url, instrument="arm") as client:
        summary = client.status("one")["summary"]
    assert (summary["status"], summary["stop_reason"]) == ("stopped", "rounds 2 >= 2")
    assert told(tmp_path / "store", "one") == by_hand(tmp_path / "hand", world(tmp_path / "study", **MANUAL), nature)
    token = service.token
    code, said = service.end()
    assert (code, token in said, "Traceback" in said) == (0, False, False)
    for path in (tmp_path / "store").rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


@pytest.mark.http
@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_or_doubled(serving, tmp_path):
    """SIGKILL of the service, again and again, while two campaigns run and two instruments tell."""
    store, rounds = tmp_path / "store", 4
    manual, alone = MANUAL | {"stop": {"rounds": rounds}}, LINE | {"stop": {"rounds": rounds}}
    service = serving(store)
    for name, study in (("manual", manual), ("alone", alone)):
        files = {"study.yaml": yaml.safe_dump(study, sort_keys=False), "model.py": MODEL}
        service.post("/api/studies", {"name": name, "files": files})
        service.post("/api/campaigns", {"name": name, "study": name})
    for kill in range(6):
        end = time.monotonic() + 1.0 + 2.1 * kill
        while time.monotonic() < end:
            _measure(service, "manual")
        assert service.end(signal.SIGKILL)[0] == -signal.SIGKILL
        service = serving(store)
    until(lambda: _measure(service, "manual") == "stopped")
    until(lambda: service.http.get("/api/campaigns/alone").json()["summary"]["status"] == "stopped")
    assert service.end()[0] == 0
    expected = by_hand(tmp_path / "hand", world(tmp_path / "study", **manual), nature)
    assert told(store, "manual") == expected
    with Campaign(world(tmp_path / "study2", stop={"rounds": rounds}), tmp_path / "undisturbed") as campaign:
        campaign.run()
    assert told(store, "alone") == told(tmp_path, "undisturbed")


def _measure(service, name):
    """Be an instrument for one look; return the state that was found."""
    asked = service.http.post(f"/api/campaigns/{name}/ask", json={"instrument": "arm"})
    if asked.status_code != 200:
        time.sleep(0.2)
        return "none"
    for lease in asked.json()["leases"]:
        key = f"arm-{lease['proposal']}"
        body = {"key": key, "instrument": "arm", "proposal": lease["proposal"], "outcome": nature(lease["design"])}
        assert service.http.post(f"/api/campaigns/{name}/tell", json=body).status_code == 202
    time.sleep(0.1)
    return asked.json()["state"]


@pytest.mark.http
def test_two_services_on_one_store_and_a_taken_port_are_refused_in_words(tmp_path):
    def begin(port=0):
        serve(tmp_path, "127.0.0.1", port, (), 1, False, print)

    with WriterLock(Store(tmp_path).private), pytest.raises(CampaignError, match="another service has this store"):
        begin()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CampaignError, match="cannot listen there"):
        begin(taken.getsockname()[1])


@pytest.mark.enable_socket
def test_an_answer_in_two_pieces_does_not_wait_for_an_acknowledgement():
    with listening_at("127.0.0.1", 0) as server, socket.create_connection(server.getsockname()):
        connection, _ = server.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_client_without_a_token_says_what_it_needs(monkeypatch):
    monkeypatch.delenv("ACTIVESCI_TOKEN", raising=False)
    with pytest.raises(CampaignError, match="ACTIVESCI_TOKEN"):
        Client("http://127.0.0.1:1")
    with pytest.raises(CampaignError, match="expected http://"):
        Client("file:///etc/passwd", "t")


def test_the_log_is_json_a_line():
    record = logging.LogRecord("x", logging.ERROR, "f", 1, 'a "quoted"\nline', (), None)
    assert json.loads(Lines().format(record))["message"] == 'a "quoted"\nline'

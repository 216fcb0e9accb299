"""What the service takes, and what it stands: one command each, `python experiments/benchmarks/service/bench.py NAME`.

    times      list and pages with 100 campaigns of 50 rounds
    watchers   rounds of a live campaign with 50 watchers and without
    writers    200 concurrent instruments and 50 readers, 60 s (trial 14)
    abuse      large, packed, deep and slow requests, and what they cost others (trial 24)
    fuzz       schemathesis on three seeds; needs `schemathesis` in the environment named by SCHEMATHESIS (trial 23)
    kills      SIGKILL at 20 random moments, three campaigns running, two instruments telling

Each appends a line to runs/benchmarks/service.jsonl (or --to) and prints it.
"""

import argparse
import asyncio
import atexit
import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import yaml

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
from activesci.errors import LedgerError  # noqa: E402 - after the path
from activesci.export.analysis import publish  # noqa: E402
from activesci.ledger import Ledger  # noqa: E402
from activesci.loop.controller import Campaign  # noqa: E402
from tests.loop.worlds import COUNTED, EVENTS, LINE, MODEL, finished, world  # noqa: E402 - found beside the package, not installed

MANUAL = LINE | {"experiment": {"manual": True}}


class Service:
    """`activesci serve` on a store, in a process of its own."""

    def __init__(self, store, *options):
        command = [sys.executable, "-m", "activesci.cli", "serve", "--store", str(store), "--port", "0", *options]
        self.log = Path(tempfile.mkstemp(suffix=".log")[1]).open("w+")  # noqa: SIM115 - open as long as the process writes into it
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        atexit.register(self.process.terminate)  # a trial that fails leaves no service behind
        self.url = re.search(r"http://\S+(?=/)", self.process.stdout.readline())[0]
        self.token = self.process.stdout.readline().split()[-1]
        self.headers = {"authorization": f"Bearer {self.token}"}
        self.http = httpx2.Client(base_url=self.url, headers=self.headers, timeout=120)
        until(self.answers)

    def answers(self):
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def campaign(self, name, study):
        files = {"study.yaml": yaml.safe_dump(study, sort_keys=False), "model.py": MODEL}
        for path, body in (("studies", {"name": name, "files": files}), ("campaigns", {"name": name, "study": name})):
            answer = self.http.post(f"/api/{path}", json=body)
            assert answer.is_success, answer.text

    def memory(self):
        """Return the resident memory [MB]."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def faults(self):
        self.log.flush()
        return Path(self.log.name).read_text().count("Traceback")

    def end(self):
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def until(holds, seconds=300):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def many(store, campaigns=100, rounds=50):
    """Fill a store with copies of one campaign, made once."""
    first = store / "c000"
    if not first.exists():
        study = world(store.with_name(store.name + "-study"), stop={"rounds": rounds}, description="A line")
        finished(study, first)
    (first / "ledger.lock").unlink(missing_ok=True)
    for n in range(1, campaigns):
        if not (store / f"c{n:03d}").exists():
            shutil.copytree(first, store / f"c{n:03d}")


DRAWING = "data-soon"
"""What a page has in it while its pictures are still being drawn."""


def timed(http, path, times):
    """Return the ms of a GET, the first one, until it is whole, and the median of those after, and its bytes."""
    start = time.perf_counter()
    answer = http.get(path)
    first = time.perf_counter() - start
    while answer.status_code == 202 or DRAWING in answer.text:
        time.sleep(0.02)
        answer = http.get(path)
    whole, taken = time.perf_counter() - start, []
    for _ in range(times):
        start = time.perf_counter()
        answer = http.get(path)
        taken.append(time.perf_counter() - start)
        assert answer.status_code == 200, answer.text
    return {
        "first_ms": round(1000 * first),
        "whole_ms": round(1000 * whole),
        "ms": round(1000 * statistics.median(taken), 1),
        "kB": len(answer.content) // 1000,
    }


def times(scratch):
    many(scratch / "many")
    service = Service(scratch / "many")
    pages = {"list": "/", "api list": "/api/campaigns?size=100", "campaign": "/campaigns/c007"}
    pages |= {
        "api campaign": "/api/campaigns/c007",
        "ledger": "/campaigns/c007/ledger",
        "report": "/campaigns/c007/report",
    }
    found = {name: timed(service.http, path, 8) for name, path in pages.items()}
    shift = scratch / "many" / "c007" / "ledger.sqlite"
    service.end()
    return {**found, "ledger_bytes": shift.stat().st_size}


def watchers(scratch, rounds=30):
    """Run the same campaign without watchers and with 50 that load its page after every event, in turn, twice.

    What counts is the CPU time of the campaign's own process from its first event to its end: on a crowded machine
    the clock says more of the others.
    """
    found = {}
    for number in (0, 50, 0, 50):
        service = Service(Path(tempfile.mkdtemp(dir=scratch)))
        study = LINE | {"stop": {"rounds": rounds}, "inference": {"surrogate": "exact", "particles": 4000}}
        service.campaign("live", study)
        until(lambda service=service: service.http.get("/api/campaigns/live").status_code == 200)
        found.setdefault(str(number), []).append(asyncio.run(_watched(service, number, rounds)))
        service.end()
    cpu = {number: min(one["campaign_cpu_s"] for one in runs) for number, runs in found.items()}
    return {"rounds": rounds, "runs": found, "slower_percent": round(100 * (cpu["50"] / cpu["0"] - 1), 1)}


def cpu_of(process):
    """Return the CPU seconds that a process has taken, or None once it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def worker_of(service):
    """Return the process of the service's one worker."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == service.process.pid and b"activesci.service.worker" in (path / "cmdline").read_bytes():
                return int(path.name)
        except OSError:
            continue
    raise AssertionError("found no worker")


async def _watched(service, number, rounds):
    """Watch until the campaign has stopped; return CPU seconds from now to then, and the pages loaded."""
    worker, pages = worker_of(service), 0
    before, server, last = cpu_of(worker), cpu_of(service.process.pid), 0.0
    limits = httpx2.Limits(max_connections=2 * number + 5)

    async def watch(client):
        nonlocal pages
        async with client.stream("GET", "/api/campaigns/live/stream") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:") and any(kind in line for kind in ('"chosen"', '"inferred"')):
                    assert (await client.get("/campaigns/live")).status_code == 200
                    pages += 1
                if line.startswith("data:") and '"kind":"stopped"' in line.replace(" ", ""):
                    return

    async with httpx2.AsyncClient(base_url=service.url, headers=service.headers, timeout=600, limits=limits) as client:
        watching = [asyncio.create_task(watch(client)) for _ in range(number)]
        while (now := cpu_of(worker)) is not None:
            last = now
            await asyncio.sleep(0.05)
        for task in watching:
            task.cancel()
    server = cpu_of(service.process.pid) - server
    done = service.http.get("/api/campaigns/live").json()["summary"]["rounds"]
    assert len(done) == rounds
    return {"campaign_cpu_s": round(last - before, 2), "service_cpu_s": round(server, 2), "pages": pages} | {
        "seconds_in_rounds": round(sum(one["seconds"] for one in done), 2)
    }


def writers(scratch, writing=200, reading=50, seconds=60):
    """All tell the same live campaign, mostly too late; each answer is to be kept once, whatever becomes of it."""
    store = Path(tempfile.mkdtemp(dir=scratch))
    service = Service(store)
    service.campaign("live", MANUAL | {"stop": {"rounds": 400}})
    until(lambda: service.http.get("/api/campaigns/live").status_code == 200)
    said = asyncio.run(_written(service, writing, reading, seconds))
    with httpx2.Client(base_url=service.url, headers=service.headers, timeout=60) as http:
        events = []
        while more := http.get(f"/api/campaigns/live/events?limit=500&after={len(events)}").json():
            events += more
    with sqlite3.connect(store / ".service" / "service.sqlite") as desk:
        kept = dict(desk.execute("SELECT state, count(*) FROM answers GROUP BY state").fetchall())
        keys = {key for (key,) in desk.execute("SELECT key FROM answers")}
    measured = [one for one in events if one["kind"] == "measured"]
    service.end()
    return {
        "requests": len(said["times"]),
        "5xx": said["5xx"],
        "locked": said["locked"],
        "p50_ms": round(1000 * statistics.median(said["times"])),
        "p99_ms": round(1000 * sorted(said["times"])[int(0.99 * len(said["times"]))]),
        "acknowledged": len(said["keys"]),
        "acknowledged_and_lost": len(said["keys"] - keys),
        "kept": kept,
        "measured": len(measured),
        "measured_twice": len(measured) - len({one["said"]["proposal"] for one in measured}),
        "gap_free": [one["seq"] for one in events] == list(range(1, len(events) + 1)),
        "faults": service.faults(),
    }


async def _written(service, writing, reading, seconds):
    said = {"times": [], "5xx": 0, "locked": 0, "keys": set()}
    end = time.monotonic() + seconds
    limits = httpx2.Limits(max_connections=writing + reading)
    async with httpx2.AsyncClient(base_url=service.url, headers=service.headers, timeout=60, limits=limits) as client:

        async def sent(method, path, body=None):
            start = time.perf_counter()
            answer = await client.request(method, path, json=body)
            said["times"].append(time.perf_counter() - start)
            said["5xx"] += answer.status_code >= 500
            said["locked"] += "locked" in answer.text
            return answer

        async def write(number):
            count = 0
            while time.monotonic() < end:
                asked = (await sent("POST", "/api/campaigns/live/ask", {"instrument": f"arm{number % 7}"})).json()
                for lease in asked.get("leases", []):
                    key, count = f"{number}-{count}", count + 1
                    told = {"key": key, "instrument": f"arm{number}", "proposal": lease["proposal"]}
                    answer = await sent("POST", "/api/campaigns/live/tell", told | {"outcome": {"y": 0.5}})
                    if answer.status_code == 202:
                        said["keys"].add(key)
                await asyncio.sleep(1.0)

        async def read():
            while time.monotonic() < end:
                await sent("GET", "/api/campaigns/live")
                await asyncio.sleep(1.0)

        await asyncio.gather(*(write(n) for n in range(writing)), *(read() for _ in range(reading)))
    return said


def abuse(scratch):
    """Send what nobody should, and see how it is answered, how long that takes, and what it costs."""
    service = Service(Path(tempfile.mkdtemp(dir=scratch)))
    json_ = {"content-type": "application/json"}
    vast = LINE | {"design": {f"x{i}": {"real": [0.0, 1.0]} for i in range(30_000)}}
    sims = LINE | {"inference": {"surrogate": "likelihood", "simulations": 10**9}}

    def kept(study):
        files = {"study.yaml": yaml.safe_dump(study, sort_keys=False), "model.py": MODEL}
        return {"name": "vast", "files": files}

    requests = {
        "50 MB body": lambda: service.http.post("/api/studies", content=b"x" * 50_000_000, headers=json_),
        "gzip bomb": lambda: service.http.post(
            "/api/studies", content=b"\x1f\x8b", headers=json_ | {"content-encoding": "gzip"}
        ),
        "deep JSON": lambda: service.http.post("/api/studies", content=b"[" * 1_000_000, headers=json_),
        "30 000-d design": lambda: service.http.post("/api/studies", json=large),
        "10^9 simulations": lambda: service.http.post("/api/studies", json=endless),
        "page 2^63": lambda: service.http.get("/api/campaigns?page=9223372036854775808"),
        "10^6 a page": lambda: service.http.get("/api/campaigns?size=1000000"),
    }
    large, endless = kept(vast), kept(sims)  # written before the clock starts
    alone = _campaign_cpu(service, "alone", lambda: time.sleep(0.5))
    found = {}

    def send_all():
        for name, send in requests.items():
            start = time.perf_counter()
            try:
                status = send().status_code
            except httpx2.TransportError as error:
                status = type(error).__name__
            seconds = round(time.perf_counter() - start, 2)
            found[name] = [status, max(seconds, found.get(name, [0, 0])[1])]

    host, port = service.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(200)]
    for one in slow:
        one.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\n")
    abused = _campaign_cpu(service, "abused", send_all)
    found["a list with 200 slow sockets"] = timed(service.http, "/api/campaigns", 20)["ms"]
    found["memory_mb"] = round(service.memory())
    for one in slow:
        one.close()
    service.end()
    return {**found, "campaign_cpu_s": {"alone": alone, "abused": abused}, "faults": service.faults()}


def _campaign_cpu(service, name, meanwhile):
    """Run a campaign of 30 rounds, do something again and again meanwhile; return its CPU seconds after it began."""
    service.campaign(name, LINE | {"stop": {"rounds": 30}, "inference": {"surrogate": "exact", "particles": 4000}})
    until(lambda: service.http.get(f"/api/campaigns/{name}").status_code == 200)
    worker = worker_of(service)
    before = last = cpu_of(worker)
    busy = threading.Thread(target=lambda: [meanwhile() for _ in iter(lambda: cpu_of(worker) is None, True)])
    busy.start()
    while (now := cpu_of(worker)) is not None:
        last = now
        time.sleep(0.05)
    busy.join()
    return round(last - before, 2)


def fuzz(scratch, seeds=(1, 2, 3), examples=60):
    """Send what the API's own description allows and forbids; positive data may be refused for what they mean.

    Seeds that are done in this scratch folder are not done again.
    """
    command = os.environ.get("SCHEMATHESIS", "schemathesis")
    found = {}
    for seed in seeds:
        done = scratch / f"fuzz-{seed}.json"
        if done.exists():
            found[seed] = json.loads(done.read_text())
            continue
        store = Path(tempfile.mkdtemp(dir=scratch))
        finished(world(store.with_name(store.name + "-study")), store / "done")
        finished(world(store.with_name(store.name + "-manual"), stop={"rounds": 1}), store / "asked")
        for name in ("bench", "ending"):
            study = world(store.with_name(f"{store.name}-{name}"), model=EVENTS, **COUNTED)
            with Campaign(study, store / name) as campaign:
                campaign.ask()
        publish(store / "done", store / ".catalogue" / "line", "line", 0.1, "ada")
        service = Service(store)
        described = service.http.get("/openapi.json").json()
        (scratch / "openapi.json").write_text(json.dumps(led_to(described, seeded(service))))
        # a body beyond the size limit is refused too, which the check does not know
        (scratch / "schemathesis.toml").write_text(
            '[checks.negative_data_rejection]\nexpected-statuses = ["400", "401", "403", "404", "405", "406", "409", '
            '"413", "415", "422"]\n'
        )
        given = [
            "--config-file",
            str(scratch / "schemathesis.toml"),
            "run",
            str(scratch / "openapi.json"),
            "--url",
            service.url,
            "-H",
            f"Authorization: Bearer {service.token}",
        ]
        given += [
            "--seed",
            str(seed),
            "-n",
            str(examples),
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
        ]
        for endless in ("/api/campaigns/{campaign}/stream", "/api/catalogue/{analysis}/stream"):
            given += ["--exclude-path", endless]
        given += ["--continue-on-failure", "--no-color"]
        ran = subprocess.run([command, *given], capture_output=True, text=True, check=False)
        (scratch / f"fuzz-{seed}.txt").write_text(ran.stdout + ran.stderr)
        counted = re.search(r"(\d+) generated", ran.stdout)
        found[seed] = {"code": ran.returncode, "generated": counted and int(counted[1]), "faults": service.faults()}
        service.end()
        done.write_text(json.dumps(found[seed]))
    return found


def seeded(service):
    """Keep a template and make a challenge with somebody in it; return the names that paths may have."""
    template = {"template": "How long?", "holes": {"rounds": {"at": "stop.rounds", "type": "integer", "maximum": 3}}}
    files = {"study.yaml": yaml.safe_dump(LINE, sort_keys=False), "model.py": MODEL}
    files["template.yaml"] = yaml.safe_dump(template)
    version = service.http.post("/api/studies", json={"name": "line", "files": files}).json()["version"]
    rules = {"problems": {"line": {"study": "line", "version": version, "rounds": 1}}}
    for send, path, body in (
        (service.http.put, "lines", rules),
        (service.http.post, "lines/entries", {"name": "by-chance", "designer": {"random": {}}}),
    ):
        answer = send(f"/api/challenges/{path}", json=body)
        assert answer.is_success, answer.text
    known = {"campaign": ["done", "asked", "bench"], "study": ["line"], "version": [version], "analysis": ["line"]}
    return known | {"challenge": ["lines"], "entry": ["by-chance"]}


JOBS = ("run", "pause", "branch", "crate", "verify", "replay", "prune", "{other}", "pilot", "accept", "requests")
"""Ends of paths where what is there would have work begun by every request."""


def led_to(described, known):
    """Return a description whose paths name half of the time what is there."""
    for path, ways in described["paths"].items():
        there = known | ({"campaign": ["done", "ending"]} if path.endswith("/stop") else {})
        parameters = [] if path.endswith(JOBS) else [one for way in ways.values() for one in way.get("parameters", ())]
        for one in parameters:
            if one["in"] == "path" and one["name"] in there:
                one["schema"] = {"anyOf": [{"enum": there[one["name"]]}, one["schema"]]}
    return described


def kills(scratch, moments=20, rounds=16):
    """SIGKILL the service while three campaigns run and two instruments tell; then all end as undisturbed.

    A moment is a random time after a random number of further events, or after the start. Goes on where it was ended.
    """
    store = scratch / "kills"
    store.mkdir(exist_ok=True)
    studies = {
        "one": MANUAL | {"stop": {"rounds": rounds}},
        "two": MANUAL | {"stop": {"rounds": rounds}, "seed": 4},
        "alone": LINE | {"stop": {"rounds": rounds}, "inference": {"surrogate": "exact", "particles": 2000}},
    }
    told, log = store / "acknowledged.txt", store / "kills.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    service = Service(store, "--workers", "3")
    for name, study in studies.items():
        if service.http.get(f"/api/campaigns/{name}/work").status_code == 404:
            service.campaign(name, study)
    with told.open("a") as keys:
        for kill in range(len(done), moments):
            rng = random.Random(kill)
            more, late = rng.choice((0, 1, 2, 4, 8)), rng.uniform(0.0, 2.0)
            said = _killed(service, store, studies, keys, more, late)
            done.append({"kill": kill, "after_events": more, "late_s": round(late, 2), **said})
            with log.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            service = Service(store, "--workers", "3")
        until(lambda: _measured(service, keys, 0.5) or all(_settled(service, name) for name in studies), 1500)
    faults, code = service.faults(), service.end()
    same = {name: _told(store / name) == _undisturbed(scratch / f"by-hand-{name}", s) for name, s in studies.items()}
    return {
        "kills": len(done),
        "running_at_kill": [one["running"] for one in done],
        "same": same,
        "faults": faults,
    } | {
        "code": code,
        **_answers(store, told),
    }


def _killed(service, store, studies, keys, more, late):
    """Measure until so many events have come and a while is over, and kill; return what was going on."""
    before, longest = _events(store, studies), time.monotonic() + 90
    while _events(store, studies) < before + more and time.monotonic() < longest:
        _measured(service, keys, 0.2)
    arms = threading.Thread(target=_measured, args=(service, keys, 60.0))
    arms.start()
    time.sleep(late)
    running = sum(_status(service, name) != "stopped" for name in studies)
    service.process.kill()
    service.process.wait()
    arms.join()
    service.http.close()
    return {"running": running, "events": _events(store, studies)}


def _events(store, names):
    """Return how many events the campaigns have, by the files that the ledgers are."""
    count = 0
    for name in names:
        with contextlib.suppress(LedgerError, sqlite3.Error), Ledger.read_only(store / name) as ledger:
            count += len(ledger.events())
    return count


def _answers(store, told):
    """Hold what was acknowledged against what is kept, and what is kept against the ledgers."""
    keys = told.read_text().split()
    with contextlib.closing(sqlite3.connect(store / ".service" / "service.sqlite")) as desk:
        kept = {f"{campaign}/{key}" for campaign, key in desk.execute("SELECT campaign, key FROM answers")}
        states = dict(desk.execute("SELECT state, count(*) FROM answers GROUP BY state").fetchall())
    twice = 0
    for name in ("one", "two"):
        proposals = [proposal for proposal, _, _ in _told(store / name)[0]]
        twice += len(proposals) - len(set(proposals))
    return {"acknowledged": len(keys), "lost": len(set(keys) - kept), "kept": states, "measured_twice": twice}


def _status(service, name):
    answer = service.http.get(f"/api/campaigns/{name}")
    return answer.json()["summary"]["status"] if answer.status_code == 200 else ""


def _settled(service, name):
    """Say whether a campaign has stopped, and its worker has said what became of every answer."""
    return service.http.get(f"/api/campaigns/{name}/work").json()["wished"] == "done"


def _measured(service, keys, seconds):
    """Be two instruments for a while, or until the service is gone."""
    end = time.monotonic() + seconds
    ways = [threading.Thread(target=_arm, args=(service, name, keys, end)) for name in ("one", "two")]
    for one in ways:
        one.start()
    for one in ways:
        one.join()


def _arm(service, name, keys, end):
    with contextlib.suppress(httpx2.TransportError):  # it has been killed
        while time.monotonic() < end:
            asked = service.http.post(f"/api/campaigns/{name}/ask", json={"instrument": name})
            for lease in asked.json()["leases"] if asked.status_code == 200 else ():
                told = {"key": f"{name}-{lease['proposal']}", "instrument": name, "proposal": lease["proposal"]}
                told["outcome"] = nature(lease["design"])
                if service.http.post(f"/api/campaigns/{name}/tell", json=told).status_code == 202:
                    keys.write(f"{name}/{told['key']}\n")
                    keys.flush()
            time.sleep(0.1)


def nature(design):
    return {"y": 0.5 * design["x"] + 0.01}


def _told(folder):
    from activesci.ledger import fold

    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.check())
    measured = [(one.proposal, one.design, one.outcome) for one in history.measured()]
    return measured, history.inferred.payload["posterior"], history.reason


def _undisturbed(folder, study):
    from activesci.errors import CampaignError

    shutil.rmtree(folder, ignore_errors=True)
    question = world(folder / "study", **study)
    with Campaign(question, folder / "run") as campaign:
        if question.experiment.kind != "manual":
            campaign.run()
        while campaign.history.status != "stopped":
            try:
                for one in campaign.proposals():
                    campaign.tell(one["design"], nature(one["design"]), proposal=one["id"])
            except CampaignError:
                break
    return _told(folder / "run")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    trials = {one.__name__: one for one in (times, watchers, writers, abuse, fuzz, kills)}
    parser.add_argument("name", choices=trials)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "activesci-service-bench")
    parser.add_argument("--to", type=Path, default=ROOT / "runs" / "benchmarks" / "service.jsonl")
    given = parser.parse_args()
    given.scratch.mkdir(parents=True, exist_ok=True)
    found = trials[given.name](given.scratch)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = {"name": given.name, "time": time.strftime("%Y-%m-%dT%H:%M:%S"), **{"found": found}}
    line["cpu_s"] = round(children.ru_utime + children.ru_stime)
    given.to.parent.mkdir(parents=True, exist_ok=True)
    with given.to.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line, indent=2))


if __name__ == "__main__":
    main()

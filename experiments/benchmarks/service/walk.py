"""A person's walk through the service in a real browser, from the token to the last measurement; pictures on the way.

    python experiments/benchmarks/service/walk.py PICTURES

Starts `activesci serve` on a store of its own and drives Chromium: logs in, writes a study in the form (with a mistake
on the way), runs it, watches it to its end, writes another whose experiment is done by hand, measures at the bench,
takes an answer back, publishes the first, asks it for a limit, reads that, and compares the two. Then a colleague with
a token of his own asks weinberg, which was run on the command line, for a heavy Z'; its owner reads that, accepts it
and reads the limit; asked again after one number of the archive was changed, the service refuses. Every step says what
it has seen; the first that does not come ends the walk.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import yaml
from browser import Browser

ROOT = Path(__file__).parents[3]
MODEL = (ROOT / "experiments" / "decay" / "model.py").read_text(encoding="utf-8")
ZPRIME = ROOT / "experiments" / "zprime"
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
PARAMETERS = {"a": ("0.5", "2.0"), "b": ("0.1", "2.0")}
TRUTH = {"a": 1.0, "b": 0.5}
NOISE = 0.05


@contextlib.contextmanager
def served(store, port=8779):
    """Serve a store; yield the address and the owner's token."""
    command = [sys.executable, "-m", "activesci.cli", "serve", "--store", str(store), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        said = process.stdout.readline() + process.stdout.readline()
        yield re.search(r"http://[\d.:]+", said)[0], re.search(r"asci_\S+", said)[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class Walk:
    """The walk, and its pictures.

    Args:
        browser: The browser.
        url: Where the service is.
        pictures: The folder for pictures.
    """

    def __init__(self, browser, url, pictures):
        self.browser, self.url, self.pictures, self.steps = browser, url, pictures, 0

    def seen(self, what, words=""):
        """Say and picture that something is on the page."""
        if words:
            self.browser.until(f"document.body.innerText.includes({words!r})")
        self.steps += 1
        name = f"{self.steps:02d}-{re.sub('[^a-z]+', '-', what.lower())}"
        self.browser.picture(self.pictures / f"{name}.png")
        print(f"{self.steps:2d} {what}", flush=True)

    def log_in(self, token):
        self.browser.go(self.url)
        self.browser.fill("token", "asci_wrong")
        self.browser.press("Log in")
        self.seen("a wrong token is refused", "This is no valid token.")
        self.browser.fill("token", token)
        self.browser.press("Log in")
        self.seen("logged in", "weinberg")

    def become(self, token):
        """Log out, and in again as somebody else."""
        self.browser.press("log out")
        self.browser.go(self.url)
        self.browser.fill("token", token)
        self.browser.press("Log in")

    def write(self, study, manual):
        """Write a study into the empty form."""
        page = self.browser
        page.press("Studies")
        page.press("Write a study")
        page.fill("study.study", study)
        page.fill("study.description", "When is a decay looked at best?")
        page.fill("study.seed", "7")
        for i, (name, bounds) in enumerate(PARAMETERS.items()):
            page.press("Add a parameter")
            page.fill(f"study.parameters#{i}!", name)
            page.fill(f"study.parameters#{i}.prior?", "uniform")
            for j, bound in enumerate(bounds):
                page.fill(f"study.parameters#{i}.prior.uniform[{j}]", bound)
        page.press("Add a design variable")
        page.fill("study.design#0!", "xi")
        page.fill("study.design#0?", "real")
        page.fill("study.design#0.real[0]", "0")
        page.fill("study.design#0.real[1]", "10")
        page.fill("study.design#0.unit", "s")
        page.press("Add an outcome")
        page.fill("study.outcome#0!", "y")
        page.fill("study.outcome#0?", "real")
        page.fill("study.outcome#0.real", "[]")
        page.fill("study.simulator?", "function")
        page.fill("study.simulator.function", "model:simulate")
        page.fill("study.simulator.batch", "true")
        page.fill("study.experiment?", "manual" if manual else "truth")
        for i, (name, value) in enumerate(() if manual else TRUTH.items()):
            if i:
                page.press("Another line", "document.getElementById('study_2e_experiment_2e_truth')")
            page.fill(f"study.experiment.truth#{i}!", name)
            page.fill(f"study.experiment.truth#{i}", str(value))
        page.fill("study.stop?", "rounds")
        page.fill("study.stop.rounds", "3")
        page.fill("file#0", MODEL)

    def mend(self):
        """Make a mistake, see it at its field, mend it."""
        page = self.browser
        page.fill("study.stop.rounds", "three")
        page.press("Check")
        self.seen("a mistake is said at its field", "found 'three', expected a whole number, 1 or more")
        page.fill("study.stop.rounds", "3")
        page.press("Check")
        self.seen("the study is checked", "nothing is wrong with it")
        page.press("YAML")
        self.seen("the same study as YAML", "study.yaml")
        page.press("Form")

    def run(self, campaign):
        self.browser.fill("campaign", campaign)
        self.browser.press("Keep and run")

    def watch(self, campaign):
        """Watch a campaign to its end without touching the page."""
        self.browser.until(f"location.pathname === '/campaigns/{campaign}'")
        self.browser.until("document.body.innerText.includes('round')", 120)
        self.seen("a campaign while it runs")
        self.browser.until("document.body.innerText.includes('Stopped: rounds 3 >= 3.')", 300)
        self.browser.until("!document.querySelector('[data-soon]')")
        self.seen("it has come to its end, and the page by itself", "Stopped: rounds 3 >= 3.")

    def measure(self, campaign):
        """Measure three designs by hand; take the first answer back and give another."""
        page, rng = self.browser, np.random.default_rng(1)
        page.until("[...document.querySelectorAll('a')].some(a => a.innerText.startsWith('Measure ('))", 300)
        page.go(f"{self.url}/campaigns/{campaign}/bench")
        for number in range(3):
            page.until("document.getElementsByName('outcome.y').length === 1", 300)
            self.seen(f"the bench asks for design {['one', 'two', 'three'][number]}", "Measure next")
            xi = float(page.js("document.querySelector('.design dd').innerText").split()[0])
            y = TRUTH["a"] * np.exp(-TRUTH["b"] * xi) + NOISE * rng.standard_normal()
            if not number:
                page.fill("outcome.y", "123")
                page.press("Tell")
                self.seen("a wrong answer can be taken back", "undo")
                page.press("undo")
                self.seen("it is taken back, and the design waits again", "undone")
            page.fill("outcome.y", f"{y:.4f}")
            page.press("Tell")
            self.seen("it is told", "What is told here can be taken back")
            page.until(f"document.body.innerText.includes('counted') || {number} === 2", 300)
        page.until("document.body.innerText.includes('The campaign has stopped')", 300)
        self.seen("the last answer has ended it", "rounds 3 >= 3")

    def reinterpret(self, campaign):
        """Publish an analysis, ask it for a limit, accept that, read the answer."""
        page = self.browser
        page.press("Catalogue")
        page.fill("campaign", campaign)
        page.fill("name", "decays")
        page.press("Publish")
        page.until("[...document.querySelectorAll('a')].some(a => a.innerText === 'decays')", 300)
        page.press("decays")
        self.seen("an analysis is published", "What it found")
        page.fill("reason", "How fast can it be at most, and what do the data say of b = 0.9?")
        page.fill("asked", "points: [{a: 1.0, b: 0.9}]\nlimit: {parameter: b}\n")
        page.press("Request it")
        self.seen("a request waits for a decision", "Decide")
        page.fill("word", "worth knowing")
        page.press("Accept")
        page.until("document.body.innerText.includes('A reinterpretation')", 300)
        self.seen("the limit is read", "limit")

    def ask_for_zprime(self, why):
        """Ask weinberg what its authors never asked."""
        page, asked = self.browser, yaml.safe_load((ZPRIME / "request.yaml").read_text(encoding="utf-8"))
        page.go(f"{self.url}/catalogue/weinberg")
        page.fill("reason", f"{asked.pop('reason').strip()} {why}")
        page.fill("asked", yaml.safe_dump(asked, sort_keys=False))
        page.fill("file", "zprime.py")
        page.fill("code", (ZPRIME / "zprime.py").read_text(encoding="utf-8"))
        page.press("Request it")

    def decide(self, why):
        """Open the request for a reason, read it, accept it."""
        page = self.browser
        page.go(f"{self.url}/catalogue/weinberg")
        link = f"[...document.querySelectorAll('#requests a')].find(a => a.innerText.includes({why!r}))"
        page.until(f"!!{link}")
        page.go(self.url + page.js(f"{link}.getAttribute('href')"))
        self.seen(f"its owner reads the request {why}", "Decide")
        page.fill("word", "a fair question")
        page.press("Accept")

    def zprime(self, store, owner, colleague):
        """Publish weinberg; a colleague asks it for a Z', its owner accepts and reads; then change a number."""
        page = self.browser
        page.go(f"{self.url}/catalogue")
        page.fill("campaign", "weinberg")
        page.fill("name", "weinberg")
        page.press("Publish")
        page.until("[...document.querySelectorAll('a')].some(a => a.innerText === 'weinberg')", 300)
        self.become(colleague)
        self.ask_for_zprime("(first)")
        self.seen("a colleague has asked weinberg for a heavy zprime", "requested")
        self.become(owner)
        self.decide("(first)")
        page.until("document.body.innerText.includes('A reinterpretation')", 900)
        self.seen("the limit on the coupling of a zprime is read", "g_zprime")
        data = sorted((store / ".catalogue" / "weinberg" / "study").glob("*.csv"))[0]
        *lines, last = data.read_text(encoding="utf-8").splitlines()
        changed = re.sub(r"\d(?=[^\d]*$)", lambda digit: str((int(digit[0]) + 1) % 10), last)
        data.write_text("\n".join([*lines, changed]) + "\n", encoding="utf-8")
        self.ask_for_zprime("(second)")
        self.decide("(second)")
        page.until(f"document.body.innerText.includes({data.name!r})", 300)
        self.seen("after a number was changed the archive says nothing", "found")


def token_of(url, owner, scope):
    """Make a token of a scope."""
    body = json.dumps({"label": f"a {scope}", "scope": scope}).encode()
    headers = {"Authorization": f"Bearer {owner}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/tokens", body, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["secret"]


def main(pictures):
    pictures.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        store = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        study = str(ROOT / "experiments" / "weinberg" / "study.yaml")
        command = [sys.executable, "-m", "activesci.cli", "run", study, "--to", str(store / "weinberg")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        url, token = stack.enter_context(served(store))
        browser = stack.enter_context(Browser())
        walk = Walk(browser, url, pictures)
        walk.log_in(token)
        walk.write("decay", manual=False)
        walk.mend()
        walk.run("by-itself")
        walk.watch("by-itself")
        walk.write("decay-by-hand", manual=True)
        walk.run("by-hand")
        walk.measure("by-hand")
        walk.reinterpret("by-itself")
        browser.go(f"{url}/campaigns/by-itself/compare/by-hand")
        walk.seen("the two compared", "What each believes")
        browser.go(f"{url}/campaigns/by-itself")
        browser.press("Graph")
        browser.until("!!document.querySelector('.genealogy svg')")
        walk.seen("what was made of what", "Experiment graph")
        walk.zprime(store, token, token_of(url, token, "requester"))
        browser.size(420, 900)
        browser.dark()
        browser.go(f"{url}/campaigns/by-hand")
        walk.seen("on a phone, in the dark", "Stopped: rounds 3 >= 3.")
        browser.go(f"{url}/")
        walk.seen("the list on a phone", "by-itself")
    print(f"{walk.steps} steps in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A person's walk through the service in a real browser, from the token to the last measurement; pictures on the way.

    python experiments/benchmarks/service/walk.py PICTURES

Starts `activesci serve` on a store of its own and drives Chromium: logs in, writes a study in the form (with a mistake
on the way), runs it, watches it to its end, writes another whose experiment is done by hand, measures at the bench,
takes an answer back, publishes the first, asks it for a limit, reads that, and compares the two. Every step says what
it has seen; the first that does not come ends the walk.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from browser import Browser

ROOT = Path(__file__).parents[3]
MODEL = (ROOT / "experiments" / "decay" / "model.py").read_text(encoding="utf-8")
PARAMETERS = {"a": ("0.5", "2.0"), "b": ("0.1", "2.0")}
TRUTH = {"a": 1.0, "b": 0.5}
NOISE = 0.05


@contextlib.contextmanager
def served(store, port=8779):
    """Serve a store; yield the address and the owner's token."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "activesci.cli", "serve", "--store", str(store), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
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
        self.seen("logged in", "There is no campaign yet")

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


def main(pictures):
    pictures.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as store, served(store) as (url, token), Browser() as browser:
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
        browser.size(420, 900)
        browser.dark()
        browser.go(f"{url}/campaigns/by-hand")
        walk.seen("on a phone, in the dark", "Stopped: rounds 3 >= 3.")
        browser.go(f"{url}/")
        walk.seen("the list on a phone", "by-itself")
    print(f"{walk.steps} steps in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

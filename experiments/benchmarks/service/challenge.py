"""Makes the challenge of activesci's small design problems on a running service, with its own designers in it.

    ACTIVESCI_TOKEN=asci_... python experiments/benchmarks/service/challenge.py http://127.0.0.1:8642

The board is then at /boards/designs; the service plays what is missing.
"""

import os
import sys
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]
PROBLEMS = {"gaussian-cosine": ("gaussian_cosine", 3), "decay": ("decay", 3), "weinberg-toy": ("weinberg_toy", 3)}
"""By name: the folder in experiments/, and measurements a game."""
ENTRIES = {
    "gain": ({"bayesopt": {}}, "expected information gain, Bayesian optimisation: what activesci does by default"),
    "grid": ({"grid": {"points": 41}}, "expected information gain, the best of 41 designs"),
    "random": ({"random": {}}, "anywhere, by chance"),
}
SETTINGS = {"inference.surrogate": "exact", "inference.particles": 2048}


def main(url):
    headers = {"authorization": f"Bearer {os.environ['ACTIVESCI_TOKEN']}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60.0) as service:
        problems = {name: {**kept(service, name, folder), "rounds": n} for name, (folder, n) in PROBLEMS.items()}
        rules = {"problems": problems, "seeds": 5, "settings": SETTINGS, "seconds": 600.0}
        rules["description"] = (
            "Three measurements each of three small problems: who chooses the designs that tell most?"
        )
        sent(service.put("/api/challenges/designs", json=rules))
        for name, (designer, note) in ENTRIES.items():
            entry = {"name": name, "designer": designer, "note": note}
            sent(service.post("/api/challenges/designs/entries", json=entry))
    print(f"{url}/boards/designs")


def kept(service, name, folder):
    files = {file: (ROOT / folder / file).read_text(encoding="utf-8") for file in ("study.yaml", "model.py")}
    found = sent(service.post("/api/studies", json={"name": name, "files": files}))
    return {"study": name, "version": found["version"]}


def sent(answer):
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))

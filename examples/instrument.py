"""An instrument in plain `requests`: it asks a service what to measure, measures, and tells what came out.

    ACTIVESCI_TOKEN=asci_... python examples/instrument.py http://127.0.0.1:8642 decay

The campaign `decay` is that of experiments/decay with `experiment: {manual: true}`. Put your own instrument in the
place of `measure`. Killed and started again, it goes on with the design it was at: the key makes an answer count once.
"""

import math
import os
import random
import sys
import time

import requests

NAME = "photometer"


def measure(design):
    """Return one reading of something that decays with a = 1.2, b = 0.8; the campaign doesn't know that."""
    return {"y": 1.2 * math.exp(-0.8 * design["xi"]) + random.gauss(0, 0.05)}


def main(server, campaign, every=1.0):
    web, url = requests.Session(), f"{server}/api/campaigns/{campaign}"
    web.headers["Authorization"] = f"Bearer {os.environ['ACTIVESCI_TOKEN']}"
    while (asked := web.post(f"{url}/ask", json={"instrument": NAME}).json())["state"] != "stopped":
        for lease in asked["leases"]:
            told = {"key": f"{NAME}-{lease['proposal']}", "instrument": NAME, "proposal": lease["proposal"]}
            answer = web.post(f"{url}/tell", json=told | {"outcome": measure(lease["design"])})
            print(lease["design"], answer.json().get("state") or answer.json())
        time.sleep(0 if asked["leases"] else every)  # the next design is being computed


if __name__ == "__main__":
    main(*sys.argv[1:])

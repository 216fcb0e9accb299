"""Read a finished run with ArviZ: tables, checks and pictures of a posterior that others know.

Run it from the repository's root (a few seconds); it takes `pip install "activesci[arviz]"`:

    python examples/read_with_arviz.py [RUN]

RUN is the folder of a run; without one, the decay of `experiments/decay` is run first. The same file comes from the
command line, `activesci export arviz RUN --to posterior.nc`, and can be read wherever netCDF can.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import activesci as asci
from activesci.export import export

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0.23 announces ArviZ 1.0
    import arviz as az

STUDY = Path(__file__).parents[1] / "experiments" / "decay" / "study.yaml"


def main(run: Path, to: Path) -> az.InferenceData:
    """Export a run, read it back, and say what ArviZ makes of it."""
    data = az.from_netcdf(export("arviz", run, to))
    print(data.attrs["study"], data.attrs["status"], "log evidence", data.attrs.get("log_evidence"))
    # one chain of equally weighted samples: sequential Monte Carlo has no chains, so there is no R-hat
    print(az.summary(data, kind="stats", hdi_prob=0.9))
    print(f"prior sd of b {float(data.prior['b'].std()):.3f}, posterior sd {float(data.posterior['b'].std()):.3f}")
    misses = abs(data.observed_data["y"] - data.predictions["y"].mean(("chain", "draw"))) > 3 * data.predictions[
        "y"
    ].std(("chain", "draw"))
    print(f"{int(misses.sum())} of {misses.size} measurements lie beyond 3 sd of what was predicted of them")
    return data


if __name__ == "__main__":
    place = Path(tempfile.mkdtemp())
    if len(sys.argv) > 1:
        run = Path(sys.argv[1])
    else:
        run = place / "run"
        with asci.Campaign(asci.Study.load(STUDY), run) as campaign:
            campaign.run()
    main(run, place / "posterior.nc")

"""Campaigns whose outcomes are images: from the study file to the report, resumed, calibrated, refused."""

import json

import numpy as np
import pytest
import yaml

from activesci.errors import LedgerError, StudyError
from activesci.loop.controller import Campaign
from activesci.loop.surrogates import surrogate_for
from activesci.simulate import FunctionSimulator

from .worlds import world

IMAGES = """\
import numpy as np

def simulate(theta, design, rng):
    place = np.arange(8.0)
    rows = np.exp(-0.5 * (place - np.asarray(theta["u"])[..., None]) ** 2)
    image = rows[..., :, None] * rows[..., None, :] * np.asarray(design["t"])[..., None, None]
    return {"image": image + 0.1 * rng.standard_normal(image.shape)}
"""
EYES = """\
import torch

class Eye(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 8))

    def forward(self, image):
        return self.layers(image)
"""
SETTINGS = {"simulations": 150, "per_round": 40, "passes": 1, "ensemble": 2, "particles": 128}


def images(folder, **inference):
    return world(
        folder,
        model=IMAGES,
        parameters={"u": {"prior": {"uniform": [2, 5]}}},
        design={"t": {"real": [0.5, 2]}},
        outcome={"image": {"real": [8, 8]}},
        experiment={"truth": {"u": 3.3}},
        designer={"grid": {"points": 3}},
        inference={**SETTINGS, **inference},
        stop={"rounds": 1},
    )


def test_images_are_measured_chosen_reported_and_resumed(tmp_path):
    study = images(tmp_path / "study")
    with Campaign(study, tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 0:
                break
    with Campaign.open(tmp_path / "run") as campaign:
        assert campaign.run().status == "stopped"
        resumed = campaign.posterior.theta
        mean, sd = campaign.posterior.mean()["u"], campaign.posterior.sd()["u"]
    with Campaign(study, tmp_path / "whole") as campaign:
        campaign.run()
        np.testing.assert_array_equal(campaign.posterior.theta, resumed)
        campaign.calibrate(2)
    assert sd < 0.5  # of a prior of 0.87
    assert abs(mean - 3.3) < 4 * sd + 0.1
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["log_evidence"] is None
    assert np.shape(summary["rounds"][0]["outcome"]["image"]) == (8, 8)
    assert all(one["gain"] > 0 for one in summary["rounds"])
    page = (tmp_path / "run" / "report.html").read_text()
    assert "ratio – image is an image, and the simulator offers no log-likelihood" in page
    assert "component of image" in page
    assert "none: ratio knows the likelihood up to a factor only" in page


def test_a_network_of_the_users_own_looks_at_images_and_its_code_is_recorded(tmp_path):
    study = images(tmp_path / "study", embedding="eyes:Eye")
    (tmp_path / "study" / "eyes.py").write_text(EYES)
    with Campaign(study, tmp_path / "run") as campaign:
        next(iter(campaign))
        assert len(campaign.history.started.payload["embedding_digest"]) == 64
    (tmp_path / "study" / "eyes.py").write_text(EYES.replace("64, 8", "64, 9"))
    with pytest.raises(LedgerError, match="another embedding's code"):
        Campaign(study, tmp_path / "run")


@pytest.mark.parametrize(
    ("inference", "said"),
    [
        ({"surrogate": "ratio", "embedding": "conv1d", "outcome": []}, "found 'conv1d' for y of shape"),
        ({"surrogate": "ratio", "embedding": "eyes:Eye"}, "inference.embedding: .*no module 'eyes'"),
        ({"surrogate": "ratio", "embedding": "model:Nothing"}, "inference.embedding: .*no function 'Nothing'"),
        ({"surrogate": "likelihood", "embedding": "mlp"}, "found 'mlp' with the surrogate 'likelihood'"),
    ],
)
def test_an_embedding_that_cannot_be_used_is_refused(tmp_path, inference, said):
    shape = inference.pop("outcome", None)
    study = images(tmp_path, **inference) if shape is None else world(tmp_path, inference=inference)
    with pytest.raises(StudyError, match=said):
        surrogate_for(study, FunctionSimulator(study))


def test_a_name_that_is_no_embedding_is_refused_where_it_stands(tmp_path):
    with pytest.raises(StudyError, match=r"inference.embedding: found 'conv3d', expected auto, mlp, conv1d"):
        images(tmp_path, embedding="conv3d")


def test_auto_takes_a_ratio_for_large_outcomes_and_where_an_embedding_is_asked_for(tmp_path):
    study = images(tmp_path)
    assert surrogate_for(study, FunctionSimulator(study)).kind == "ratio"
    mapping = yaml.safe_load((tmp_path / "study.yaml").read_text())
    assert "surrogate" not in mapping["inference"]
    plain = IMAGES.replace('{"image"', '{"y"').replace("image + 0.1", "image[..., 0, 0] + 0.1")
    plain = plain.replace("image.shape", "image.shape[:-2]")
    small = world(tmp_path / "small", model=plain, inference={"embedding": "mlp"})
    chosen = surrogate_for(small, FunctionSimulator(small))
    assert (chosen.kind, chosen.why) == ("ratio", "an embedding is asked for")

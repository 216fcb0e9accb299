import pickle

import numpy as np
import pytest

from activesci.errors import StudyError

from .studies import study

PARAMETERS = {
    "a": {"prior": {"uniform": [0, 2]}, "unit": "m"},
    "k": {"prior": {"fixed": 3}},
    "b": {"prior": {"lognormal": [0, 1]}, "role": "nuisance"},
    "c": {"prior": {"normal": [0, 1]}},
}
SPACE = study(parameters=PARAMETERS).parameter_space
CUBE = np.random.default_rng(0).random((500, 3))


def test_the_free_parameters_are_in_the_studys_order():
    assert SPACE.names == ("a", "b", "c")
    assert SPACE.dim == 3
    assert SPACE.interest == [0, 2]
    assert SPACE.fixed == {"k": 3.0}
    assert SPACE.units == {"a": "m", "k": "", "b": "", "c": ""}


def test_the_cube_and_back():
    np.testing.assert_allclose(SPACE.to_cube(SPACE.from_cube(CUBE)), CUBE, rtol=1e-9)


def test_the_prior_is_the_product_of_all():
    theta = SPACE.from_cube(CUBE)
    expected = sum(prior.logpdf(theta[:, j]) for j, prior in enumerate(SPACE.priors))
    np.testing.assert_allclose(SPACE.log_prior(theta), expected)
    theta[0, 0] = 2.1
    assert SPACE.log_prior(theta)[0] == -np.inf


def test_the_corners_of_the_cube_are_parameters():
    theta = SPACE.from_cube(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    assert np.isfinite(theta).all()
    assert np.isfinite(SPACE.log_prior(theta)).all()


def test_outside_the_support_stays_inside_the_open_cube():
    u = SPACE.to_cube(np.array([[-1.0, -1.0, -99.0], [3.0, 1e300, 99.0]]))
    assert ((u > 0.0) & (u < 1.0)).all()


def test_columns_have_every_parameter_in_the_studys_order():
    columns = SPACE.columns(SPACE.from_cube(CUBE))
    assert list(columns) == list(PARAMETERS)
    assert (columns["k"] == 3.0).all()
    assert columns["c"].shape == (500,)


def test_the_input_is_left_alone():
    cube = CUBE.copy()
    SPACE.from_cube(cube)
    SPACE.to_cube(cube)
    assert (cube == CUBE).all()


def test_a_space_is_cheap_to_pickle():
    assert pickle.loads(pickle.dumps(SPACE)) == SPACE
    assert len(pickle.dumps(SPACE)) < 1000


def test_one_number_will_do_for_an_exponential():
    spaces = [study(parameters={"a": {"prior": {"exponential": v}}}).parameter_space for v in (2, [2.0])]
    assert spaces[0] == spaces[1]


def test_no_parameter_of_interest_is_refused():
    with pytest.raises(StudyError, match="study: parameters: found no free parameter of interest"):
        study(parameters={"a": {"prior": {"uniform": [0, 2]}, "role": "nuisance"}})

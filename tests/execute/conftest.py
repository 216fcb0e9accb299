"""One Ray of two CPUs for all tests of this folder."""

import pytest


@pytest.fixture(scope="session")
def ray_of_two():
    """Start Ray once; every RayExecutor without an address uses the one that its process has started."""
    import pytest_socket

    from activesci.execute.ray import RayExecutor

    pytest_socket.enable_socket()  # a session's fixture is set up before the first test's own markers are looked at
    with RayExecutor(workers=2) as first:
        yield first

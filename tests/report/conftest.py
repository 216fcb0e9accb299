import pytest

from activesci.report import report_html

from .campaigns import ALL
from .reading import Page


@pytest.fixture(scope="session")
def campaign(tmp_path_factory):
    """A pretended campaign by name, made once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = ALL[name](tmp_path_factory.mktemp("runs") / name)
        return made[name]

    yield get
    for campaign in made.values():
        campaign.ledger.close()


@pytest.fixture(scope="session")
def page(campaign):
    """The page of a pretended campaign, read as a browser reads it."""
    pages = {}

    def get(name):
        if name not in pages:
            made = campaign(name)
            pages[name] = Page(report_html(made.study, made.history, made.ledger.arrays))
        return pages[name]

    return get

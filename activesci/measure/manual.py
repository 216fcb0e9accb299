"""An experiment that somebody does by hand: ask for a design, tell the outcome."""

from collections.abc import Collection

from activesci.errors import CampaignError
from activesci.types import FloatArray

from .base import Attempt


class ManualExperiment:
    """An experiment that the loop cannot do itself."""

    def measure(self, xi: FloatArray, round: int, proposal: int, attempt: int, used: Collection[int] = ()) -> Attempt:
        """Refuse.

        Raises:
            CampaignError: Always.
        """
        raise CampaignError(
            "the experiment is manual: nobody but you can measure; take the design from `activesci ask` and give the "
            "outcome to `activesci tell`"
        )

    def pool(self) -> None:
        """Return None: anything in the design space can be measured."""

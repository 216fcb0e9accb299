"""What a plug-in has to hold to, as checks that its author calls in tests of their own.

    from activesci.testing import check_designer, check_surrogate

    def test_my_designer_keeps_its_contract():
        check_designer(MyDesigner(points=7))

    def test_my_surrogate_keeps_its_contract():
        check_surrogate(MySurrogate.of)

A contract that is broken is an `AssertionError` that says what was found and what was expected. activesci's own
designers and surrogates are held to the same checks.
"""

from .designers import check_designer
from .questions import KnownGain, questions
from .surrogates import check_surrogate
from .worlds import line, simulated

__all__ = ["KnownGain", "check_designer", "check_surrogate", "line", "questions", "simulated"]

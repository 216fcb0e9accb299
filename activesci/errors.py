"""Every error that activesci raises, in one tree.

ActiveSciError
├── StudyError            the study file or mapping is wrong          (also ValueError)
├── SimulatorError        the simulator cannot be loaded              (also ImportError)
├── DataError             a file of recorded measurements is wrong    (also ValueError)
├── DesignError           a design outside the study's design space   (also ValueError)
├── OutcomeError          an outcome that does not fit the study      (also ValueError)
├── LedgerError           a run folder that cannot be trusted or used (also RuntimeError)
└── CampaignError         a campaign asked to do what it cannot do    (also RuntimeError)
    └── WorkersLost       where its simulations ran is gone; it pauses

ActiveSciWarning          the root of our warnings                    (UserWarning)

An error is raised when the *caller* is wrong. When the *world* fails (a simulator crashes, a worker dies) it is
data: an attempt with a status and a reason, in the ledger.
"""


class ActiveSciError(Exception):
    """The root of every error that activesci raises on purpose.

    A message has three parts: what was found and where, what was expected, what to do.
    """


class StudyError(ActiveSciError, ValueError):
    """The study is wrong: an unknown key, a wrong type, a bound the wrong way."""


class SimulatorError(ActiveSciError, ImportError):
    """The simulator cannot be loaded: no such file, no such function, an error on import."""


class DataError(ActiveSciError, ValueError):
    """A file of recorded measurements is wrong: a missing column, a cell that is no number."""


class DesignError(ActiveSciError, ValueError):
    """A design outside the study's design space, or one that nobody asked for."""


class OutcomeError(ActiveSciError, ValueError):
    """An outcome that does not fit the study: a wrong name, shape or kind, or not finite."""


class LedgerError(ActiveSciError, RuntimeError):
    """A run folder that cannot be trusted or used: damaged, of another study, in use, too new."""


class CampaignError(ActiveSciError, RuntimeError):
    """A campaign asked to do what it cannot do in its state, such as `ask` on a finished one."""


class WorkersLost(CampaignError):  # noqa: N818 (no fault of the caller: a campaign pauses on it)
    """Where simulations ran is gone for good: the cluster's head, or the Ray of this machine."""


class ActiveSciWarning(UserWarning):
    """The root of the warnings that activesci gives."""

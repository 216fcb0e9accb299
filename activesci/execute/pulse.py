"""Whether a cluster's head still answers, and what the cluster has."""

import threading
import time
from collections.abc import Callable, Mapping

from activesci.errors import WorkersLost

EVERY = 2.0  # seconds between two questions
PATIENCE = 15.0  # seconds without an answer after which the head is given up


class Pulse:
    """Asks a cluster now and then what it has, from a thread of its own.

    Ray's own calls wait for a head that is gone for as long as it takes; the campaign has to hear of it.

    Args:
        ask: Returns what the cluster has by name; may wait for ever, or raise.
        every: Time between two questions [s].
        patience: Time without an answer after which the head is given up [s].

    Example:
        >>> Pulse(lambda: {"CPU": 2.0}, every=0.0).beat() in (None, {"CPU": 2.0})
        True
    """

    def __init__(
        self, ask: Callable[[], Mapping[str, float]], every: float = EVERY, patience: float = PATIENCE
    ) -> None:
        self._ask, self._every, self._patience = ask, every, patience
        self._asked = self._answered = time.monotonic()
        self._answer: Mapping[str, float] | None = None
        self._asking: threading.Thread | None = None

    def beat(self) -> Mapping[str, float] | None:
        """Ask again if it is time to, and return what was answered since the last call.

        Raises:
            WorkersLost: If there has been no answer for too long.
        """
        now, (answer, self._answer) = time.monotonic(), (self._answer, None)
        if self._asking is not None and self._asking.is_alive():
            self._give_up_after(now - self._asked)
        elif now - self._asked >= self._every:
            self._give_up_after(self._asked - self._answered)
            self._asked = now
            self._asking = threading.Thread(target=self._listen, daemon=True)  # a stuck one must not keep us
            self._asking.start()
        return answer

    def _listen(self) -> None:
        try:
            answer = self._ask()
        except Exception:  # noqa: BLE001 (no answer, for whatever reason; the next question comes)
            return
        self._answer, self._answered = answer, time.monotonic()

    def _give_up_after(self, seconds: float) -> None:
        if seconds > self._patience:
            raise WorkersLost(f"executor.ray: the cluster's head has not answered for {seconds:.0f} s")

"""A client for instruments and programs elsewhere: ask for a design, tell what came out."""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from activesci.errors import CampaignError, DesignError

from .published import Published

if TYPE_CHECKING:
    import httpx2

TOKEN = "ACTIVESCI_TOKEN"
"""The environment variable in which the token is looked for."""
LONGEST_PAUSE = 5.0
"""Seconds between two looks at something that is being computed, at most."""
TRIES = 5
"""How often a request is sent again when the service cannot be reached; it knows an answer that it has by its key."""


class Client:
    """Talks to `activesci serve`.

    Args:
        url: Where it is, such as http://127.0.0.1:8642.
        token: A token of it; by default what the environment variable ACTIVESCI_TOKEN says.
        instrument: What this instrument is called; asked again under that name, the same designs come back.
        http: What sends requests, in tests.

    Raises:
        CampaignError: If there is no token, or the URL is none.

    Example:
        >>> client = Client("http://127.0.0.1:8642", instrument="photometer")  # doctest: +SKIP
        >>> while (lease := client.ask("decay")) is not None:  # doctest: +SKIP
        ...     client.tell("decay", lease, measure(lease["design"]))
    """

    def __init__(
        self, url: str, token: str | None = None, instrument: str = "client", http: "httpx2.Client | None" = None
    ) -> None:
        given = token if token is not None else os.environ.get(TOKEN, "")
        if not given:
            raise CampaignError(f"found no token, expected one as argument or in the environment variable {TOKEN}")
        if urlsplit(url).scheme not in ("http", "https"):
            raise CampaignError(f"found the server {url!r}, expected http://HOST:PORT")
        self.instrument = instrument
        self._http = _connection() if http is None else http
        self._url, self._headers = url.rstrip("/"), {"authorization": f"Bearer {given}"}

    def status(self, campaign: str) -> dict[str, Any]:
        """Return a campaign: `summary` as summary.json has it, `work` that is done for it, `last` event.

        Raises:
            CampaignError: If the service refuses.
        """
        return dict(self._get(f"/api/campaigns/{campaign}"))

    def attempts(self, campaign: str, limit: int = 5) -> list[dict[str, Any]]:
        """Return the latest attempts that failed: what, number, attempt, reason, and what its program complained."""
        return list(self._get(f"/api/campaigns/{campaign}/attempts", limit=limit))

    def campaigns(self, search: str = "") -> list[dict[str, Any]]:
        """Return the latest campaigns in whose name or study a text occurs."""
        return list(self._get("/api/campaigns", search=search)["campaigns"])

    def keep(self, name: str, folder: str | Path) -> str:
        """Keep the text files of a folder as a study, study.yaml and what lies beside it; return the version.

        Args:
            name: What the study is called there.
            folder: The folder; what is in folders below it is left out.

        Raises:
            CampaignError: If the service refuses.
            DesignError: If it is no study.
        """
        paths = [path for path in sorted(Path(folder).iterdir()) if path.is_file()]
        files = {path.name: path.read_text(encoding="utf-8") for path in paths}
        return str(self._post("/api/studies", {"name": name, "files": files})["version"])

    def begin(
        self,
        campaign: str,
        study: str,
        version: str | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a campaign of a study that is kept there, and run it.

        Args:
            campaign: Its name.
            study: The study's name.
            version: The study's version; by default the latest.
            seed: Instead of the study's.
            settings: Paths to values, as `--set` has them.

        Raises:
            CampaignError: If the service refuses.
        """
        said = {"name": campaign, "study": study, "version": version, "seed": seed, "settings": dict(settings or {})}
        self._post("/api/campaigns", said)

    def stop(self, campaign: str, why: str) -> dict[str, Any]:
        """Have a campaign ended for good before its stop rule holds; return what is done about it, see `wait`.

        Args:
            campaign: Its name.
            why: Why, in words; its answer says so.

        Raises:
            CampaignError: If it has stopped already, or the service refuses.
        """
        return dict(self._post(f"/api/campaigns/{campaign}/stop", {"why": why}))

    def wait(self, campaign: str, longest: float | None = None) -> dict[str, Any]:
        """Wait until a campaign has stopped, and return its status.

        Args:
            campaign: Its name.
            longest: How long to wait [s]; by default as long as it takes.

        Raises:
            CampaignError: If it is paused or has failed, or the wait is over.
        """
        until, pause = None if longest is None else time.monotonic() + longest, 0.2
        while True:
            work = self._get(f"/api/campaigns/{campaign}/work")
            if work["wished"] == "done":
                return self.status(campaign)
            if work["wished"] in ("paused", "failed"):
                raise CampaignError(f"{campaign}: the campaign is {work['wished']}: {work['why']}")
            if until is not None and time.monotonic() > until:
                raise CampaignError(f"{campaign}: it has not stopped after {longest:g} s: wait longer")
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 1.5 * pause)

    def ask(
        self, campaign: str, count: int = 1, seconds: float = 3600.0, wait: float | None = None
    ) -> dict[str, Any] | None:
        """Return the next design to measure as a lease, with `proposal` and `design`; None once the campaign stopped.

        Args:
            campaign: Its name.
            count: How many this instrument measures at a time; of several, the first that is not told yet.
            seconds: How long nobody else is given it [s].
            wait: How long to wait while it is computed [s]; by default as long as it takes.

        Raises:
            CampaignError: If the campaign is paused, or the wait is over.
        """
        leases = self.asked(campaign, count, seconds, wait)
        return leases[0] if leases else None

    def asked(
        self, campaign: str, count: int = 1, seconds: float = 3600.0, wait: float | None = None
    ) -> list[dict[str, Any]]:
        """Return all leases of this instrument, at most `count`; none once the campaign has stopped.

        Raises:
            CampaignError: As `ask`.
        """
        body = {"instrument": self.instrument, "count": count, "seconds": seconds}
        until, pause = None if wait is None else time.monotonic() + wait, 0.1
        while True:
            found = self._post(f"/api/campaigns/{campaign}/ask", body)
            if found["state"] in ("ready", "stopped"):
                return list(found["leases"])
            if found["state"] == "paused":
                raise CampaignError(f"{campaign}: the campaign is paused: {found['reason']}")
            if until is not None and time.monotonic() > until:
                raise CampaignError(f"{campaign}: the next design is still being computed: ask again later")
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 1.5 * pause)

    def tell(
        self,
        campaign: str,
        lease: Mapping[str, Any] | int,
        outcome: Mapping[str, Any] | None = None,
        *,
        design: Mapping[str, Any] | None = None,
        failed: str | None = None,
        partial: bool = False,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Tell what came of a measurement; return the answer, whose `state` says whether it counts.

        It is recorded when this returns. 'received' becomes 'counted' once the campaign has learned from it; 'late' is
        recorded and not counted, as another answer came before.

        Args:
            campaign: Its name.
            lease: What `ask` returned, or its proposal's number.
            outcome: What came out by name.
            design: What was measured, if it is not exactly what was asked for.
            failed: Why nothing came out, in place of an outcome.
            partial: Whether it was ended early: of the events that were asked for, fewer may have come.
            key: What makes this answer known if it is sent twice; by default made up, and the same for every retry.

        Raises:
            DesignError: If the answer does not fit the study.
            CampaignError: If the service refuses, or cannot be reached.
        """
        body = {
            "key": key or secrets.token_hex(12),
            "instrument": self.instrument,
            "proposal": lease if isinstance(lease, int) else lease["proposal"],
            "design": None if design is None else dict(design),
            "outcome": None if outcome is None else dict(outcome),
            "failed": failed,
            "partial": partial,
        }
        return dict(self._post(f"/api/campaigns/{campaign}/tell", body))

    def answer(self, campaign: str, number: int) -> dict[str, Any]:
        """Return an answer by its `id`, with what has become of it."""
        return dict(self._get(f"/api/campaigns/{campaign}/answers/{number}"))

    @property
    def catalogue(self) -> "Published":
        """Published analyses, and what is asked of them."""
        return Published(self._get, self._post)

    def _get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - JSON is what it is
        return self._sent(lambda: self._http.get(self._url + path, params=query, headers=self._headers))

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON is what it is
        return self._sent(lambda: self._http.post(self._url + path, json=dict(body), headers=self._headers))

    def _sent(self, send: Any) -> Any:  # noqa: ANN401 - JSON is what it is
        """Return what a request is answered with; one that does not get through is sent again for a while."""
        import httpx2

        for attempt in range(TRIES):
            try:
                return _read(send())
            except httpx2.TransportError as error:
                if attempt == TRIES - 1:
                    why = f"{self._url}: cannot be reached ({error}): is the service running there?"
                    raise CampaignError(why) from error
                time.sleep(0.5 * 2**attempt)
        raise AssertionError  # the last attempt returns or raises

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()


def _connection() -> "httpx2.Client":
    try:
        import httpx2
    except ModuleNotFoundError as error:
        raise CampaignError(f"found no module {error.name}, expected it: pip install 'activesci[client]'") from error
    return httpx2.Client(timeout=60.0)


def _read(response: "httpx2.Response") -> Any:  # noqa: ANN401 - JSON is what it is
    if response.is_success:
        return response.json()
    try:
        why = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        why = response.text[:200]
    kind = DesignError if response.status_code == 422 else CampaignError
    raise kind(f"the service refuses ({response.status_code}): {why}")

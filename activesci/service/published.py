"""The catalogue of a service from elsewhere: read it, ask an analysis something else, decide, wait for the answer."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError

PAUSE = 1.0
"""Seconds between two looks at a request that is being answered."""

Get = Callable[..., Any]
Post = Callable[[str, Mapping[str, Any]], Any]


class Published:
    """What `Client.catalogue` is.

    Args:
        get: Asks the service.
        post: Asks the service for a change.

    Example:
        >>> from activesci import Client
        >>> client = Client("http://127.0.0.1:8642")  # doctest: +SKIP
        >>> asked = client.catalogue.request("weinberg", "any room for a Z'?", model=model)  # doctest: +SKIP
        >>> client.catalogue.result(asked["id"])["answer"]["posterior"]  # doctest: +SKIP
    """

    def __init__(self, get: Get, post: Post) -> None:
        self._get, self._post = get, post

    def analyses(self) -> list[dict[str, Any]]:
        """Return the published analyses: name, description, digest, answer, tolerance ..."""
        return list(self._get("/api/catalogue"))

    def files(self, analysis: str) -> dict[str, str]:
        """Return the texts of an analysis by name: study, code, workflow, data."""
        return dict(self._get(f"/api/catalogue/{analysis}/files"))

    def publish(self, name: str, campaign: str, tolerance: float = 0.1) -> dict[str, Any]:
        """Publish a finished campaign; return the job, of which `GET /api/jobs/ID` tells.

        Raises:
            CampaignError: If the service refuses.
        """
        body = {"name": name, "campaign": campaign, "tolerance": tolerance}
        return dict(self._post("/api/catalogue", body))

    def request(
        self,
        analysis: str,
        reason: str,
        *,
        model: Mapping[str, Any] | None = None,
        points: Sequence[Mapping[str, float]] = (),
        limit: Mapping[str, Any] | None = None,
        files: Sequence[str | Path] = (),
    ) -> dict[str, Any]:
        """Ask an analysis something else; return the request, with its `id`.

        Args:
            analysis: Its name.
            reason: Why, for whoever decides.
            model: Sections of its study in place of its own.
            points: Points of the parameters whose support is asked for.
            limit: An upper limit: parameter, against, level, at.
            files: The model's own code.

        Raises:
            DesignError: If the request does not fit the analysis.
            CampaignError: If the service refuses.
        """
        texts = {Path(path).name: Path(path).read_text(encoding="utf-8") for path in files}
        body = {"reason": reason, "model": dict(model or {}), "points": [dict(one) for one in points], "files": texts}
        more = {"limit": dict(limit)} if limit else {}
        return dict(self._post(f"/api/catalogue/{analysis}/requests", {**body, **more}))

    def requests(self, analysis: str | None = None) -> list[dict[str, Any]]:
        """Return the latest requests, to one analysis or to all."""
        return list(self._get("/api/requests" if analysis is None else f"/api/catalogue/{analysis}/requests"))

    def accept(self, request: str, word: str) -> dict[str, Any]:
        """Have a request answered, with a word why; whoever does that runs its code: read it first.

        Raises:
            CampaignError: If it is decided already.
        """
        return dict(self._post(f"/api/requests/{request}/accept", {"word": word}))

    def reject(self, request: str, word: str) -> dict[str, Any]:
        """Say no to a request, with a word why.

        Raises:
            CampaignError: If it is decided already.
        """
        return dict(self._post(f"/api/requests/{request}/reject", {"word": word}))

    def result(self, request: str, wait: float | None = None) -> dict[str, Any]:
        """Return what came of a request: `basis`, `answer`, and the digest of the `ledger`.

        Args:
            request: Its id.
            wait: How long to wait for it [s]; by default as long as it takes.

        Raises:
            CampaignError: If it was rejected or refused, says why; if the wait is over.
        """
        until = None if wait is None else time.monotonic() + wait
        while (found := self._get(f"/api/requests/{request}"))["state"] != "done":
            if found["state"] in ("rejected", "refused", "failed"):
                raise CampaignError(f"{request}: the request is {found['state']}: {found['why'] or found['word']}")
            if until is not None and time.monotonic() > until:
                raise CampaignError(f"{request}: the request is {found['state']} still: ask again later")
            time.sleep(PAUSE)
        return dict(self._get(f"/api/requests/{request}/result"))

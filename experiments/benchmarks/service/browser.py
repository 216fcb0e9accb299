"""Drives a real browser: Chromium without a window, told what to do through a pipe (the DevTools protocol)."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"),
)
LONGEST = 60.0
"""Seconds to wait for something to be on a page."""


class Browser:
    """A page in Chromium.

    Args:
        width: Of the window in CSS pixels.
        height: Of the window.

    Raises:
        FileNotFoundError: If there is no Chromium.
    """

    def __init__(self, width: int = 1200, height: int = 900) -> None:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            raise FileNotFoundError("found no chromium, expected one: apt-get install chromium")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{to_child} 4>&{from_child}', program, *FLAGS]
            + [f"--user-data-dir={self._profile.name}", f"--window-size={width},{height}", "about:blank"],
            pass_fds=(to_child, from_child),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self._numbers, self._kept, self._session = itertools.count(1), b"", ""
        self._attach()
        self.size(width, height)

    def _attach(self) -> None:
        until = time.monotonic() + LONGEST
        while not (found := [t for t in self._do("Target.getTargets")["targetInfos"] if t["type"] == "page"]):
            if time.monotonic() > until:
                raise TimeoutError("found no page in the browser")
            time.sleep(0.1)
        self._session = self._do("Target.attachToTarget", targetId=found[0]["targetId"], flatten=True)["sessionId"]

    def _do(self, method: str, **given: Any) -> dict[str, Any]:
        """Send a command, and return what it answers."""
        number = next(self._numbers)
        said = {"id": number, "method": method, "params": given}
        said |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(said).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._kept:
            data = os.read(self._in, 1 << 20)
            if not data:
                raise ConnectionError("the browser has ended")
            self._kept += data
        line, _, self._kept = self._kept.partition(b"\0")
        return dict(json.loads(line))

    def js(self, expression: str) -> Any:
        """Return what an expression is on the page."""
        found = self._do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{expression}: {found['exceptionDetails']['exception'].get('description')}")
        return found["result"].get("value")

    def size(self, width: int, height: int) -> None:
        """Be as wide and high as this; below 500 px like a phone."""
        more = {"deviceScaleFactor": 1, "mobile": width < 500}
        self._do("Emulation.setDeviceMetricsOverride", width=width, height=height, **more)

    def dark(self, on: bool = True) -> None:
        """Ask for dark pages, or for light ones."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self._do("Emulation.setEmulatedMedia", features=[feature])

    def go(self, url: str) -> None:
        """Open a page, and wait until it is there."""
        self.js("window.leaving = true")
        self._do("Page.navigate", url=url)
        self.arrived()

    def arrived(self) -> None:
        """Wait until another page has come."""
        self.until("!window.leaving && document.readyState === 'complete'")

    def until(self, condition: str, longest: float = LONGEST) -> None:
        """Wait until a condition holds on the page."""
        end = time.monotonic() + longest
        while not self._holds(condition):
            if time.monotonic() > end:
                raise TimeoutError(f"waited {longest:g} s for {condition} on a page that says: {self.text()[:400]}")
            time.sleep(0.1)

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.js(condition))
        except RuntimeError:  # between two pages there is nothing to ask
            return False

    def text(self) -> str:
        """Return the words of the page."""
        return str(self.js("document.body.innerText"))

    def fill(self, name: str, value: str) -> None:
        """Write into a field by typing, or choose; the field is named as in the form."""
        field = f"document.getElementsByName({json.dumps(name)})[0]"
        if self.js(f"{field} === undefined"):
            raise LookupError(f"found no field {name!r} on the page")
        if self.js(f"{field}.tagName") == "SELECT":
            changed = "dispatchEvent(new Event('change', {bubbles: true}))"
            self.js(f"{field}.value = {json.dumps(value)}; {field}.{changed}")
            return
        self.js(f"{field}.focus(); {field}.select()")
        self._do("Input.insertText", text=value)

    def key(self, key: str, code: int, text: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)

    def press(self, text: str, within: str = "document", leaves: bool = True) -> None:
        """Click the button or link that says a text, and wait for the page that follows."""
        parts = f"[...{within}.querySelectorAll('button, a, summary')]"
        seen = "b.offsetParent && !b.closest('[aria-hidden]')"
        found = f"{parts}.filter(b => b.innerText.trim() === {json.dumps(text)} && {seen})[0]"
        if self.js(f"{found} === undefined"):
            raise LookupError(f"found no button {text!r} on a page that says: {self.text()[:400]}")
        middle = "const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]"
        at = self.js(f"(b => {{ b.scrollIntoView({{block: 'center'}}); {middle} }})({found})")
        self.js(f"window.leaving = {json.dumps(leaves)}")
        for kind in ("mousePressed", "mouseReleased"):
            self._do("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)
        if leaves:
            self.arrived()

    def picture(self, path: Path, whole: bool = True) -> None:
        """Write what the page looks like."""
        shown = self._do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shown["data"]))

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(10)
        for end in (self._in, self._out):
            os.close(end)
        self._profile.cleanup()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

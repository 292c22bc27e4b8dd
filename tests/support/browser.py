"""Chromium in headless mode, driven through its DevTools protocol."""

import base64
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from tests.support.servers.process import Daemon, UnavailableError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
SECONDS: Final = 60.0
WIDEST_PHONE: Final = 500
_QUIET: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
)


class Browser:
    """A running browser."""

    def __init__(self, folder: Path) -> None:
        """Start it with its profile in a folder; raise UnavailableError if there is none."""
        programs = [shutil.which(name) for name in NAMES]
        program = next((path for path in programs if path), None)
        if program is None:
            raise UnavailableError(
                "Chromium is not installed: install chromium"
            )
        argv = [program, *_QUIET, f"--user-data-dir={folder}"]
        if os.getuid() == 0:
            # As root, Chromium only starts without a sandbox.
            argv.append("--no-sandbox")
        folder.mkdir(parents=True, exist_ok=True)
        self._port = folder / "DevToolsActivePort"
        home = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self._daemon = Daemon(argv, folder / "chromium.log", home)
        self._daemon.wait_until(self._listens)

    def _listens(self) -> bool:
        return self._port.exists() and self._port.read_text().count("\n") > 0

    @contextmanager
    def tab(self) -> Iterator["Tab"]:
        """Open a tab, and close it at the end."""
        port, path = self._port.read_text().splitlines()
        url = f"ws://127.0.0.1:{port}{path}"
        with connect(url, max_size=None) as connection:
            tab = Tab(connection)
            yield tab
            tab.command("Page.close")

    def stop(self) -> None:
        self._daemon.stop()


class Tab:
    """A tab, and the events since its page was opened."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.command("Target.createTarget", url="about:blank")
        session = self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a DevTools command, and return its result."""
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": parameters,
            "sessionId": self._session,
        }
        text = json.dumps({k: v for k, v in message.items() if v is not None})
        self._connection.send(text)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._connection.recv(SECONDS))
        if "method" in answer:
            self.events.append(answer)
        return answer

    def open(self, page: Path | str) -> None:
        """Open a page, and wait until it has loaded."""
        url = page.as_uri() if isinstance(page, Path) else page
        self.events.clear()
        self.command("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait until the requested page has loaded."""
        while not self._happened("Page.loadEventFired"):
            self._receive()

    def _happened(self, method: str) -> list[dict[str, Any]]:
        return [e["params"] for e in self.events if e["method"] == method]

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of an expression in the page."""
        answer = self.command(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        deadline = time.monotonic() + SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, expression
            time.sleep(0.02)

    def look(self, width: int, *, dark: bool = False, media: str = "") -> None:
        """Emulate a screen of this width, or another medium."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < WIDEST_PHONE,
        )
        scheme = "dark" if dark else "light"
        self.command(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def press(self, key: str, text: str = "") -> None:
        keys = {"key": key, "code": key, "text": text}
        if key in {"Enter", "Tab"}:
            keys["windowsVirtualKeyCode"] = {"Enter": 13, "Tab": 9}[key]  # type: ignore[assignment]
        self.command("Input.dispatchKeyEvent", type="keyDown", **keys)
        self.command("Input.dispatchKeyEvent", type="keyUp", **keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self.command("Input.insertText", text=text)

    @property
    def complaints(self) -> list[str]:
        """The browser's errors and warnings."""
        self.evaluate("new Promise(requestAnimationFrame)")
        errors = self._happened("Runtime.exceptionThrown")
        calls = self._happened("Runtime.consoleAPICalled")
        entries = self._happened("Log.entryAdded")
        dialogs = self._happened("Page.javascriptDialogOpening")
        return [
            str(complaint)
            for complaint in (*errors, *calls, *entries, *dialogs)
        ]

    @property
    def requests(self) -> list[str]:
        """The requested URLs."""
        sent = self._happened("Network.requestWillBeSent")
        return [request["request"]["url"] for request in sent]

    def pdf(self) -> bytes:
        """Print the page."""
        answer = self.command("Page.printToPDF", preferCSSPageSize=True)
        return base64.b64decode(answer["data"])

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """Return a picture of the visible part, or of the whole page."""
        answer = self.command(
            "Page.captureScreenshot", captureBeyondViewport=whole
        )
        file.write_bytes(base64.b64decode(answer["data"]))

"""Parses diagrams with Mermaid itself, which npm installs once for this user."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.servers.lock import locked
from tests.support.servers.process import UnavailableError, run

PACKAGES: Final = ("mermaid@11.4.1", "jsdom@25.0.1")
"""Mermaid, and the DOM that it needs; both run on Node.js 18."""
_PARSER: Final = Path(__file__).with_name("parse.mjs")


def faults(diagrams: Sequence[str]) -> list[str | None]:
    """Return Mermaid's error for each diagram, None if it parses.

    Without Mermaid, the test is skipped or, under `FONDATION_TESTS=all`, fails.
    """
    try:
        node, folder = _installed()
    except UnavailableError as error:
        if os.environ.get("FONDATION_TESTS") == "all":
            raise
        pytest.skip(f"NOT TESTED with Mermaid, which cannot run here: {error}")
    answer = subprocess.run(
        [node, str(_PARSER), str(folder)],
        input=json.dumps(diagrams).encode(),
        capture_output=True,
        check=True,
    )
    errors: list[str | None] = json.loads(answer.stdout)
    return errors


def _installed() -> tuple[str, Path]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise UnavailableError("node or npm is not in PATH: install Node.js")
    base = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "fondation-worker"
    )
    folder = base / "-".join(PACKAGES)
    base.mkdir(parents=True, exist_ok=True)
    with locked(base / "npm.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=base) as scratch:
                _install(npm, Path(scratch) / "modules").rename(folder)
    return node, folder


def _install(npm: str, folder: Path) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}')
    settings = [
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel",
        "error",
    ]
    run([npm, "install", *settings, *PACKAGES], folder / "npm.log")
    return folder

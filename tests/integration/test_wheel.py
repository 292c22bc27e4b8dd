"""The wheel contains the two packages and nothing else."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

ROOT: Final = Path(__file__).parents[2]


def test_the_wheel_contains_both_packages_their_types_and_nothing_else(
    tmp_path: Path,
) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip(
            "NOT TESTED: hatchling, which builds the wheel, is not installed"
        )
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(tmp_path),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = {
            name for name in archive.namelist() if ".dist-info/" not in name
        }
    source = {
        path
        for package in ("worker", "states")
        for path in (ROOT / package).rglob("*.py")
    }
    typed = {"worker/py.typed", "states/py.typed"}
    site = ROOT / "worker" / "course" / "site"
    source |= {*site.glob("templates/*.html"), *site.glob("assets/course.*")}
    claude = ROOT / "worker" / "engines" / "claude"
    source |= {*claude.glob("prompts/*.md"), claude / "prices.json"}
    assert (
        names == {path.relative_to(ROOT).as_posix() for path in source} | typed
    )

"""Removes the program's guards, one at a time, and shows which test fails for each.

    python -m tests.sabotage                 all of them, each on a copy of this tree
    python -m tests.sabotage release outbox  those whose names contain one of the words
    python -m tests.sabotage --jobs 4        four guards at once

If no test fails without a guard, the exit code is 1, and the guard needs a test. The tests that
are likely to fail run first, then all others, the slow ones last.
"""

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

from tests.sabotage.guard import (
    PACKAGES,
    ROOT,
    Sabotage,
    marked_files,
    without_guard,
)
from tests.sabotage.table import GUARDS

ALL_THE_REST: Final = (
    "tests/unit",
    "tests/contract",
    "tests/simulation",
    "tests/integration",
    "tests/gateway",
    "tests/platform",
    "tests/acceptance",
    "tests/proofs",
)
FEW_SCHEDULES: Final = {"FONDATION_SCHEDULES": "320"}
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
TIMEOUT_SECONDS: Final = 1800


class TrialError(Exception):
    """The tests of a guard did not end, or could not be run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What happened without a guard."""

    guard: str
    outcome: str
    """The first test that failed, or why none did."""
    is_noticed: bool
    seconds: float


def main() -> int:
    """Try the guards that were asked for; print the outcome of each."""
    arguments = _parser().parse_args()
    chosen = [
        sabotage
        for sabotage in GUARDS
        if _is_named(sabotage.guard, arguments.words)
    ]
    unnoticed = 0
    with (
        TemporaryDirectory(prefix="sabotage-") as scratch,
        ThreadPoolExecutor(arguments.jobs) as pool,
    ):
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(arguments.jobs):
            trees.put(copy(Path(scratch) / str(number)))
        for verdict in pool.map(
            lambda sabotage: attempt(sabotage, trees), chosen
        ):
            unnoticed += not verdict.is_noticed
            sys.stdout.write(
                f"{verdict.guard}\n    {verdict.outcome} ({verdict.seconds:.0f} s)\n"
            )
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(chosen)} guards, {unnoticed} without a test that fails\n"
    )
    return 1 if unnoticed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Remove guards, one at a time, and see which test fails."
    )
    parser.add_argument(
        "words",
        nargs="*",
        help="only the guards whose names contain one of these",
    )
    parser.add_argument("--jobs", type=int, default=2)
    return parser


def _is_named(guard: str, words: Sequence[str]) -> bool:
    return not words or any(word in guard for word in words)


def copy(tree: Path) -> Path:
    """Copy the working tree, without files that git ignores."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tree / name)
    # Modification times are in seconds: checked by hash, a file is always compiled again.
    for package in PACKAGES:
        compileall.compile_dir(
            tree / package,
            quiet=1,
            invalidation_mode=PycInvalidationMode.CHECKED_HASH,
        )
    return tree


def attempt(sabotage: Sabotage, trees: "SimpleQueue[Path]") -> Verdict:
    """Remove one guard from a free copy of the tree, and run tests there until one fails."""
    tree, began = trees.get(), time.monotonic()
    try:
        test = notice(tree, sabotage, sabotage.tests)
        if test is None:
            test = notice(tree, sabotage, ALL_THE_REST)
        outcome = test or "NO TEST HAS NOTICED"
    except TrialError as error:
        test, outcome = None, f"NOT TRIED: {error}"
    finally:
        trees.put(tree)
    return Verdict(
        guard=sabotage.guard,
        outcome=outcome,
        is_noticed=test is not None,
        seconds=time.monotonic() - began,
    )


def notice(
    tree: Path, sabotage: Sabotage, tests: tuple[str, ...]
) -> str | None:
    """Return the first test that fails because the guard is missing."""
    innocent: list[str] = []
    while True:
        with sabotaged(tree, sabotage):
            failed = first_failure(tree, tests, without=innocent)
        if failed is None or _misses(tree, sabotage, failed):
            return failed
        if failed in innocent:
            raise TrialError(f"{failed} cannot be left out")
        innocent.append(failed)


def _misses(tree: Path, sabotage: Sabotage, test: str) -> bool:
    """Whether a test passes with the guard, and fails again without it.

    On a busy machine, a test may also fail for another reason.
    """
    if first_failure(tree, (test,)) is not None:
        return False
    with sabotaged(tree, sabotage):
        return first_failure(tree, (test,)) is not None


@contextmanager
def sabotaged(tree: Path, sabotage: Sabotage) -> Iterator[None]:
    """Change a file of a tree temporarily."""
    file = marked_files(tree)[sabotage.guard]
    whole = file.read_text()
    file.write_text(without_guard(whole, sabotage))
    try:
        yield
    finally:
        file.write_text(whole)


def first_failure(
    tree: Path, tests: tuple[str, ...], *, without: Sequence[str] = ()
) -> str | None:
    """Run tests in a tree; return the first that fails."""
    options = (
        "-x",
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:schemathesis",
        "-n",
        "0",
        "--ignore",
        "tests/unit/test_sabotage.py",
    )
    deselected = (option for test in without for option in ("--deselect", test))
    argv = [sys.executable, "-m", "pytest", *options, *deselected, *tests]
    environment = {
        **os.environ,
        **FEW_SCHEDULES,
        "PYTHONPATH": str(tree),
    }
    try:
        ended = subprocess.run(
            argv,
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TrialError(
            f"{' '.join(tests)}: did not end within {TIMEOUT_SECONDS} s"
        ) from None
    if ended.returncode == 0:
        return None
    if match := FAILED.search(ended.stdout):
        return match[1]
    raise TrialError(
        f"the tests could not be run:\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
    )


if __name__ == "__main__":
    sys.exit(main())

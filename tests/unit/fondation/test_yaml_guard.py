"""Stored files keep their place when another process overwrites them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from states.stages import Stage
from tests.support.waiting import until
from worker.engines.fondation.yaml_guard import YamlGuard
from worker.engines.port import EngineOutdatedError

PATH: Final = "step1_abstractions.yaml"
STORED: Final = b"- {name: stored}\n"

WRITE: Final = "open(path, 'w').write(own); "
READ: Final = "print(open(path).read(), end=''); "
MOVE: Final = (
    "import os; draft = path + '.draft'; open(draft, 'w').write(own); "
    "os.replace(draft, path); "
)

Visit = Callable[..., bytes]


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[YamlGuard]:
    (tmp_path / PATH).write_bytes(STORED)
    guard = YamlGuard(tmp_path, {PATH: STORED})
    yield guard
    guard.close()


@pytest.fixture
def visit(tmp_path: Path, guard: YamlGuard) -> Visit:
    """Return a function that lets another process change the file and returns its output."""

    def run(script: str, own: bytes = b"- {name: own}\n") -> bytes:
        code = (
            f"path, own = {str(tmp_path / PATH)!r}, {own.decode()!r}; {script}"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE
        ) as process:
            until(lambda: looked(guard) and process.poll() is not None)
            return process.communicate()[0]

    return run


def looked(guard: YamlGuard) -> bool:
    guard.look()
    return True


def test_a_process_that_writes_and_reads_at_once_reads_the_stored_content(
    guard: YamlGuard, visit: Visit
) -> None:
    assert visit(3 * (WRITE + READ)) == 3 * STORED
    guard.check()


def test_a_process_that_reads_before_it_writes_has_not_read_the_stored_content(
    guard: YamlGuard, visit: Visit
) -> None:
    assert visit(READ + WRITE) == STORED
    with pytest.raises(EngineOutdatedError, match="made again") as raised:
        guard.check()
    assert raised.value.stage is Stage.EXTRACT
    assert visit(READ) == STORED
    guard.check()


def test_a_process_that_writes_the_same_content_need_not_read_it(
    guard: YamlGuard, visit: Visit
) -> None:
    visit(WRITE, STORED)
    guard.check()


def test_a_process_that_writes_nothing_is_trusted(
    guard: YamlGuard, visit: Visit
) -> None:
    visit(READ)
    guard.check()


@pytest.mark.parametrize("own", [b"- {name: own}\n", b""])
def test_a_process_that_replaces_the_file_is_not_trusted(
    guard: YamlGuard, visit: Visit, own: bytes
) -> None:
    visit(MOVE + READ, own)
    with pytest.raises(EngineOutdatedError):
        guard.check()


def test_a_process_that_replaces_the_file_by_the_same_content_is_trusted(
    guard: YamlGuard, visit: Visit
) -> None:
    visit(MOVE + READ, STORED)
    guard.check()


def test_a_process_that_removes_the_file_is_not_trusted(
    guard: YamlGuard, visit: Visit
) -> None:
    visit("import os; os.unlink(path)")
    with pytest.raises(EngineOutdatedError):
        guard.check()


def test_without_file_leases_the_written_content_must_be_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / PATH).write_bytes(STORED)
    with (tmp_path / PATH).open(
        "r+b"
    ) as other:  # an open file cannot be leased
        guard = YamlGuard(tmp_path, {PATH: STORED})
        guard.look()
        guard.check()
        other.write(b"- {name: other!}\n")
        other.flush()
        with pytest.raises(EngineOutdatedError):
            guard.check()
        guard.close()

"""What a terminal shows during a run."""

import os
import pty
import re
import subprocess
from pathlib import Path

from tests.support.user import PROGRAM, User, bare_environment


def on_a_terminal(user: User, *argv: str, **environment: str) -> str:
    """Run a command with standard error on a terminal; return what the terminal received."""
    ours, theirs = pty.openpty()
    with _start(user, theirs, *argv, **environment) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(60) == 0, shown.decode()
    os.close(ours)
    return shown.decode()


def _start(
    user: User, terminal: int, *argv: str, **environment: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [PROGRAM, *argv],
        cwd=user.home,
        env={
            **bare_environment(),
            "HOME": str(user.home),
            "TERM": "xterm",
            "COLUMNS": "100",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the program has closed its side
        return b""


def test_each_finished_stage_leaves_a_line_and_no_log_is_mixed_in(
    user: User, folder: Path
) -> None:
    shown = re.sub(
        r"\x1b\[[0-9;?]*[A-Za-z]", "", on_a_terminal(user, "run", str(folder))
    )
    lines = [line.split("\r")[-1].split() for line in shown.splitlines()]
    steps = [
        line[0]
        for line in lines
        if line and re.fullmatch(r"[1-7]/7", line[0]) and line[-1].endswith("s")
    ]
    assert steps == [f"{step}/7" for step in range(1, 8)]
    assert "checkpoint" not in shown
    assert "{" not in shown


def test_the_terminal_is_left_as_it_was(user: User, folder: Path) -> None:
    shown = on_a_terminal(user, "run", str(folder))
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") > 0, (
        "the cursor must be shown again"
    )


def test_log_lines_are_shown_above_the_progress_bar(
    user: User, folder: Path
) -> None:
    shown = on_a_terminal(user, "run", str(folder), LOG_LEVEL="info")
    assert "claimed run=1" in shown
    assert "7/7" in shown


def test_a_closed_terminal_does_not_stop_the_run(
    user: User, folder: Path
) -> None:
    ours, theirs = pty.openpty()
    with _start(user, theirs, "run", str(folder), "--out", "course") as process:
        os.close(theirs)
        os.read(ours, 1)
        os.close(ours)
        assert process.wait(60) == 0
    assert (user.home / "course/step3_order.yaml").is_file()

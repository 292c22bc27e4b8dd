"""Real subprocesses: none outlives its run, however the run ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import until
from worker.system.process import (
    MAX_LINE,
    Command,
    LineSplitter,
    MissingProgramError,
    Process,
    ProcessStoppedError,
    ProcessTimeoutError,
    Stream,
    run,
)
from worker.system.runtime import SystemRuntime

RUNTIME: Final = SystemRuntime()
FOREVER: Final = "sleep 1000"
ESCAPES: Final = (
    "setsid sleep 1000 & (sleep 1000 &) ; sleep 1000 & echo ready; "
)
"""Starts a descendant that leaves the group, one that loses its parent, and an ordinary one."""


def command(tmp_path: Path, script: str, data: bytes | None = None) -> Command:
    """Return a command that runs a shell script.

    `MARK` distinguishes its descendants from all other processes.
    """
    env = {"PATH": os.environ["PATH"], "MARK": str(tmp_path)}
    return Command(argv=("sh", "-c", script), env=env, cwd=tmp_path, input=data)


def alive(tmp_path: Path) -> list[str]:
    """Return the processes with the mark, without zombies."""
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={tmp_path}".encode() in (
                folder / "environ"
            ).read_bytes().split(b"\0"):
                processes.append(
                    (folder / "cmdline").read_text().replace("\0", " ")
                )
        except OSError:
            continue
    return processes


def zombies() -> list[str]:
    """Return the children of this process that have ended and were not waited for."""
    states = [
        (folder / "stat").read_text().split()
        for folder in Path("/proc").glob("[0-9]*")
        if folder.exists()
    ]
    return [
        state[0]
        for state in states
        if state[3] == str(os.getpid()) and state[2] == "Z"
    ]


@pytest.fixture
def start(
    tmp_path: Path,
) -> Iterator[Callable[[str], tuple[Process, list[str]]]]:
    """Return a function that starts a script and returns its process and its output lines."""
    started: list[Process] = []

    def start_script(script: str) -> tuple[Process, list[str]]:
        lines: list[str] = []
        process = Process(
            command(tmp_path, script),
            RUNTIME,
            LineSplitter(lambda _, line: lines.append(line)).take,
        )
        started.append(process)
        return process, lines

    yield start_script
    for process in started:
        process.kill()


Start = Callable[[str], tuple[Process, list[str]]]


def test_a_process_gets_its_input_and_nothing_of_our_environment(
    tmp_path: Path,
) -> None:
    finished = run(
        command(tmp_path, "cat; env >&2; exit 7", b"in\xff\n"),
        RUNTIME,
        timeout_seconds=30,
    )
    assert finished.code == 7
    assert finished.stdout == b"in\xff\n"
    names = {line.partition(b"=")[0] for line in finished.stderr.splitlines()}
    assert names <= {
        b"PATH",
        b"MARK",
        b"PWD",
        b"LC_CTYPE",
        b"_",
        b"SHLVL",
        b"OLDPWD",
    }


def test_a_process_that_a_signal_ends_has_the_code_of_a_shell(
    tmp_path: Path,
) -> None:
    assert (
        run(
            command(tmp_path, "kill -SEGV $$"), RUNTIME, timeout_seconds=30
        ).code
        == 128 + signal.SIGSEGV
    )


def test_a_process_has_the_usual_signals_whatever_python_ignores(
    tmp_path: Path,
) -> None:
    assert (
        run(
            command(tmp_path, "kill -PIPE $$"), RUNTIME, timeout_seconds=30
        ).code
        == 128 + signal.SIGPIPE
    )


def test_arguments_arrive_byte_by_byte(tmp_path: Path) -> None:
    strange = os.fsdecode(b"a\xff \n\xc3\xa9$(x)'\"")
    argv = ("printf", "%s", strange)
    finished = run(
        Command(argv=argv, env={"PATH": os.environ["PATH"]}, cwd=tmp_path),
        RUNTIME,
        timeout_seconds=30,
    )
    assert finished.stdout == os.fsencode(strange)


def test_a_missing_program_is_reported_before_anything_starts(
    tmp_path: Path,
) -> None:
    missing = Command(
        argv=("no-such-program",),
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
    )
    with pytest.raises(MissingProgramError, match="no-such-program"):
        run(missing, RUNTIME, timeout_seconds=30)


def test_a_file_that_cannot_be_executed_ends_with_127(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x7fELF no program")
    (tmp_path / "broken").chmod(0o755)
    finished = run(
        Command(argv=("broken",), env={"PATH": str(tmp_path)}, cwd=tmp_path),
        RUNTIME,
        timeout_seconds=30,
    )
    assert finished.code == 127
    assert b"broken" in finished.stderr


def test_the_end_of_a_long_output_is_kept_and_the_process_is_never_blocked(
    tmp_path: Path,
) -> None:
    finished = run(
        command(tmp_path, "seq 3000000; echo last >&2"),
        RUNTIME,
        timeout_seconds=60,
        max_output=1000,
    )
    assert len(finished.stdout) == 1000
    assert finished.stdout.endswith(b"\n3000000\n")
    assert finished.stderr == b"last\n"


def test_a_process_that_takes_too_long_is_killed_with_its_descendants(
    tmp_path: Path,
) -> None:
    with pytest.raises(
        ProcessTimeoutError, match=r"sh took longer than 0\.3 seconds"
    ):
        run(command(tmp_path, ESCAPES + FOREVER), RUNTIME, timeout_seconds=0.3)
    until(lambda: not alive(tmp_path))
    assert not zombies()


def test_a_process_is_killed_at_once_when_the_run_is_stopped(
    tmp_path: Path,
) -> None:
    stop = RUNTIME.flag()
    began: list[float] = []

    def watch() -> None:
        if alive(tmp_path) and not began:
            began.append(RUNTIME.monotonic())
            stop.set()

    with pytest.raises(ProcessStoppedError):
        run(
            command(tmp_path, ESCAPES + FOREVER),
            RUNTIME,
            timeout_seconds=30,
            stop=stop,
            watch=watch,
        )
    assert RUNTIME.monotonic() - began[0] < 1
    until(lambda: not alive(tmp_path))


def test_an_error_of_the_watcher_ends_the_process(tmp_path: Path) -> None:
    def watch() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        run(
            command(tmp_path, FOREVER), RUNTIME, timeout_seconds=30, watch=watch
        )
    until(lambda: not alive(tmp_path))


def test_processes_left_when_the_leader_has_ended_are_killed(
    tmp_path: Path,
) -> None:
    finished = run(
        command(tmp_path, ESCAPES + "exit 3"), RUNTIME, timeout_seconds=30
    )
    assert finished.code == 3
    assert not alive(tmp_path)
    assert not zombies()


def test_lines_arrive_while_the_process_runs(start: Start) -> None:
    process, lines = start(
        "echo one; echo two >&2; printf 'three\\r\\n'; sleep 1000"
    )
    until(lambda: len(lines) == 3)
    assert sorted(lines) == ["one", "three", "two"]
    assert process.wait(0) is None


def test_the_time_of_the_last_output_is_known(start: Start) -> None:
    began = RUNTIME.monotonic()
    process, lines = start("while :; do echo tick; sleep 0.01; done")
    assert process.last_output >= began
    until(lambda: bool(lines))
    first = process.last_output
    until(lambda: process.last_output > first)


def test_a_line_without_an_end_is_kept_in_part_and_the_rest_is_read_on(
    start: Start,
) -> None:
    process, lines = start(
        "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo next; printf rest"
    )
    assert process.wait(30) == 0
    assert lines == ["x" * MAX_LINE, "next", "rest"]


def test_a_line_that_does_not_end_takes_no_more_memory_than_is_kept() -> None:
    lines = LineSplitter(lambda *_: None)
    for _ in range(100):
        lines.take(Stream.STDOUT, b"x" * MAX_LINE)
    assert len(lines._rest[Stream.STDOUT]) == MAX_LINE


def test_text_that_is_not_utf_8_is_read_all_the_same(start: Start) -> None:
    process, lines = start("printf 'a\\377b\\n'")
    assert process.wait(30) == 0
    assert lines == ["a\ufffdb"]


def test_a_paused_process_is_frozen_until_it_is_resumed(start: Start) -> None:
    process, lines = start("while :; do echo tick; sleep 0.01; done")
    until(lambda: len(lines) > 3)
    process.pause()
    until(lambda: has_stopped(lines))
    process.unpause()
    seen = len(lines)
    until(lambda: len(lines) > seen + 3)


def has_stopped(lines: list[str]) -> bool:
    """Whether output stops: no line for thirty times the usual interval."""
    seen = len(lines)
    RUNTIME.flag().wait(0.3)
    return len(lines) == seen


def test_stopping_lets_a_process_end_by_itself(start: Start) -> None:
    process, lines = start(
        "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done"
    )
    until(lambda: "ready" in lines)
    process.stop(30)
    assert process.wait(0) == 5
    assert lines[-1] == "bye"


def test_stopping_a_paused_process_lets_it_end_by_itself_too(
    start: Start,
) -> None:
    process, lines = start(
        "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done"
    )
    until(lambda: "ready" in lines)
    process.pause()
    process.stop(30)
    assert process.wait(0) == 5
    assert lines[-1] == "bye"


def test_a_process_that_does_not_want_to_end_is_killed(
    start: Start, tmp_path: Path
) -> None:
    process, lines = start(
        "trap '' TERM; echo ready; while :; do sleep 0.01; done"
    )
    until(lambda: "ready" in lines)
    process.stop(0.2)
    assert process.wait(30) == 128 + signal.SIGKILL
    assert not alive(tmp_path)


def test_ending_an_ended_process_does_nothing(start: Start) -> None:
    process, _ = start("exit 0")
    assert process.wait(30) == 0
    process.pause()
    process.stop(30)
    process.kill()
    assert process.wait(0) == 0


def test_both_streams_are_distinguished(tmp_path: Path) -> None:
    seen: list[tuple[Stream, str]] = []
    process = Process(
        command(tmp_path, "echo out; echo err >&2"),
        RUNTIME,
        LineSplitter(lambda *line: seen.append(line)).take,
    )
    assert process.wait(30) == 0
    assert sorted(seen) == [(Stream.STDERR, "err"), (Stream.STDOUT, "out")]


PARENT: Final = """
import os, sys
from pathlib import Path
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import SystemRuntime
script, mark, paused = sys.argv[1:]
env = {"PATH": os.environ["PATH"], "MARK": mark}
command = Command(argv=("sh", "-c", script), env=env, cwd=Path(mark))
splitter = LineSplitter(lambda stream, line: print(line, flush=True))
process = Process(command, SystemRuntime(), splitter.take)
runtime = SystemRuntime()
def pause():
    runtime.flag().wait(0.2)
    process.pause()
    print("paused", flush=True)
if paused:
    runtime.spawn("short-lived", pause)
process.wait(1000)
"""


@pytest.mark.parametrize("paused", ["", "paused"])
def test_nothing_outlives_a_run_that_is_killed(
    tmp_path: Path, paused: str
) -> None:
    arguments = [
        sys.executable,
        "-c",
        PARENT,
        ESCAPES + FOREVER,
        str(tmp_path),
        paused,
    ]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            assert parent.stdout
            assert parent.stdout.readline() == "ready\n"
            if paused:
                assert parent.stdout.readline() == "paused\n"
            until(
                lambda: (
                    [line.strip() for line in alive(tmp_path)].count(FOREVER)
                    == 4
                ),
                seconds=5,
            )
        finally:
            parent.kill()
    until(lambda: not alive(tmp_path), seconds=5)


def test_a_process_ends_with_its_guardian(tmp_path: Path) -> None:
    process = Process(
        command(tmp_path, "exec " + FOREVER), RUNTIME, lambda *_: None
    )
    until(lambda: FOREVER in [line.strip() for line in alive(tmp_path)])
    process._guardian.kill()
    until(lambda: not alive(tmp_path), seconds=5)
    assert process.wait(30) == 128 + signal.SIGKILL


def test_many_processes_at_once_do_not_hold_each_others_pipes(
    tmp_path: Path,
) -> None:
    with RUNTIME.executor(8) as pool:
        jobs = [
            pool.submit(
                run,
                command(tmp_path, f"echo {number}"),
                RUNTIME,
                timeout_seconds=60,
            )
            for number in range(40)
        ]
    assert [int(job.result().stdout) for job in jobs] == list(range(40))
    assert not zombies()


def test_the_end_of_a_process_is_reported_once_its_code_is_known(
    tmp_path: Path,
) -> None:
    codes: list[int | None] = []
    ended = RUNTIME.flag()

    def note() -> None:
        codes.append(process.wait(0))
        ended.set()

    script = command(tmp_path, "sleep 0.1; exit 3")
    process = Process(
        script, RUNTIME, lambda _stream, _chunk: None, on_end=note
    )
    assert ended.wait(60)
    assert codes == [3]

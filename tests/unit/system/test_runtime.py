"""The real runtime: time, threads and randomness."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest

from worker.system.runtime import Mailbox, SystemRuntime, ThreadFailed, iso

RUNTIME = SystemRuntime()
ROOT: Final = Path(__file__).parents[3]


def test_a_process_knows_its_age() -> None:
    first = RUNTIME.age()
    assert 0 < first < RUNTIME.age()


def test_time_passes_while_the_machine_sleeps() -> None:
    """In a time namespace whose machine has slept for a while: only CLOCK_BOOTTIME counts that."""
    slept = 1_000_000
    ask = "from worker.system.runtime import SystemRuntime; print(SystemRuntime().monotonic())"
    namespace = [
        "unshare",
        "--user",
        "--time",
        "--boottime",
        str(slept),
        "--fork",
    ]
    asked = subprocess.run(
        [*namespace, sys.executable, "-c", ask],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        pytest.skip(
            f"NOT TESTED: no time namespace can be made here ({asked.stderr.strip()})"
        )
    assert float(asked.stdout) > RUNTIME.monotonic() + slept - 1000


def test_tokens_are_sixteen_digits_and_never_the_same() -> None:
    tokens = {RUNTIME.token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 16 and int(token, 16) >= 0 for token in tokens)


def test_jitter_is_spread_from_0_to_1() -> None:
    drawn = [RUNTIME.jitter() for _ in range(1000)]
    assert 0 <= min(drawn) < 0.1
    assert 0.9 < max(drawn) <= 1


def test_a_mailbox_keeps_the_order_and_a_reader_does_not_wait_longer_than_asked() -> (
    None
):
    mailbox: Mailbox[str] = RUNTIME.mailbox()
    mailbox.put("a")
    mailbox.put("b")
    assert [mailbox.get(0.01), mailbox.get(0.01), mailbox.get(0.01)] == [
        "a",
        "b",
        None,
    ]


def test_setting_a_flag_wakes_its_waiters() -> None:
    flag = RUNTIME.flag()
    assert not flag.wait(0.01)
    RUNTIME.spawn("setter", flag.set)
    assert flag.wait(30)
    assert flag.is_set()


def test_an_exception_that_escapes_a_thread_is_logged_with_its_traceback_and_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ZeroDivisionError("not expected")
    reports: Mailbox[ThreadFailed] = RUNTIME.mailbox()

    def fail() -> None:
        raise error

    RUNTIME.spawn("odd", fail, reports.put)
    assert reports.get(30) == ThreadFailed(thread="odd", error=error)
    assert "in fail" in caplog.text
    assert "ZeroDivisionError: not expected" in caplog.text


def test_time_is_written_in_utc_to_the_millisecond() -> None:
    assert (
        iso(datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC))
        == "2026-01-02T03:04:05.678Z"
    )
    assert (
        iso(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))))
        == "2026-01-02T01:04:05.000Z"
    )
    clock = datetime.now(UTC)  # noqa: TID251 - what it is compared with
    assert abs(RUNTIME.now() - clock) < timedelta(seconds=5)

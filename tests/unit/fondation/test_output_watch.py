"""The detection of complete files: by the kernel, or by scanning twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.engines.fondation.output_watch import (
    FOLDERS,
    SCAN_SECONDS,
    OutputWatch,
    PollingWatch,
)
from worker.system.runtime import SystemRuntime

RUNTIME = SystemRuntime()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(exist_ok=True)
    return tmp_path


@pytest.fixture
def watch(output: Path) -> Iterator[OutputWatch]:
    watch = OutputWatch(output, RUNTIME)
    yield watch
    watch.close()


def seen(watch: OutputWatch | PollingWatch, seconds: float) -> list[str]:
    """Return the files that are complete within a time."""
    end = RUNTIME.monotonic() + seconds
    paths: list[str] = []
    while RUNTIME.monotonic() < end:
        paths += watch.wait(0.02).complete
    return paths


def test_a_file_is_complete_when_it_is_closed_and_not_before(
    output: Path, watch: OutputWatch
) -> None:
    with (output / "chapters" / "a.md").open("w") as file:
        for piece in ("one ", "two "):
            file.write(piece)
            file.flush()
            assert watch.wait(1).alive
            assert watch.wait(2 * SCAN_SECONDS).complete == ()
    assert watch.wait(1).complete == ("chapters/a.md",)


def test_a_file_is_complete_when_it_is_moved_to_its_place(
    output: Path, watch: OutputWatch
) -> None:
    (output / "draft").write_text("text")
    (output / "draft").rename(output / "tutorials" / "a.md")
    assert seen(watch, 0.1) == ["draft", "tutorials/a.md"]


def test_existing_files_are_not_reported(output: Path) -> None:
    (output / "a.md").write_text("text")
    watch = OutputWatch(output, RUNTIME)
    assert seen(watch, 3 * SCAN_SECONDS) == []
    watch.close()


def test_a_folder_that_is_replaced_is_watched_all_the_same(
    output: Path, watch: OutputWatch
) -> None:
    (output / "chapters").rename(output / "old")
    (output / "chapters").mkdir()
    (output / "chapters" / "a.md").write_text("text")
    assert seen(watch, 4 * SCAN_SECONDS) == ["chapters/a.md"]


def test_more_than_the_kernel_remembers_is_found_by_scanning(
    output: Path, watch: OutputWatch
) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(limit // 2 + 1):  # three events each
        (output / f"chapters/{number % 100}.md").write_text(str(number))
    assert sorted(set(seen(watch, 2))) == sorted(
        f"chapters/{number}.md" for number in range(100)
    )


class TestPolling:
    """On a machine without inotify."""

    @pytest.fixture
    def polling(self, output: Path) -> PollingWatch:
        (output / "old.md").write_text("text")
        return PollingWatch(
            {"": output, "chapters/": output / "chapters"}, RUNTIME
        )

    def test_a_file_is_complete_when_it_has_not_changed_between_two_scans(
        self, output: Path, polling: PollingWatch
    ) -> None:
        with (output / "chapters" / "a.md").open("w") as file:
            for piece in range(20):
                file.write(f"{piece} ")
                file.flush()
                assert polling.wait(SCAN_SECONDS / 2).complete == ()
        assert seen(polling, 4 * SCAN_SECONDS) == ["chapters/a.md"]

    def test_a_file_that_changes_again_is_reported_again(
        self, output: Path, polling: PollingWatch
    ) -> None:
        for text in ("one", "three"):
            (output / "a.md").write_text(text)
            assert seen(polling, 3 * SCAN_SECONDS) == ["a.md"]

    def test_any_change_is_a_sign_of_life(
        self, output: Path, polling: PollingWatch
    ) -> None:
        assert not polling.wait(SCAN_SECONDS).alive
        (output / "a.md").write_text("one")
        assert polling.wait(SCAN_SECONDS).alive

    def test_links_and_lost_folders_are_passed_over(
        self, output: Path, polling: PollingWatch
    ) -> None:
        (output / "link.md").symlink_to("/etc/passwd")
        (output / "chapters").rmdir()
        assert seen(polling, 3 * SCAN_SECONDS) == []


def test_a_watch_that_is_woken_waits_no_more_and_still_reports(
    output: Path, watch: OutputWatch
) -> None:
    watch.wake()
    (output / "a.md").write_text("text")
    began = RUNTIME.monotonic()
    assert watch.wait(60).complete == ("a.md",)
    assert watch.wait(60).complete == ()
    assert RUNTIME.monotonic() - began < 30


def test_a_watch_may_be_woken_after_its_end(output: Path) -> None:
    watch = OutputWatch(output, RUNTIME)
    watch.close()
    watch.wake()

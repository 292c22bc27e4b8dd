"""How a run makes the items of a stage, and which it takes from earlier runs."""

import errno
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from states import decisions
from states.exits import Exit
from states.manifest import Artifact, Update
from states.stages import Stage
from states.usage import Budget, Usage, Waiting
from tests.support.builders import AT, COMMIT, entered, error
from tests.support.world import FakeEngine, document
from tests.unit.run.owned_job import OwnedJob
from worker.course.update_plan import PLAN, UpdatePlan, copied, encode_plan
from worker.engines.port import (
    EngineConfigError,
    EngineFailedError,
    EngineOutdatedError,
    EngineWaitingError,
    Item,
    NoMaterialError,
    Workspace,
)
from worker.errors import (
    ConfigError,
    DamagedError,
    DataError,
    DiskError,
    EngineTroubleError,
    EngineUnavailableError,
    OutdatedError,
    WaitingError,
)
from worker.run.inbox import Done, Stop, StoppedError
from worker.run.produce import MAX_BACKLOG, Produced, Producer, Stored
from worker.run.update import Updater

ABSTRACTIONS = "step1_abstractions.yaml"
FIRST = "chapters/chapter_1_thing_1.md"
SECOND = "chapters/chapter_2_thing_2.md"
FOLLOWED = Update(from_="job-0", from_commit=COMMIT)
STOP = Stop(exit_code=Exit.SIGTERM, reason="stopped")
GOOD = document(Stage.EXTRACT, 2, f"text of {COMMIT}")


class RecordingEngine(FakeEngine):
    """Records its workspace and its stops; a test may choose its items."""

    def __init__(self, chapters: int = 2) -> None:
        super().__init__(chapters=chapters)
        self.items: Iterable[Item] | None = None
        self.workspace: Workspace | None = None
        self.stops = 0
        self.fault: EngineFailedError | None = None

    def check(self) -> None:
        if self.fault is not None:
            raise self.fault

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        self.workspace = workspace
        if self.items is None:
            yield from super().produce(stage, workspace)
        else:
            yield from self.items

    def stop(self) -> None:
        self.stops += 1

    def usage(self) -> Usage:
        return Usage(prices_dated="2026-01-01")


class ProducerHarness:
    """A job whose stages a test produces one by one."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 60,
        earlier: bytes | None = None,
    ) -> None:
        """Begin a job, which may update one with an earlier item of its stage."""
        begun = entered(Stage.CLONE)
        if earlier is not None:
            begun = replace(begun, update=FOLLOWED)
        self.job = OwnedJob(begun, folder, stage_timeout_seconds=seconds)
        self.engine = RecordingEngine()
        self.producer = self.new_producer()
        snapshot = self.job.cloner.clone()
        if earlier is not None:
            self._plan(earlier)
        self.job.finish(snapshot)

    def _plan(self, body: bytes) -> None:
        """Plan to keep an item of the earlier course."""
        artifacts = self.job.artifacts
        inputs = self.job.manifest.record(Stage.CLONE).inputs
        assert inputs is not None
        item = artifacts.store(Stage.EXTRACT, "0" * 12, ABSTRACTIONS, body)
        artifacts.store(Stage.CLONE, inputs, copied(item).path, body)
        listed = encode_plan(UpdatePlan(kept=(item,)))
        plan = artifacts.store(Stage.CLONE, inputs, PLAN, listed)
        self.job.owned.append(
            lambda base: decisions.plan_update(
                base, changed=1, why=None, plan=plan
            )
        )

    def new_producer(self) -> Producer:
        job = self.job
        updater = Updater(job.context, job.cloner, job.retrying, job.packer)
        return Producer(job.context, job.cloner, updater, self.engine)

    def move(self) -> None:
        """Continue in another run, whose folder is empty."""
        self.job.move()
        self.producer = self.new_producer()
        self.job.store.asked.clear()
        self.job.reporter.reports.clear()

    def make(self) -> tuple[Artifact, ...]:
        stage = self.job.manifest.current_stage
        assert stage is not None
        return self.producer.make(stage)

    def up_to(self, stage: Stage) -> None:
        while self.job.manifest.current_stage is not stage:
            self.job.finish(self.make())

    def tried(self) -> None:
        """Record a failed attempt at the stage."""
        self.job.owned.append(
            lambda base: decisions.tried(base, error(), seconds=1)
        )

    def fails(self, failure: Exception, at: str = ABSTRACTIONS) -> None:
        """Let the engine fail at an item."""

        def before_item(path: str) -> None:
            if path == at:
                raise failure

        self.engine.before_item = before_item

    def asked(self, prefix: str) -> int:
        """Count the recorded store operations with a prefix."""
        asked = self.job.store.asked
        return sum(operation.startswith(prefix) for operation in asked)

    def file(self, path: str) -> Path:
        return self.job.context.folder.course / path


@pytest.fixture
def harness(tmp_path: Path) -> ProducerHarness:
    return ProducerHarness(tmp_path)


def paths(artifacts: tuple[Artifact, ...]) -> list[str]:
    return [artifact.path for artifact in artifacts]


def test_an_item_is_stored_and_counted_when_the_engine_has_made_it(
    harness: ProducerHarness,
) -> None:
    artifacts = harness.make()
    job = harness.job
    record = job.manifest.record(Stage.EXTRACT)
    assert paths(artifacts) == [ABSTRACTIONS]
    assert job.artifacts.read(record, artifacts[0]) == GOOD
    assert harness.file(ABSTRACTIONS).read_bytes() == GOOD
    assert job.context.new_items == 1
    assert job.reporter.reports[-2:] == [
        (Stage.EXTRACT, 0, 1),
        (Stage.EXTRACT, 1, 1),
    ]


def test_an_engine_waits_while_many_of_its_items_are_not_stored(
    harness: ProducerHarness,
) -> None:
    """The first item is stored once the engine has made too many, or has waited."""
    invalid = Item(path="notes.md", body=b"x")
    item = Item(path=ABSTRACTIONS, body=GOOD)
    too_many = threading.Event()
    made = 0

    def items() -> Iterator[Item]:
        nonlocal made
        yield invalid
        for made in range(1, MAX_BACKLOG + 2):
            if made > MAX_BACKLOG:
                too_many.set()
            yield item

    early: list[bool] = []

    def before_put(_key: str) -> None:
        if not early:
            early.append(too_many.wait(0.2))

    harness.engine.items = items()
    harness.job.store.before_put = before_put
    assert paths(harness.make()) == [ABSTRACTIONS]
    assert early[0] is False
    assert made == MAX_BACKLOG + 1


def test_an_engine_that_has_waited_makes_no_more_items_than_were_stored(
    harness: ProducerHarness,
) -> None:
    item = Item(path=ABSTRACTIONS, body=GOOD)
    made = 0

    def items() -> Iterator[Item]:
        nonlocal made
        for made in range(1, 3 * MAX_BACKLOG + 1):  # noqa: B007 - read in before_put
            yield item

    backlogs: list[int] = []

    def before_put(_key: str) -> None:
        backlogs.append(made - len(backlogs))

    harness.engine.items = items()
    harness.job.store.before_put = before_put
    harness.make()
    assert max(backlogs) <= MAX_BACKLOG


def test_an_engine_does_not_wait_for_invalid_files(tmp_path: Path) -> None:
    harness = ProducerHarness(tmp_path, seconds=10)
    invalid = Item(path="notes.md", body=b"x")
    item = Item(path=ABSTRACTIONS, body=GOOD)
    harness.engine.items = [*[invalid] * MAX_BACKLOG, item]
    assert paths(harness.make()) == [ABSTRACTIONS]


def test_an_engine_that_waits_is_left_with_its_stage(
    harness: ProducerHarness,
) -> None:
    item = Item(path=ABSTRACTIONS, body=GOOD)
    ended = threading.Event()

    def items() -> Iterator[Item]:
        try:
            for _ in range(10 * MAX_BACKLOG):
                yield item
        finally:
            ended.set()

    def before_put(_key: str) -> None:
        harness.job.context.inbox.mailbox.put(STOP)
        ended.wait(60)

    harness.engine.items = items()
    harness.job.store.before_put = before_put
    with pytest.raises(StoppedError):
        harness.make()
    assert ended.wait(60)


def test_an_engine_is_shown_the_files_the_calls_and_the_limit(
    harness: ProducerHarness,
) -> None:
    budget = Budget(tokens=7)
    harness.job.owned.append(lambda base: replace(base, budget=budget))
    harness.make()
    context = harness.job.context
    assert harness.engine.workspace == Workspace(
        source=context.folder.source,
        output=context.folder.course,
        calls=context.calls,
        generation=1,
        budget=budget,
        earlier=None,
    )


def test_the_usage_of_the_engine_is_known(harness: ProducerHarness) -> None:
    assert harness.producer.usage() == harness.engine.usage()


def test_each_file_of_an_earlier_stage_is_restored_once(
    harness: ProducerHarness,
) -> None:
    harness.up_to(Stage.ORDER)
    harness.move()
    harness.up_to(Stage.GENERATE_TUTORIALS)
    assert harness.file(ABSTRACTIONS).exists()
    extract = "get job-1/artifacts/extract/"
    assert harness.asked(extract) == 1
    assert harness.asked("get job-1/artifacts/order/") == 0
    harness.producer.forget()
    harness.make()
    assert harness.asked(extract) == 2
    assert harness.asked("get job-1/artifacts/order/") == 1


def test_a_finished_stage_that_is_damaged_is_named(
    harness: ProducerHarness,
) -> None:
    harness.up_to(Stage.ORDER)
    record = harness.job.manifest.record(Stage.ANALYZE)
    key = harness.job.artifacts.key(record, record.artifacts[0])
    harness.job.store.put(key, b"damaged", "")
    harness.move()
    with pytest.raises(DamagedError) as raised:
        harness.make()
    assert raised.value.stage is Stage.ANALYZE


def test_a_list_of_artifacts_is_read_again_once_an_object_is_damaged(
    harness: ProducerHarness,
) -> None:
    job = harness.job
    inputs = job.manifest.record(Stage.EXTRACT).inputs
    assert inputs is not None
    artifacts = harness.make()
    listed = job.artifacts.store_list(Stage.EXTRACT, inputs, artifacts)
    job.finish((), listed)
    record = job.manifest.record(Stage.EXTRACT)
    job.store.delete([job.artifacts.key(record, listed.file)])
    harness.make()
    harness.producer.forget()
    with pytest.raises(DamagedError) as raised:
        harness.make()
    assert raised.value.stage is Stage.EXTRACT


def interrupted(harness: ProducerHarness) -> None:
    """Let one run store the first of two chapters, and another continue."""
    harness.up_to(Stage.GENERATE_CHAPTERS)
    harness.fails(EngineFailedError("busy", temporary=True), at=SECOND)
    with pytest.raises(EngineTroubleError):
        harness.make()
    harness.engine.before_item = lambda _path: None
    harness.tried()
    harness.move()


def test_a_stage_that_was_tried_before_makes_only_what_is_missing(
    harness: ProducerHarness,
) -> None:
    interrupted(harness)
    assert sorted(paths(harness.make())) == [FIRST, SECOND]
    assert harness.engine.made[FIRST] == 1
    assert harness.engine.made[SECOND] == 1
    assert harness.file(FIRST).exists()
    assert harness.job.context.new_items == 1
    stage = Stage.GENERATE_CHAPTERS
    assert harness.job.reporter.reports == [(stage, 1, 2), (stage, 2, 2)]


def test_a_stage_whose_items_are_all_stored_needs_neither_engine_nor_source(
    harness: ProducerHarness,
) -> None:
    harness.up_to(Stage.GENERATE_CHAPTERS)
    harness.make()
    harness.tried()
    harness.move()
    harness.engine.workspace = None
    assert sorted(paths(harness.make())) == [FIRST, SECOND]
    assert harness.engine.workspace is None
    assert harness.job.packer.unpacked == 0


def test_before_its_first_try_nothing_is_looked_for(
    harness: ProducerHarness,
) -> None:
    harness.job.store.asked.clear()
    harness.make()
    assert harness.asked("list ") == 0


def test_files_that_an_engine_left_unfinished_are_removed(
    harness: ProducerHarness,
) -> None:
    harness.up_to(Stage.GENERATE_CHAPTERS)
    harness.tried()
    harness.file(FIRST).parent.mkdir(exist_ok=True)
    harness.file(FIRST).write_text("half")
    assert sorted(paths(harness.make())) == [FIRST, SECOND]
    assert harness.engine.made[FIRST] == 1


def test_an_item_of_an_earlier_course_is_kept_and_not_made(
    tmp_path: Path,
) -> None:
    earlier = document(Stage.EXTRACT, 3, "earlier")
    harness = ProducerHarness(tmp_path, earlier=earlier)
    [artifact] = harness.make()
    assert artifact.size == len(earlier)
    assert harness.file(ABSTRACTIONS).read_bytes() == earlier
    assert harness.engine.made[ABSTRACTIONS] == 0
    assert harness.job.reporter.reports[-1] == (Stage.EXTRACT, 1, 1)


def test_an_invalid_item_of_an_earlier_course_is_made_again(
    tmp_path: Path,
) -> None:
    harness = ProducerHarness(tmp_path, earlier=b"[]")
    harness.make()
    assert harness.engine.made[ABSTRACTIONS] == 1
    assert harness.file(ABSTRACTIONS).read_bytes() == GOOD


def test_messages_of_earlier_work_are_not_taken_for_those_of_this_stage(
    harness: ProducerHarness,
) -> None:
    mailbox = harness.job.context.inbox.mailbox
    mailbox.put(Produced(task=99, item=Item(path=ABSTRACTIONS, body=b"")))
    mailbox.put(Stored(future=Future()))
    mailbox.put(Done(task=99, error=ZeroDivisionError()))
    assert paths(harness.make()) == [ABSTRACTIONS]


def test_the_later_one_counts_if_an_item_was_made_twice(
    harness: ProducerHarness,
) -> None:
    later = document(Stage.EXTRACT, 3, "changed")
    harness.engine.items = [
        Item(path=ABSTRACTIONS, body=body) for body in (GOOD, later)
    ]
    [artifact] = harness.make()
    assert artifact.size == len(later)
    assert harness.job.context.new_items == 1


def test_an_invalid_file_is_removed_and_its_fault_reported(
    harness: ProducerHarness,
) -> None:
    harness.engine.items = [Item(path=ABSTRACTIONS, body=b"[]")]
    harness.file(ABSTRACTIONS).write_bytes(b"[]")
    with pytest.raises(
        EngineTroubleError,
        match=f"{ABSTRACTIONS} names no abstraction$",
    ) as raised:
        harness.make()
    assert raised.value.code == "incomplete_output"
    assert not harness.file(ABSTRACTIONS).exists()


def test_a_file_that_belongs_to_no_stage_is_left_alone(
    harness: ProducerHarness,
) -> None:
    harness.engine.items = [
        Item(path="notes.md", body=b"x"),
        Item(path=ABSTRACTIONS, body=GOOD),
    ]
    harness.file("notes.md").write_bytes(b"x")
    assert paths(harness.make()) == [ABSTRACTIONS]
    assert harness.file("notes.md").exists()


@pytest.mark.parametrize(("chapters", "rest"), [(3, ""), (4, " and 1 more")])
def test_at_most_three_missing_files_are_named(
    harness: ProducerHarness, chapters: int, rest: str
) -> None:
    harness.engine.chapters = chapters
    harness.up_to(Stage.GENERATE_CHAPTERS)
    harness.engine.items = []
    with pytest.raises(EngineTroubleError) as raised:
        harness.make()
    third = "chapters/chapter_3_thing_3.md"
    missing = "; ".join(f"{path} is missing" for path in (FIRST, SECOND, third))
    assert str(raised.value).endswith(f" incomplete: {missing}{rest}")


def test_an_engine_is_stopped_if_the_disk_does_not_take_its_item(
    harness: ProducerHarness,
) -> None:
    harness.file(ABSTRACTIONS).mkdir()
    with pytest.raises(DiskError):
        harness.make()
    assert harness.engine.stops == 1


def test_a_stage_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    harness = ProducerHarness(tmp_path, seconds=0.05)
    done = harness.job.runtime.flag()

    def hang(_path: str) -> None:
        done.wait(10)

    harness.engine.before_item = hang
    with pytest.raises(
        EngineTroubleError, match=r"^extract took longer than 0\.05 seconds$"
    ) as raised:
        harness.make()
    done.set()
    assert raised.value.code == "stage_timeout"
    assert harness.engine.stops == 1


WAITING = Waiting(reason="a rate limit", not_before=AT)
FAILURES: list[tuple[Exception, type[Exception], str | None]] = [
    (
        EngineFailedError("busy", temporary=True, code="overloaded"),
        EngineTroubleError,
        "overloaded",
    ),
    (
        EngineFailedError("no key", temporary=False, code="key"),
        EngineUnavailableError,
        "key",
    ),
    (EngineConfigError("no such model"), ConfigError, "engine"),
    (NoMaterialError("no text"), DataError, "repository_empty"),
    (EngineWaitingError("limited", WAITING), WaitingError, None),
    (OSError(errno.ENOSPC, "full"), DiskError, None),
    (OSError(errno.ENOENT, "no file"), FileNotFoundError, None),
    (ZeroDivisionError("a bug"), ZeroDivisionError, None),
]


@pytest.mark.parametrize(
    ("failure", "expected", "code"),
    FAILURES,
    ids=[expected.__name__ for _, expected, _ in FAILURES],
)
def test_an_engines_failure_is_reported_as_what_it_means_for_the_run(
    harness: ProducerHarness,
    failure: Exception,
    expected: type[Exception],
    code: str | None,
) -> None:
    harness.fails(failure)
    with pytest.raises(expected) as raised:
        harness.make()
    assert type(raised.value) is expected
    if code is not None:
        assert getattr(raised.value, "code", None) == code


def test_a_run_that_has_to_wait_knows_for_what(
    harness: ProducerHarness,
) -> None:
    harness.fails(EngineWaitingError("limited", WAITING))
    with pytest.raises(WaitingError) as raised:
        harness.make()
    assert raised.value.waiting == WAITING


def test_an_engine_that_cannot_continue_names_the_stage_to_repeat(
    harness: ProducerHarness,
) -> None:
    harness.fails(EngineOutdatedError("its cache is old", Stage.EXTRACT))
    with pytest.raises(OutdatedError, match="its cache is old") as raised:
        harness.make()
    assert raised.value.stage is Stage.EXTRACT


def test_an_engine_is_checked_before_it_works(harness: ProducerHarness) -> None:
    harness.producer.check()
    harness.engine.fault = EngineFailedError("no key", temporary=False)
    with pytest.raises(EngineUnavailableError, match="no key"):
        harness.producer.check()


def stopped(
    harness: ProducerHarness, before_put: Callable[[str], object]
) -> None:
    """Stop the run while an item is being stored."""
    harness.job.store.before_put = before_put
    harness.engine.before_item = lambda _path: None
    mailbox = harness.job.context.inbox.mailbox

    class Stopping(RecordingEngine):
        def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
            yield from super().produce(stage, workspace)
            mailbox.put(STOP)

    harness.engine = Stopping()
    harness.producer = harness.new_producer()
    with pytest.raises(StoppedError):
        harness.make()


def test_a_stopped_run_waits_for_the_items_that_are_being_stored(
    harness: ProducerHarness,
) -> None:
    stored: list[str] = []

    def slowly(key: str) -> None:
        harness.job.runtime.flag().wait(0.3)
        stored.append(key)

    stopped(harness, slowly)
    assert stored == []
    harness.producer.settle(10)
    assert len(stored) == 1


def test_a_stopped_run_waits_for_an_item_that_hangs_no_longer_than_it_may(
    harness: ProducerHarness,
) -> None:
    done = harness.job.runtime.flag()
    stopped(harness, lambda _key: done.wait(5))
    began = harness.job.runtime.monotonic()
    harness.producer.settle(0.05)
    assert harness.job.runtime.monotonic() - began < 4
    done.set()


def test_a_run_that_has_made_nothing_has_nothing_to_settle(
    harness: ProducerHarness,
) -> None:
    harness.producer.settle(5)

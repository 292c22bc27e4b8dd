"""How a run makes the items of a stage, and what it takes from earlier runs instead."""

import errno
from collections.abc import Callable, Iterator
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
from tests.unit.run.scene import OwnedJob
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
from worker.run.produce import Produced, Producer, Stored
from worker.run.update import Updater

ABSTRACTIONS = "step1_abstractions.yaml"
FIRST = "chapters/chapter_1_thing_1.md"
SECOND = "chapters/chapter_2_thing_2.md"
FOLLOWED = Update(from_="job-0", from_commit=COMMIT)
STOP = Stop(exit_code=Exit.SIGTERM, reason="stopped")
GOOD = document(Stage.EXTRACT, 2, f"text of {COMMIT}")


class NotingEngine(FakeEngine):
    """Notes where it works, and how often it is stopped; may be given its items."""

    def __init__(self, chapters: int = 2) -> None:
        super().__init__(chapters=chapters)
        self.items: list[Item] | None = None
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


class Making:
    """A job whose stages are made one after another."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 60,
        earlier: bytes | None = None,
    ) -> None:
        """Begin a job, which may follow one that has an earlier item of its stage."""
        begun = entered(Stage.CLONE)
        if earlier is not None:
            begun = replace(begun, update=FOLLOWED)
        self.job = OwnedJob(begun, folder, stage_timeout_seconds=seconds)
        self.engine = NotingEngine()
        self.producer = self.new_producer()
        snapshot = self.job.cloner.clone()
        if earlier is not None:
            self._plan(earlier)
        self.job.finish(snapshot)

    def _plan(self, body: bytes) -> None:
        """Note that an item can be kept."""
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
        """Go on in another run, with nothing on its machine."""
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
        """Note that the stage was tried before."""
        self.job.owned.append(
            lambda base: decisions.tried(base, error(), seconds=1)
        )

    def fails(self, failure: Exception, at: str = ABSTRACTIONS) -> None:
        """Let the engine fail at an item."""

        def before_item(path: str) -> None:
            if path == at:
                raise failure

        self.engine.before_item = before_item

    def asked(self, beginning: str) -> int:
        """Count what the store was asked for."""
        asked = self.job.store.asked
        return sum(one.startswith(beginning) for one in asked)

    def file(self, path: str) -> Path:
        return self.job.context.folder.course / path


@pytest.fixture
def making(tmp_path: Path) -> Making:
    return Making(tmp_path)


def paths(artifacts: tuple[Artifact, ...]) -> list[str]:
    return [artifact.path for artifact in artifacts]


def test_an_item_is_stored_and_counted_when_the_engine_has_made_it(
    making: Making,
) -> None:
    artifacts = making.make()
    job = making.job
    record = job.manifest.record(Stage.EXTRACT)
    assert paths(artifacts) == [ABSTRACTIONS]
    assert job.artifacts.read(record, artifacts[0]) == GOOD
    assert making.file(ABSTRACTIONS).read_bytes() == GOOD
    assert job.context.new_items == 1
    assert job.reporter.reports[-2:] == [
        (Stage.EXTRACT, 0, 1),
        (Stage.EXTRACT, 1, 1),
    ]


def test_an_engine_is_shown_the_files_the_calls_and_the_limit(
    making: Making,
) -> None:
    budget = Budget(tokens=7)
    making.job.owned.append(lambda base: replace(base, budget=budget))
    making.make()
    context = making.job.context
    assert making.engine.workspace == Workspace(
        source=context.folder.source,
        output=context.folder.course,
        calls=context.calls,
        generation=1,
        budget=budget,
        earlier=None,
    )


def test_what_the_engine_has_used_is_known(making: Making) -> None:
    assert making.producer.usage() == making.engine.usage()


def test_each_file_of_an_earlier_stage_is_restored_once(
    making: Making,
) -> None:
    making.up_to(Stage.ORDER)
    making.move()
    making.up_to(Stage.GENERATE_TUTORIALS)
    assert making.file(ABSTRACTIONS).exists()
    extract = "get job-1/artifacts/extract/"
    assert making.asked(extract) == 1
    assert making.asked("get job-1/artifacts/order/") == 0
    making.producer.forget()
    making.make()
    assert making.asked(extract) == 2
    assert making.asked("get job-1/artifacts/order/") == 1


def test_a_finished_stage_that_is_damaged_is_named(making: Making) -> None:
    making.up_to(Stage.ORDER)
    record = making.job.manifest.record(Stage.ANALYZE)
    key = making.job.artifacts.key(record, record.artifacts[0])
    making.job.store.put(key, b"damaged", "")
    making.move()
    with pytest.raises(DamagedError) as raised:
        making.make()
    assert raised.value.stage is Stage.ANALYZE


def interrupted(making: Making) -> None:
    """Let a run store the first of two chapters, and another one go on."""
    making.up_to(Stage.GENERATE_CHAPTERS)
    making.fails(EngineFailedError("busy", temporary=True), at=SECOND)
    with pytest.raises(EngineTroubleError):
        making.make()
    making.engine.before_item = lambda _path: None
    making.tried()
    making.move()


def test_a_stage_that_was_tried_before_makes_only_what_is_missing(
    making: Making,
) -> None:
    interrupted(making)
    assert sorted(paths(making.make())) == [FIRST, SECOND]
    assert making.engine.made[FIRST] == 1
    assert making.engine.made[SECOND] == 1
    assert making.file(FIRST).exists()
    assert making.job.context.new_items == 1
    stage = Stage.GENERATE_CHAPTERS
    assert making.job.reporter.reports == [(stage, 1, 2), (stage, 2, 2)]


def test_a_stage_whose_items_are_all_there_needs_neither_engine_nor_source(
    making: Making,
) -> None:
    making.up_to(Stage.GENERATE_CHAPTERS)
    making.make()
    making.tried()
    making.move()
    making.engine.workspace = None
    assert sorted(paths(making.make())) == [FIRST, SECOND]
    assert making.engine.workspace is None
    assert making.job.packer.unpacked == 0


def test_before_its_first_try_nothing_is_looked_for(making: Making) -> None:
    making.job.store.asked.clear()
    making.make()
    assert making.asked("list ") == 0


def test_what_an_engine_left_unfinished_is_removed(making: Making) -> None:
    making.up_to(Stage.GENERATE_CHAPTERS)
    making.tried()
    making.file(FIRST).parent.mkdir(exist_ok=True)
    making.file(FIRST).write_text("half")
    assert sorted(paths(making.make())) == [FIRST, SECOND]
    assert making.engine.made[FIRST] == 1


def test_an_item_of_an_earlier_course_is_kept_and_not_made(
    tmp_path: Path,
) -> None:
    earlier = document(Stage.EXTRACT, 3, "earlier")
    making = Making(tmp_path, earlier=earlier)
    [artifact] = making.make()
    assert artifact.size == len(earlier)
    assert making.file(ABSTRACTIONS).read_bytes() == earlier
    assert making.engine.made[ABSTRACTIONS] == 0
    assert making.job.reporter.reports[-1] == (Stage.EXTRACT, 1, 1)


def test_an_invalid_item_of_an_earlier_course_is_made_again(
    tmp_path: Path,
) -> None:
    making = Making(tmp_path, earlier=b"[]")
    making.make()
    assert making.engine.made[ABSTRACTIONS] == 1
    assert making.file(ABSTRACTIONS).read_bytes() == GOOD


def test_messages_of_earlier_work_are_not_taken_for_those_of_this_stage(
    making: Making,
) -> None:
    mailbox = making.job.context.inbox.mailbox
    mailbox.put(Produced(task=99, item=Item(path=ABSTRACTIONS, body=b"")))
    mailbox.put(Stored(future=Future()))
    mailbox.put(Done(task=99, error=ZeroDivisionError()))
    assert paths(making.make()) == [ABSTRACTIONS]


def test_of_an_item_that_was_made_twice_the_later_one_counts(
    making: Making,
) -> None:
    later = document(Stage.EXTRACT, 3, "changed")
    making.engine.items = [
        Item(path=ABSTRACTIONS, body=body) for body in (GOOD, later)
    ]
    [artifact] = making.make()
    assert artifact.size == len(later)
    assert making.job.context.new_items == 1


def test_an_invalid_file_is_removed_and_its_fault_is_told(
    making: Making,
) -> None:
    making.engine.items = [Item(path=ABSTRACTIONS, body=b"[]")]
    making.file(ABSTRACTIONS).write_bytes(b"[]")
    with pytest.raises(
        EngineTroubleError,
        match=f"{ABSTRACTIONS} names no abstraction$",
    ) as raised:
        making.make()
    assert raised.value.code == "incomplete_output"
    assert not making.file(ABSTRACTIONS).exists()


def test_a_file_that_belongs_to_no_stage_is_left_alone(making: Making) -> None:
    making.engine.items = [
        Item(path="notes.md", body=b"x"),
        Item(path=ABSTRACTIONS, body=GOOD),
    ]
    making.file("notes.md").write_bytes(b"x")
    assert paths(making.make()) == [ABSTRACTIONS]
    assert making.file("notes.md").exists()


@pytest.mark.parametrize(("chapters", "rest"), [(3, ""), (4, " and 1 more")])
def test_at_most_three_missing_files_are_named(
    making: Making, chapters: int, rest: str
) -> None:
    making.engine.chapters = chapters
    making.up_to(Stage.GENERATE_CHAPTERS)
    making.engine.items = []
    with pytest.raises(EngineTroubleError) as raised:
        making.make()
    third = "chapters/chapter_3_thing_3.md"
    missing = "; ".join(f"{path} is missing" for path in (FIRST, SECOND, third))
    assert str(raised.value).endswith(f" incomplete: {missing}{rest}")


def test_an_engine_is_stopped_if_the_disk_does_not_take_its_item(
    making: Making,
) -> None:
    making.file(ABSTRACTIONS).mkdir()
    with pytest.raises(DiskError):
        making.make()
    assert making.engine.stops == 1


def test_a_stage_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    making = Making(tmp_path, seconds=0.05)
    done = making.job.runtime.flag()

    def hang(_path: str) -> None:
        done.wait(10)

    making.engine.before_item = hang
    with pytest.raises(
        EngineTroubleError, match=r"^extract took longer than 0\.05 seconds$"
    ) as raised:
        making.make()
    done.set()
    assert raised.value.code == "stage_timeout"
    assert making.engine.stops == 1


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
def test_an_engines_failure_is_told_as_what_it_means_for_the_run(
    making: Making,
    failure: Exception,
    expected: type[Exception],
    code: str | None,
) -> None:
    making.fails(failure)
    with pytest.raises(expected) as raised:
        making.make()
    assert type(raised.value) is expected
    if code is not None:
        assert getattr(raised.value, "code", None) == code


def test_a_run_that_has_to_wait_knows_for_what(making: Making) -> None:
    making.fails(EngineWaitingError("limited", WAITING))
    with pytest.raises(WaitingError) as raised:
        making.make()
    assert raised.value.waiting == WAITING


def test_an_engine_that_cannot_go_on_names_the_stage_to_repeat(
    making: Making,
) -> None:
    making.fails(EngineOutdatedError("its cache is old", Stage.EXTRACT))
    with pytest.raises(OutdatedError, match="its cache is old") as raised:
        making.make()
    assert raised.value.stage is Stage.EXTRACT


def test_an_engine_is_checked_before_it_works(making: Making) -> None:
    making.producer.check()
    making.engine.fault = EngineFailedError("no key", temporary=False)
    with pytest.raises(EngineUnavailableError, match="no key"):
        making.producer.check()


def stopped(making: Making, before_put: Callable[[str], object]) -> None:
    """Stop the run while an item is being stored."""
    making.job.store.before_put = before_put
    making.engine.before_item = lambda _path: None
    mailbox = making.job.context.inbox.mailbox

    class Stopping(NotingEngine):
        def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
            yield from super().produce(stage, workspace)
            mailbox.put(STOP)

    making.engine = Stopping()
    making.producer = making.new_producer()
    with pytest.raises(StoppedError):
        making.make()


def test_a_stopped_run_waits_for_the_items_that_are_being_stored(
    making: Making,
) -> None:
    stored: list[str] = []

    def slowly(key: str) -> None:
        making.job.runtime.flag().wait(0.3)
        stored.append(key)

    stopped(making, slowly)
    assert stored == []
    making.producer.settle(10)
    assert len(stored) == 1


def test_a_stopped_run_waits_for_an_item_that_hangs_no_longer_than_it_may(
    making: Making,
) -> None:
    done = making.job.runtime.flag()
    stopped(making, lambda _key: done.wait(5))
    began = making.job.runtime.monotonic()
    making.producer.settle(0.05)
    assert making.job.runtime.monotonic() - began < 4
    done.set()


def test_a_run_that_has_made_nothing_has_nothing_to_settle(
    making: Making,
) -> None:
    making.producer.settle(5)

"""Updates with the engine `claude` whose runs are killed at each step.

The course becomes the same as that of an update that nothing disturbs, and no recorded
answer is paid again. `FONDATION_KILLED_UPDATES=4 pytest tests/proofs/test_paid_updates.py`
kills more of them: in all stages, before and after each step, and with message batches.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from states.course_paths import YAML_STAGES
from states.stages import Stage
from tests.support.claude_jobs import (
    SHOP,
    ClaudeJobs,
    check_account,
    kill_at,
)
from tests.support.fault_proxy import Proxy, ProxyFault
from tests.support.messages_api.model import Document
from tests.support.messages_api.server import MessagesServer
from tests.support.platform_job import PlatformJob, WorkerProcess

UPDATES = int(os.environ.get("FONDATION_KILLED_UPDATES", "1"))
FILES = SHOP | {
    "README.md": SHOP["README.md"]
    + b"\n```python\nfrom shop.label import Label\n\nLabel('tea').text()\n```\n",
    "shop/label.py": (
        b'"""Labels for things."""\n\n\nclass Label:\n    """Names a thing."""\n\n'
        b"    def __init__(self, thing: str) -> None:\n        self.thing = thing\n\n"
        b"    def text(self) -> str:\n"
        b'        """Return the label of a thing."""\n'
        b"        return self.thing.upper()\n"
    ),
}
CHANGED = FILES | {
    "shop/label.py": FILES["shop/label.py"]
    + b'\n    def length(self) -> int:\n        """Return its length."""\n'
    + b"        return len(self.thing)\n"
}
OLD, NEW = "/jobs/older", "/jobs/killed"
TROUBLES = (ProxyFault.RESET, ProxyFault.LOST)
LATER_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLONE)
PAGE_STAGES = LATER_STAGES[len(YAML_STAGES) :]
FEW_STAGES = (
    Stage.EXTRACT,
    Stage.GENERATE_CHAPTERS,
    Stage.GENERATE_TUTORIALS,
)
CONCURRENCY = 4


@dataclass(frozen=True)
class Step:
    """A request of an update, by a pattern of its method and path."""

    request: str
    after: str = ""
    """A request that must precede it in the same run."""


@dataclass
class Kill:
    """The death of a run before or after a step takes effect."""

    step: Step
    fault: ProxyFault
    has_come: bool = False

    def matches(self, method: str, path: str) -> bool:
        request = f"{method} {path}"
        if re.search(self.step.after, request):
            self.has_come = True
        is_step = re.search(self.step.request, request) is not None
        return self.has_come and is_step


CHECKPOINT = f"PUT .*{NEW}/checkpoints/"
PLAN = f"PUT .*{NEW}/artifacts/clone/.*/update.json"
COPYING = (
    Step(f"{CHECKPOINT}00000001"),
    # This checkpoint pins the earlier job's commit.
    Step(CHECKPOINT, after=f"GET .*{OLD}/checkpoints/"),
    Step(f"GET .*{OLD}/artifacts/generate-chapters/"),
    Step(f"PUT .*{NEW}/artifacts/clone/.*/earlier/"),
    Step(PLAN),
    # This checkpoint records the plan.
    Step(CHECKPOINT, after=PLAN),
)


def keeping(stage: Stage) -> Step:
    """Return the step that copies a kept item of a stage."""
    return Step(f"PUT .*{NEW}/artifacts/{stage}/")


def making(stage: Stage) -> tuple[Step, ...]:
    """Return the steps that make an item of a stage, if it is not kept."""
    call = f"PUT .*{NEW}/calls/{stage}/.*"
    item = keeping(stage)
    return (
        Step(f"{call}-intent"),
        Step("POST /v1/messages"),
        Step(f"{call}-answer"),
        Step(item.request, after=f"{call}-answer"),
    )


def steps(number: int) -> Iterator[Step]:
    """Yield the steps at which runs of an update are killed, one after another.

    The first update takes at most a minute.
    """
    keep: Sequence[Stage] = LATER_STAGES
    make: Sequence[Stage] = PAGE_STAGES
    if number == 0:
        keep, make = FEW_STAGES, FEW_STAGES[1:2]
    yield from COPYING
    for stage in keep:
        yield keeping(stage)
        if stage in make:
            yield from making(stage)


def start(job: PlatformJob, batch: str) -> WorkerProcess:
    """Start a run, or resume the job."""
    if job.newest is None:
        return job.start(MODEL_BATCH=batch)
    return job.start("resume", job.name, "--takeover", MODEL_BATCH=batch)


def killed(
    job: PlatformJob, proxies: list[Proxy], number: int, batch: str
) -> list[Step]:
    """Kill a run at each step, and let the last one complete the job."""
    reached = []
    for place, step in enumerate(steps(number), start=number):
        victim: list[WorkerProcess] = []
        kill = Kill(step, TROUBLES[place % 2])
        kill_at(proxies, victim, kill)
        run = start(job, batch)
        victim.append(run)
        assert run.wait() == -9, f"{kill}: {job.report()}"
        reached.append(step)
    for proxy in proxies:
        proxy.policy = lambda _method, _path: None
    assert start(job, batch).wait() == 0, job.report()
    return reached


def check_update(
    older: PlatformJob, undisturbed: PlatformJob, job: PlatformJob
) -> int:
    """Assert that an update ended as the undisturbed one; return how many files it kept."""
    assert job.course == undisturbed.course
    update, wanted = job.manifest.update, undisturbed.manifest.update
    assert update is not None
    assert wanted is not None
    assert (update.kept, update.made) == (wanted.kept, wanted.made)
    same = older.course.items() & job.course.items()
    assert len(same) >= update.kept > len(YAML_STAGES)
    return update.kept


def keys(paid: Sequence[Document]) -> set[str]:
    """Return the distinct calls that were paid for."""
    return {str(request["key"]) for request in paid}


@pytest.mark.parametrize("number", range(UPDATES))
@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_an_update_is_the_same_and_pays_no_answer_again_whenever_it_is_killed(
    number: int,
    claude_jobs: ClaudeJobs,
    proxy: Proxy,
    api_proxy: Proxy,
    api: MessagesServer,
) -> None:
    batch = str(number // 2 % 2)
    claude_jobs.repository.commit(FILES)
    older = claude_jobs.new("older")
    assert older.start().wait() == 0, older.report()
    from_nothing = len(api.paid)
    claude_jobs.repository.commit(CHANGED)
    undisturbed = claude_jobs.new("undisturbed", UPDATE_FROM=older.name)
    assert undisturbed.start(MODEL_BATCH=batch).wait() == 0, (
        undisturbed.report()
    )
    asked = api.paid[from_nothing:]
    job = claude_jobs.new("killed", UPDATE_FROM=older.name)
    reached = killed(job, [proxy, api_proxy], number, batch)
    paid = api.paid[from_nothing + len(asked) :]
    account = check_account(job, paid)
    assert 0 < len(asked) < from_nothing
    assert keys(paid) == keys(asked)
    twice = len(paid) - len(keys(paid))
    assert twice <= (0 if batch == "1" else CONCURRENCY * len(reached))
    kept = check_update(older, undisturbed, job)
    print(  # noqa: T201 - shown with `-rP`
        f"{len(reached)} kills, {account}, {twice} twice; "
        f"{from_nothing} calls from nothing; {kept} files kept"
    )

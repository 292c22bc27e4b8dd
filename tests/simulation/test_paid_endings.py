"""When a run ends, its engine begins no more calls, however long the end takes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage
from tests.simulation import operators
from tests.simulation.paid_world import PaidSimulation
from tests.simulation.scheduler import Process
from worker.outbox.port import WebhookResponse
from worker.run.inbox import Stop

NOTICED = 4.0
"""How long a run may take to notice that it is to end, in seconds."""


def cancel(simulation: PaidSimulation) -> None:
    simulation.start(work=operators.cancel)


def stop(simulation: PaidSimulation) -> None:
    mailbox = simulation.runs[0].job.inbox.mailbox
    mailbox.put(Stop(exit_code=Exit.SIGTERM, reason="SIGTERM"))


@pytest.mark.parametrize("seed", [1, 4, 11])
@pytest.mark.parametrize("end", [cancel, stop])
def test_a_run_that_ends_begins_no_more_calls(
    end: Callable[[PaidSimulation], None], seed: int, work_dir: Path
) -> None:
    """The receiver is down, so the run waits for it; the store is slow.

    The next run counts a call that had begun.
    """
    simulation = PaidSimulation(seed, work_dir, chapters=6)
    simulation.concurrency = 1
    simulation.latency = 0.3
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    began: list[float] = []
    ending: list[float] = []

    def watch(name: str, _process: Process) -> None:
        if name.startswith("api send"):
            began.append(simulation.scheduler.time)
        is_chapter = name.startswith(
            f"create job-1/calls/{Stage.GENERATE_CHAPTERS}"
        )
        if is_chapter and not ending:
            ending.append(simulation.scheduler.time)
            simulation.scheduler.at(
                simulation.scheduler.time, lambda: end(simulation)
            )

    simulation.start(watch)
    simulation.run()
    late = [time for time in began if time > ending[0] + NOTICED]
    assert late == []
    simulation.start()
    simulation.run()
    assert simulation.api.misconduct == []
    simulation.check_usage()

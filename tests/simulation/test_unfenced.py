"""Claims on stores that are not a fence, and on stores whose listings lag."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from states.codec import decode, encode
from states.exits import Exit
from tests.simulation.scripted_runs import kill_before, run
from tests.simulation.simulation import Simulation
from tests.support.world import JOB, FakeEngine
from worker.errors import ExistsError, MissingError
from worker.ownership.claim import OperatorRequest
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry

SEEDS = 60


class CheckThenWriteStore(MemoryStore):
    """Checks whether an object exists, and creates it a moment later."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(lambda: simulation.scheduler.time)
        self._simulation = simulation

    def create(self, key: str, body: bytes, media_type: str) -> float:
        try:
            self.head(key)
        except MissingError:
            scheduler = self._simulation.scheduler
            scheduler.pause(0.005 * scheduler.random.random())
            return self.put(key, body, media_type)
        raise ExistsError(key)


class LaggingStore(MemoryStore):
    """Does not list what was written after a given time."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(lambda: simulation.scheduler.time)
        self.shows_until = float("inf")
        self.requests = 0

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        self.requests += 1
        entries = super().entries(prefix, start_after=start_after, limit=limit)
        return (entry for entry in entries if entry.modified < self.shows_until)

    def create(self, key: str, body: bytes, media_type: str) -> float:
        self.requests += 1
        return super().create(key, body, media_type)


def slow_engine(simulation: Simulation) -> FakeEngine:
    return FakeEngine(
        chapters=2, before_item=lambda _path: simulation.scheduler.pause(1)
    )


@pytest.mark.parametrize("allowed", [False, True])
def test_one_of_two_starts_on_a_store_that_checks_first_continues_and_the_log_is_whole(
    work_dir: Path, *, allowed: bool
) -> None:
    codes = set()
    for seed in range(SEEDS):
        simulation = Simulation(seed, work_dir)
        simulation.store = CheckThenWriteStore(simulation)
        simulation.changes = {"allow_unfenced": allowed}
        for _ in range(2):
            simulation.start(engine=slow_engine(simulation))
        simulation.run()
        simulation.check_log()
        assert sum(bool(run.engine.made) for run in simulation.runs) == 1
        codes |= {run.code for run in simulation.runs}
    refused = set() if allowed else {Exit.CONFIG}
    assert codes - {Exit.OK, Exit.TEMPORARY} == refused


def test_a_new_run_sees_the_checkpoint_that_its_claim_met_even_if_no_listing_shows_it(
    simulation: Simulation,
) -> None:
    simulation.store = store = LaggingStore(simulation)
    assert run(simulation).code is Exit.OK
    finished = simulation.manifest
    began, store.requests, store.shows_until = simulation.scheduler.time, 0, 0.0
    assert run(simulation).code is Exit.OK
    assert store.requests < 10
    assert simulation.scheduler.time - began < 1
    store.shows_until = float("inf")
    assert simulation.manifest == finished


def test_an_operator_also_reads_on_past_what_a_lagging_listing_shows(
    simulation: Simulation,
) -> None:
    simulation.store = store = LaggingStore(simulation)
    run(simulation, engine=FakeEngine(chapters=2))
    [first, *_] = simulation.store.entries(f"{JOB}/checkpoints/")
    store.shows_until = first.modified + 1e-9
    resumed = run(
        simulation, work=lambda job: job.resume(OperatorRequest(takeover=True))
    )
    assert resumed.code is Exit.OK
    assert not resumed.engine.made


def test_a_claimant_that_is_always_overtaken_gives_up_in_time_and_says_so(
    simulation: Simulation,
) -> None:
    """Whenever this new run claims the job, another run has just done so."""

    class ContestedStore(MemoryStore):
        requests = 0

        def create(self, key: str, body: bytes, media_type: str) -> float:
            self.requests += 1
            super().create(
                key, encode(replace(decode(body), token="rival")), media_type
            )
            return super().create(key, body, media_type)

    run(
        simulation, policy=kill_before(f"put {JOB}/artifacts/generate-chapters")
    )
    contested = ContestedStore(lambda: simulation.scheduler.time)
    for entry in simulation.store.entries(""):
        contested.put(entry.key, simulation.store.get(entry.key), "")
    simulation.store = contested
    loser = run(
        simulation, work=lambda job: job.resume(OperatorRequest(takeover=True))
    )
    assert loser.code is Exit.TEMPORARY
    assert "other runs keep claiming job" in str(loser.error)
    assert contested.requests == 51
    assert 30 < simulation.scheduler.time < 200

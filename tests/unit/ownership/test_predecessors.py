"""How long replaced runs may still act, under a simulated clock."""

from dataclasses import replace

import pytest

from states.decisions import claim
from states.manifest import Manifest
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import AT, ENGINE, begun, run_record
from worker.ownership.heartbeat import put_heartbeat
from worker.ownership.predecessors import Predecessors
from worker.store.memory import MemoryStore

LEASE = 30


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler(0)


@pytest.fixture
def store(scheduler: Scheduler) -> MemoryStore:
    return MemoryStore(lambda: scheduler.time)


def claimed(manifest: Manifest, lease: int = LEASE) -> Manifest:
    run = run_record(manifest.run + 1, lease_seconds=lease)
    return claim(manifest, run, engine=ENGINE, announces=True)


def predecessors(
    scheduler: Scheduler, store: MemoryStore, manifest: Manifest
) -> Predecessors:
    runtime = SimRuntime(scheduler, Process(name="a run"))
    return Predecessors(store, manifest, runtime)


def test_a_run_that_was_replaced_alive_may_act_for_its_lease(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    first = begun()
    put_heartbeat(store, first, 1)
    scheduler.time += 10
    earlier = predecessors(scheduler, store, claimed(first))
    assert earlier.may_act()
    scheduler.time += LEASE
    assert earlier.may_act()
    scheduler.time += 1
    assert not earlier.may_act()


def test_a_run_whose_lease_had_expired_is_not_waited_for(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    first = begun()
    put_heartbeat(store, first, 1)
    scheduler.time += LEASE + 1
    assert not predecessors(scheduler, store, claimed(first)).may_act()


def test_the_lease_that_counts_is_the_one_in_the_heartbeat(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    first = begun()
    put_heartbeat(store, first, 1, skew=5)
    scheduler.time += LEASE + 1
    assert predecessors(scheduler, store, claimed(first)).may_act()


def test_a_run_without_a_heartbeat_may_have_just_begun(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    assert predecessors(scheduler, store, claimed(begun())).may_act()


def test_after_a_proper_end_or_for_a_first_run_there_is_no_run_to_wait_for(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    first = begun()
    assert not predecessors(scheduler, store, first).may_act()
    ended = replace(first, runs=(replace(first.owner, ended_at=AT),))
    put_heartbeat(store, ended, 1)
    assert not predecessors(scheduler, store, claimed(ended)).may_act()


def test_a_run_that_was_replaced_twice_over_is_waited_for(
    scheduler: Scheduler, store: MemoryStore
) -> None:
    """The run in between was stopped at once, and ended properly."""
    first = begun()
    put_heartbeat(store, first, 1)
    second = claimed(first, 3)
    runs = (*second.runs[:-1], replace(second.owner, ended_at=AT))
    third = claimed(replace(second, runs=runs), 3)
    earlier = predecessors(scheduler, store, third)
    scheduler.time += LEASE
    assert earlier.may_act()
    scheduler.time += 1
    assert not earlier.may_act()

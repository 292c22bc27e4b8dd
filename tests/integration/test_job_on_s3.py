"""Whole jobs on real S3 servers with every kind of fault."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from states.exits import Exit
from tests.support.fault_proxy import ProxyFault, at_random, proxying
from tests.support.servers.server import S3Server
from tests.support.waiting import until
from tests.support.world import IDENTITY, JOB, FakeReceiver, World
from worker.errors import ConfigError
from worker.ownership.log import CheckpointLog
from worker.store.s3 import S3Store
from worker.system.runtime import SystemRuntime

SERVERS = pytest.mark.parametrize("s3_server", ["minio", "ceph"], indirect=True)


def store_behind(server: S3Server, url: str, bucket: str) -> S3Store:
    return S3Store(bucket, "jobs", replace(server.access, endpoint_url=url))


def course(world: World) -> dict[str, bytes]:
    return {
        entry.key.split("/", 5)[-1]: world.store.get(entry.key)
        for entry in world.store.entries(f"{JOB}/artifacts/")
        if "/clone/" not in entry.key
    }


@SERVERS
def test_a_job_survives_a_store_where_everything_goes_wrong(
    s3_server: S3Server, tmp_path: Path
) -> None:
    undisturbed = World(
        store=s3_server.new_store(), work_dir=tmp_path / "undisturbed"
    )
    assert undisturbed.job().run(IDENTITY) is Exit.OK
    with proxying(s3_server.endpoint_url) as proxy:
        store = store_behind(s3_server, proxy.url, s3_server.new_bucket())
        world = World(
            store=store,
            work_dir=tmp_path / "stormy",
            lease=30,
            store_give_up=60,
        )
        proxy.policy = at_random(
            7, 0.2, tuple(set(ProxyFault) - {ProxyFault.SILENCE})
        )
        assert world.job().run(IDENTITY) is Exit.OK
        proxy.policy = lambda _method, _path: None
        assert course(world) == course(undisturbed)
        assert sum(proxy.faults.values()) > 5
    assert set(world.engine.made.values()) == {1}
    assert world.receiver is not None
    assert world.receiver.events[-1] == ("complete", "completed")
    assert len(world.receiver.taken) == len(
        {key for key, _ in world.receiver.taken}
    )


@SERVERS
def test_a_run_without_its_store_ends_with_75_and_the_next_resumes(
    s3_server: S3Server, tmp_path: Path
) -> None:
    bucket = s3_server.new_bucket()
    beside = store_behind(s3_server, s3_server.endpoint_url, bucket)
    with proxying(s3_server.endpoint_url) as proxy:
        world = World(
            store=store_behind(s3_server, proxy.url, bucket),
            work_dir=tmp_path,
            store_give_up=1,
        )

        def cut(path: str) -> None:
            if path == "chapters/chapter_2_thing_2.md":
                until(
                    lambda: any(
                        beside.entries(f"{JOB}/artifacts/generate-chapters/")
                    )
                )
                proxy.broken.set()

        world.engine.before_item = cut
        assert world.job().run(IDENTITY) is Exit.TEMPORARY
        proxy.broken.clear()
        world.engine.before_item = lambda _path: None
        assert world.job().run(IDENTITY) is Exit.OK
    assert world.engine.made["chapters/chapter_1_thing_1.md"] == 1
    assert world.engine.made["step3_order.yaml"] == 1


def test_a_heartbeat_that_gets_stuck_costs_no_lease(
    s3_servers: Callable[[str], S3Server],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = s3_servers("moto")
    beats: list[str] = []

    def policy(method: str, path: str) -> ProxyFault | None:
        if method != "PUT" or not path.endswith("/heartbeat.json"):
            return None
        beats.append(path)
        return ProxyFault.SILENCE if len(beats) == 2 else None

    with proxying(server.endpoint_url) as proxy:
        proxy.silence_seconds, proxy.policy = 60, policy
        world = World(
            store=store_behind(server, proxy.url, server.new_bucket()),
            work_dir=tmp_path,
            lease=3,
        )
        world.engine.before_item = lambda path: until(
            lambda: len(beats) > 6 or not path.startswith("chapters/")
        )
        assert world.job().run(IDENTITY) is Exit.OK
        proxy.broken.set()  # ends the silence
    assert "suspending side effects" not in caplog.text


@SERVERS
def test_two_runs_started_at_once_make_one_course(
    s3_server: S3Server, tmp_path: Path
) -> None:
    runtime = SystemRuntime()
    receiver = FakeReceiver()
    bucket = s3_server.new_bucket()
    worlds = [
        World(
            store=S3Store(bucket, "", s3_server.access),
            work_dir=tmp_path / str(number),
            receiver=receiver,
        )
        for number in range(2)
    ]
    with runtime.executor(2) as pool:
        codes = [
            future.result(60)
            for future in [
                pool.submit(world.job().run, IDENTITY) for world in worlds
            ]
        ]
    assert codes == [Exit.OK, Exit.OK]
    made = worlds[0].engine.made + worlds[1].engine.made
    assert set(made.values()) == {1}
    assert [status for _, status in receiver.events].count("completed") == 1


def test_a_store_that_ignores_conditions_is_refused_and_nothing_is_left_behind(
    s3_servers: Callable[[str], S3Server], tmp_path: Path
) -> None:
    world = World(store=s3_servers("rclone").new_store(), work_dir=tmp_path)
    with pytest.raises(
        ConfigError,
        match=r"overwrote s3://.*00000001\.json although the request forbade it",
    ) as raised:
        world.job().run(IDENTITY)
    assert raised.value.exit is Exit.CONFIG
    assert list(world.store.entries("")) == []
    assert world.receiver is not None
    assert world.receiver.taken == []


def test_a_store_that_ignores_conditions_is_used_if_that_is_allowed(
    s3_servers: Callable[[str], S3Server], tmp_path: Path
) -> None:
    world = World(
        store=s3_servers("rclone").new_store(),
        work_dir=tmp_path,
        allow_unfenced=True,
    )
    assert world.job().run(IDENTITY) is Exit.OK
    newest = CheckpointLog(world.store, JOB, SystemRuntime()).newest()
    assert newest is not None
    assert newest.manifest.released

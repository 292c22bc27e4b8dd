"""A run is killed in the middle of each stage in turn, and the platform's retry resumes."""

from collections import Counter
from dataclasses import dataclass, field
from subprocess import Popen

import pytest

from states.keys import artifact_name
from states.stages import INFO, Stage
from tests.acceptance.conftest import Platform
from tests.support.fault_proxy import ProxyFault, proxying
from tests.support.git_repository import Repository
from tests.support.user import User, files_below

CASES = [("minio", stage) for stage in Stage] + [
    ("ceph", Stage.CLONE),
    ("ceph", Stage.GENERATE_CHAPTERS),
]


@dataclass
class Ambush:
    """A proxy to the store: kills a run as it stores a stage's item, and records stored items."""

    stage: Stage
    victim: Popen[str] | None = None
    seen: int = 0
    put: Counter[str] = field(default_factory=Counter)

    def policy(self, method: str, path: str) -> ProxyFault | None:
        name = artifact_name(path.split("/courses/", 1)[-1])
        if method != "PUT" or name is None:
            return None
        self.put[name.path] += 1
        self.seen += name.stage is self.stage
        if self.victim is None or self.seen < (
            2 if INFO[self.stage].folder else 1
        ):
            return None
        self.victim.kill()
        return ProxyFault.RESET


def stored(platform: Platform) -> set[str]:
    """Return the paths of the stored items."""
    names = (
        artifact_name(entry.key)
        for entry in platform.store.entries("job-1/artifacts/")
    )
    return {name.path for name in names if name is not None}


def run_into(ambush: Ambush, platform: Platform) -> set[str]:
    """Start a run that is killed; return the items that it stored."""
    with proxying(platform.user.environment["AWS_ENDPOINT_URL_S3"]) as proxy:
        proxy.policy = ambush.policy
        ambush.victim = platform.user.start(
            "run", AWS_ENDPOINT_URL_S3=proxy.url
        )
        result = platform.user.ends(ambush.victim)
    assert result.code == -9, result.err
    return stored(platform)


def run_on(platform: Platform) -> Counter[str]:
    """Let the next run finish; return how often it stored each item."""
    passive = Ambush(Stage.CLONE)
    with proxying(platform.user.environment["AWS_ENDPOINT_URL_S3"]) as proxy:
        proxy.policy = passive.policy
        platform.run(AWS_ENDPOINT_URL_S3=proxy.url)
    return passive.put


@pytest.mark.parametrize(("s3_server", "stage"), CASES, indirect=["s3_server"])
def test_a_run_that_is_killed_in_a_stage_costs_only_what_was_in_flight(
    platform: Platform, repository: Repository, stage: Stage
) -> None:
    home = platform.user.home
    User(home=home).run(
        "run",
        platform.user.environment["REPOSITORY_URL"],
        "--out",
        "undisturbed",
    )
    before = run_into(Ambush(stage), platform)
    assert (
        platform.user.run("status", "job-1", "--json").json["state"]
        == INFO[stage].state
    )
    repository.commit({"shop/late.py": b"class Late:\n    pass\n"})
    put = run_on(platform)
    assert before.isdisjoint(put), "stored items were made again"
    assert set(put.values()) == {1}
    assert files_below(platform.course("course")) == files_below(
        home / "undisturbed"
    )
    assert platform.user.run("status", "job-1", "--json").json["run"] == 2
    check_callbacks(platform)


def check_callbacks(platform: Platform) -> None:
    """Assert that the final event was sent once, and no key used for two events."""
    meanings: dict[str, list[object]] = {}
    for delivery in platform.receiver.deliveries:
        event = [
            delivery.document[name]
            for name in (
                "type",
                "status",
                "step",
                "sequence",
                "run",
                "timestamp",
            )
        ]
        assert (
            meanings.setdefault(delivery.headers["idempotency-key"], event)
            == event
        )
    assert [event[1] for event in meanings.values()].count("completed") == 1
    assert (
        platform.user.run("verify", "job-1", "--deep", "--json").json["faults"]
        == []
    )

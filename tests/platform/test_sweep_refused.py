"""`sweep` on a store that refuses a read and allows it a moment later."""

from dataclasses import replace
from pathlib import Path

import pytest

from states.exits import Exit
from tests.platform.conftest import Operator
from tests.support.fault_proxy import Injection, Proxy, Refusal, proxying
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY, FakeReceiver, World
from worker.outbox.port import WebhookResponse
from worker.store.s3 import S3Store


def leave_unacknowledged(store: S3Store, job_id: str, work_dir: Path) -> None:
    """Leave a finished job whose final callback is unacknowledged."""
    receiver = FakeReceiver(answer=lambda _: WebhookResponse(status_code=503))
    world = World(
        store=store, work_dir=work_dir, receiver=receiver, callback_give_up=0
    )
    assert (
        world.job(job_id).run(replace(IDENTITY, job_id=job_id))
        is Exit.TEMPORARY
    )


@pytest.mark.parametrize("s3_server", ["moto"], indirect=True)
@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal.DENIED, 77),
        (Refusal.NO_BUCKET, 78),
        (Refusal.SKEWED, 78),
        (Refusal.LOGIN, 78),
    ],
)
@pytest.mark.parametrize("refused", ["first", "last"])
def test_a_sweep_that_the_store_refuses_a_read_reports_it_and_starts_no_run(
    refused: str,
    refusal: Refusal,
    code: int,
    s3_server: S3Server,
    operator: Operator,
    tmp_path: Path,
) -> None:
    bucket = s3_server.new_bucket()
    store = S3Store(bucket, "jobs", s3_server.access)
    runs = operator.scaleway.jobs.runs

    def policy(_method: str, path: str) -> Injection:
        return refusal if f"/jobs/{refused}/checkpoints/" in path else None

    with proxying(s3_server.endpoint_url) as proxy:
        place = settings(s3_server, bucket, proxy)
        definition = operator.scaleway.define(**place)
        operator.environment = place
        for job_id in ("first", "last"):
            leave_unacknowledged(store, job_id, tmp_path / "work")
            callback = {
                "CALLBACK_URL": "https://app.example/hook",
                "CALLBACK_TOKEN": "tok-3n",
            }
            identity = {
                "JOB_ID": job_id,
                "REPOSITORY_URL": IDENTITY.repository,
                "BRANCH": "main",
            }
            run = operator.scaleway.jobs.start(
                definition, {"environment_variables": {**identity, **callback}}
            )[0]
            operator.scaleway.jobs.end(run, "failed")
        proxy.policy = policy
        answer = operator("sweep", code=code)
        assert "Traceback" not in answer
        assert len(runs) == 2
        proxy.policy = lambda _method, _path: None
        assert [job["jobId"] for job in operator.json("sweep")["swept"]] == [
            "first",
            "last",
        ]
        assert len(runs) == 4


def settings(s3_server: S3Server, bucket: str, proxy: Proxy) -> dict[str, str]:
    """Return the variables of the store behind the proxy."""
    return {
        "STORE_URL": f"s3://{bucket}/jobs",
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_ENDPOINT_URL_S3": proxy.url,
    }

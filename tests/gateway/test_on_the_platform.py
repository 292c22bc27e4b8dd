"""The gateway in production: each request starts a run on the platform."""

import pytest

from tests.gateway.conftest import GatewayHost
from tests.support.scaleway.containers import Containers
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault, ScalewayServer
from tests.support.waiting import until


@pytest.fixture
def definition(scaleway: ScalewayServer, gateway: GatewayHost) -> Document:
    gateway.start("--mode", "scaleway", **scaleway.environment)
    return scaleway.define(
        STORE_URL=gateway.environment["STORE_URL"], LEASE_SECONDS="3"
    )


def started(scaleway: ScalewayServer) -> list[Document]:
    return list(scaleway.jobs.runs.values())


def test_a_whole_job_on_the_platform(
    gateway: GatewayHost, scaleway: ScalewayServer, definition: Document
) -> None:
    containers = Containers(
        folder=gateway.folder,
        environment={"FONDATION_PATH": gateway.environment["FONDATION_PATH"]},
    )
    scaleway.jobs.launch = containers.launch
    accepted = gateway.analyze()
    run = started(scaleway)[0]
    assert accepted.json() == {
        "status": "accepted",
        "jobId": "job-1",
        "mode": "scaleway-job",
        "runId": run["id"],
    }
    assert run["job_definition_id"] == definition["id"]
    gateway.await_state("completed")
    until(lambda: run["state"] == "succeeded")
    until(lambda: gateway.receiver.events[-1:] == [("complete", "completed")])
    assert (
        gateway.get("/jobs/job-1").json()["platformRuns"][0]["id"] == run["id"]
    )
    assert gateway.get("/jobs/job-1/files").json()
    containers.close()


@pytest.mark.usefixtures("definition")
def test_a_job_is_pending_until_its_first_checkpoint(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.analyze()
    assert gateway.state() == "pending"
    assert gateway.get("/jobs/job-1/files").json() == []
    scaleway.jobs.end(started(scaleway)[0], "failed", exit_code=78)
    assert gateway.get("/jobs/job-1").status_code == 404


@pytest.mark.usefixtures("definition")
def test_a_job_whose_run_lives_gets_no_second_one(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    first, second = gateway.analyze().json(), gateway.analyze().json()
    assert first == second
    assert len(started(scaleway)) == 1
    assert gateway.analyze(repositoryUrl="owner/other").status_code == 409


@pytest.mark.usefixtures("definition")
def test_a_run_that_has_not_begun_is_stopped_by_a_cancel_and_its_job_is_over(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.analyze()
    assert gateway.post("/cancel/job-1").status_code == 202
    assert started(scaleway)[0]["state"] == "interrupted"
    # Before it is canceled, a sweep could start the job again.
    gateway.await_state("canceled")
    until(lambda: gateway.receiver.events == [("progress", "canceled")])


@pytest.mark.usefixtures("definition")
def test_jobs_are_shown_while_the_platform_is_away(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.analyze()
    gateway.post("/cancel/job-1")
    gateway.await_state("canceled")
    scaleway.fault(Fault(status=503, times=1000))
    shown = gateway.get("/jobs/job-1", timeout=60)
    assert shown.status_code == 200
    assert shown.json()["state"] == "canceled"
    assert shown.json()["platformRuns"] is None


@pytest.mark.usefixtures("definition")
def test_a_run_that_the_gateway_did_not_start_is_shown_too(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.analyze(callbackToken="x")
    started(scaleway)[0]["environment_variables"] |= {
        "CALLBACK_TOKEN": "two words",
        "CALLBACK_URL": "",
        "BRANCH": "",
    }
    assert gateway.get("/jobs/job-1").json()["branch"] == "main"


@pytest.mark.usefixtures("definition")
def test_a_name_whose_run_was_refused_is_free_again(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.analyze()
    scaleway.jobs.end(started(scaleway)[0], "failed", exit_code=78)
    assert gateway.analyze(repositoryUrl="owner/other").status_code == 202


def test_a_definition_that_hides_its_store_is_reported(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.start("--mode", "scaleway", **scaleway.environment, STORE_URL="")
    scaleway.define()
    answer = gateway.get("/jobs/job-1")
    assert answer.status_code == 502
    assert "does not show its STORE_URL" in answer.json()["error"]


@pytest.mark.usefixtures("definition")
def test_a_platform_that_is_down_is_a_bad_gateway_and_nothing_is_accepted(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    scaleway.fault(
        Fault(
            status=403,
            body=b'{"type": "quotas_exceeded", "message": "too many"}',
            on="/start",
        )
    )
    answer = gateway.analyze()
    assert answer.status_code == 502
    assert "too many" in answer.json()["error"]
    assert started(scaleway) == []
    scaleway.secret_key = "another"
    assert "SCW_SECRET_KEY" in gateway.analyze().json()["error"]


@pytest.mark.usefixtures("definition")
def test_a_start_whose_answer_was_lost_is_accepted_once_it_is_found(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    scaleway.fault(Fault(lost=True, on="/start"))
    assert gateway.analyze().status_code == 202
    assert len(started(scaleway)) == 1


def test_a_definition_that_a_run_could_not_work_with_is_reported(
    gateway: GatewayHost, scaleway: ScalewayServer
) -> None:
    gateway.start("--mode", "scaleway", **scaleway.environment)
    scaleway.define()
    answer = gateway.analyze()
    assert answer.status_code == 502
    assert "STORE_URL is missing" in answer.json()["error"]

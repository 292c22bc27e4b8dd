"""The gateway in production: each request starts a run on the platform."""

from collections.abc import Iterator

import pytest

from tests.gateway.conftest import Place
from tests.support.scaleway.containers import Containers
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault, ScalewayServer
from tests.support.waiting import until


@pytest.fixture
def scaleway() -> Iterator[ScalewayServer]:
    with ScalewayServer() as server:
        yield server


@pytest.fixture
def definition(scaleway: ScalewayServer, place: Place) -> Document:
    place.start("--mode", "scaleway", **scaleway.environment)
    return scaleway.define(
        STORE_URL=place.environment["STORE_URL"], LEASE_SECONDS="3"
    )


def started(scaleway: ScalewayServer) -> list[Document]:
    return list(scaleway.jobs.runs.values())


def test_a_whole_job_on_the_platform(
    place: Place, scaleway: ScalewayServer, definition: Document
) -> None:
    containers = Containers(
        folder=place.folder,
        environment={"FONDATION_PATH": place.environment["FONDATION_PATH"]},
    )
    scaleway.jobs.launch = containers.launch
    accepted = place.analyze()
    run = started(scaleway)[0]
    assert accepted.json() == {
        "status": "accepted",
        "jobId": "job-1",
        "mode": "scaleway-job",
        "runId": run["id"],
    }
    assert run["job_definition_id"] == definition["id"]
    place.await_state("completed")
    until(lambda: run["state"] == "succeeded")
    until(lambda: place.receiver.events[-1:] == [("complete", "completed")])
    assert place.get("/jobs/job-1").json()["platformRuns"][0]["id"] == run["id"]
    assert place.get("/jobs/job-1/files").json()
    containers.close()


@pytest.mark.usefixtures("definition")
def test_a_job_is_pending_until_its_first_checkpoint(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.analyze()
    assert place.state() == "pending"
    assert place.get("/jobs/job-1/files").json() == []
    scaleway.jobs.end(started(scaleway)[0], "failed", exit_code=78)
    assert place.get("/jobs/job-1").status_code == 404


@pytest.mark.usefixtures("definition")
def test_a_job_whose_run_lives_gets_no_second_one(
    place: Place, scaleway: ScalewayServer
) -> None:
    first, second = place.analyze().json(), place.analyze().json()
    assert first == second
    assert len(started(scaleway)) == 1
    assert place.analyze(repositoryUrl="owner/other").status_code == 409


@pytest.mark.usefixtures("definition")
def test_a_run_that_has_not_begun_is_stopped_by_a_cancel_and_its_job_is_over(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.analyze()
    assert place.post("/cancel/job-1").status_code == 202
    assert started(scaleway)[0]["state"] == "interrupted"
    # Until then a sweep could start the job again.
    place.await_state("canceled")
    until(lambda: place.receiver.events == [("progress", "canceled")])


@pytest.mark.usefixtures("definition")
def test_jobs_are_shown_while_the_platform_is_away(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.analyze()
    place.post("/cancel/job-1")
    place.await_state("canceled")
    scaleway.fault(Fault(status=503, times=1000))
    shown = place.get("/jobs/job-1", timeout=60)
    assert shown.status_code == 200
    assert shown.json()["state"] == "canceled"
    assert shown.json()["platformRuns"] is None


@pytest.mark.usefixtures("definition")
def test_a_run_that_the_gateway_did_not_start_is_shown_too(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.analyze(callbackToken="x")
    started(scaleway)[0]["environment_variables"] |= {
        "CALLBACK_TOKEN": "two words",
        "CALLBACK_URL": "",
        "BRANCH": "",
    }
    assert place.get("/jobs/job-1").json()["branch"] == "main"


@pytest.mark.usefixtures("definition")
def test_a_name_whose_run_was_refused_is_free_again(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.analyze()
    scaleway.jobs.end(started(scaleway)[0], "failed", exit_code=78)
    assert place.analyze(repositoryUrl="owner/other").status_code == 202


def test_a_definition_that_hides_its_store_is_reported(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.start("--mode", "scaleway", **scaleway.environment, STORE_URL="")
    scaleway.define()
    answer = place.get("/jobs/job-1")
    assert answer.status_code == 502
    assert "does not show its STORE_URL" in answer.json()["error"]


@pytest.mark.usefixtures("definition")
def test_a_platform_that_is_away_is_a_bad_gateway_and_nothing_is_accepted(
    place: Place, scaleway: ScalewayServer
) -> None:
    scaleway.fault(
        Fault(
            status=403,
            body=b'{"type": "quotas_exceeded", "message": "too many"}',
            on="/start",
        )
    )
    answer = place.analyze()
    assert answer.status_code == 502
    assert "too many" in answer.json()["error"]
    assert started(scaleway) == []
    scaleway.secret_key = "another"
    assert "SCW_SECRET_KEY" in place.analyze().json()["error"]


@pytest.mark.usefixtures("definition")
def test_a_start_whose_answer_was_lost_is_accepted_once_it_is_found(
    place: Place, scaleway: ScalewayServer
) -> None:
    scaleway.fault(Fault(lost=True, on="/start"))
    assert place.analyze().status_code == 202
    assert len(started(scaleway)) == 1


def test_a_definition_that_a_run_could_not_work_with_is_reported(
    place: Place, scaleway: ScalewayServer
) -> None:
    place.start("--mode", "scaleway", **scaleway.environment)
    scaleway.define()
    answer = place.analyze()
    assert answer.status_code == 502
    assert "STORE_URL is missing" in answer.json()["error"]

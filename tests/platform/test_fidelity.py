"""The stand-in for the API behaves as the official SDK expects, and as documented."""

import pytest
from scaleway import Client
from scaleway.jobs.v1alpha2 import JobsV1Alpha2API
from scaleway.jobs.v1alpha2.types import (
    CreateSecretsRequestSecretConfig,
    JobDefinition,
    JobRunReason,
    JobRunState,
    RetryPolicy,
    UpdateJobDefinitionRequestUpdateRetryPolicy,
)
from scaleway_core.api import ScalewayException

from tests.support.scaleway.jobs import STATES
from tests.support.scaleway.server import ScalewayServer
from worker.cli.main import main


@pytest.fixture
def sdk(scaleway: ScalewayServer) -> JobsV1Alpha2API:
    return JobsV1Alpha2API(
        Client(
            access_key="SCW00000000000000000",
            secret_key=scaleway.secret_key,
            default_project_id=scaleway.project_id,
            default_region="fr-par",
            api_url=scaleway.url,
        )
    )


def create(sdk: JobsV1Alpha2API, name: str = "worker") -> JobDefinition:
    return sdk.create_job_definition(
        name=name,
        description="",
        image_uri="registry.example/worker:1",
        cpu_limit=2000,
        memory_limit=4096,
        local_storage_capacity=10000,
        environment_variables={"A": "1"},
        job_timeout="3600s",
        retry_policy=RetryPolicy(max_retries=5),
    )


def test_a_definition_is_created_changed_listed_and_deleted(
    sdk: JobsV1Alpha2API,
) -> None:
    made = create(sdk)
    changed = sdk.update_job_definition(
        job_definition_id=made.id,
        memory_limit=8192,
        environment_variables={"B": "2"},
        retry_policy=UpdateJobDefinitionRequestUpdateRetryPolicy(max_retries=0),
    )
    assert changed.memory_limit == 8192
    assert changed.environment_variables == {"B": "2"}
    assert changed.cpu_limit == 2000
    assert changed.retry_policy == RetryPolicy(max_retries=0)
    assert [listed.id for listed in sdk.list_job_definitions_all()] == [made.id]
    sdk.delete_job_definition(job_definition_id=made.id)
    assert sdk.list_job_definitions().total_count == 0


def test_listings_come_in_pages_of_one_project(
    sdk: JobsV1Alpha2API, scaleway: ScalewayServer
) -> None:
    made = [create(sdk, f"worker-{number}").id for number in range(25)]
    page = sdk.list_job_definitions(page=2, page_size=10)
    assert [listed.id for listed in page.job_definitions] == made[10:20]
    assert page.total_count == 25
    assert [listed.id for listed in sdk.list_job_definitions_all()] == made
    assert (
        sdk.list_job_definitions(
            project_id="11111111-1111-1111-1111-111111111111"
        ).total_count
        == 0
    )
    assert any("page=3" in request for request in scaleway.requests)


def test_a_run_is_started_shown_listed_and_stopped(
    sdk: JobsV1Alpha2API,
) -> None:
    definition = create(sdk)
    started = sdk.start_job_definition(
        job_definition_id=definition.id, environment_variables={"JOB_ID": "x"}
    ).job_runs
    run = sdk.get_job_run(job_run_id=started[0].id)
    assert run.state == JobRunState.QUEUED
    assert run.environment_variables == {"JOB_ID": "x"}
    assert sdk.stop_job_run(job_run_id=run.id).state == JobRunState.INTERRUPTED
    assert [
        listed.id
        for listed in sdk.list_job_runs_all(job_definition_id=definition.id)
    ] == [run.id]
    assert sdk.list_job_runs(states=[JobRunState.QUEUED]).total_count == 0


def test_a_definition_with_a_live_run_is_not_deleted(
    sdk: JobsV1Alpha2API,
) -> None:
    definition = create(sdk)
    sdk.start_job_definition(job_definition_id=definition.id)
    with pytest.raises(ScalewayException) as refused:
        sdk.delete_job_definition(job_definition_id=definition.id)
    assert refused.value.status_code == 403


def test_secrets_are_references_of_a_definition(sdk: JobsV1Alpha2API) -> None:
    definition = create(sdk)
    config = CreateSecretsRequestSecretConfig(
        secret_manager_id="5e0f8b5e-0000-4000-8000-000000000000",
        secret_manager_version="latest",
        env_var_name="API_KEY",
    )
    made = sdk.create_secrets(
        job_definition_id=definition.id, secrets=[config]
    ).secrets[0]
    assert made.env_var is not None
    assert made.env_var.name == "API_KEY"
    assert (
        sdk.update_secret(
            secret_id=made.secret_id, secret_manager_version="3"
        ).secret_manager_version
        == "3"
    )
    sdk.delete_secret(secret_id=made.secret_id)
    assert sdk.list_secrets(job_definition_id=definition.id).secrets == []


def test_the_sdk_reads_the_faults_of_a_request(
    sdk: JobsV1Alpha2API, scaleway: ScalewayServer
) -> None:
    with pytest.raises(ScalewayException) as refused:
        sdk.get_job_run(job_run_id="5e0f8b5e-0000-4000-8000-000000000000")
    assert refused.value.status_code == 404
    scaleway.secret_key = "5e0f8b5e-0000-4000-8000-000000000000"
    with pytest.raises(ScalewayException) as refused:
        sdk.list_job_runs()
    assert refused.value.status_code == 401


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_run_is_one_that_the_sdk_knows(
    state: str, sdk: JobsV1Alpha2API, scaleway: ScalewayServer
) -> None:
    run = scaleway.jobs.start(scaleway.define(), {})[0]
    scaleway.jobs.end(run, state, reason="memory_usage_exceeded", exit_code=75)
    job_run = sdk.get_job_run(job_run_id=run["id"])
    assert job_run.state == JobRunState(state)
    assert job_run.reason == JobRunReason.MEMORY_USAGE_EXCEEDED
    assert job_run.exit_code == 75
    assert job_run.attempts == 0
    assert sdk.list_job_runs(states=[JobRunState(state)]).total_count == 1


def test_the_sdk_takes_no_exit_code_for_0_as_the_client_does_not(
    sdk: JobsV1Alpha2API, scaleway: ScalewayServer
) -> None:
    run = scaleway.jobs.start(scaleway.define(), {})[0]
    scaleway.jobs.end(run, "failed", reason="memory_usage_exceeded")
    assert sdk.get_job_run(job_run_id=run["id"]).exit_code == 0


def test_the_sdk_reads_the_definition_that_deploy_makes(
    sdk: JobsV1Alpha2API, scaleway: ScalewayServer
) -> None:
    secret = "5e0f8b5e-0000-4000-8000-000000000000"
    argv = [
        "deploy",
        "--image",
        "registry.example/worker:2",
        "--env",
        "A=1",
        "--secret",
        f"API_KEY={secret}:3",
    ]
    assert main(argv, scaleway.environment) == 0
    definition_read = sdk.list_job_definitions_all()[0]
    assert definition_read.name == "fondation-worker"
    assert definition_read.image_uri == "registry.example/worker:2"
    assert definition_read.job_timeout == "86400s"
    assert definition_read.cpu_limit == 2000
    assert definition_read.memory_limit == 4096
    assert definition_read.local_storage_capacity == 10000
    assert definition_read.retry_policy == RetryPolicy(max_retries=5)
    assert definition_read.environment_variables == {"A": "1"}
    held = sdk.list_secrets(job_definition_id=definition_read.id).secrets
    assert [
        (listed.secret_manager_id, listed.secret_manager_version)
        for listed in held
    ] == [(secret, "3")]


def test_more_than_20_secrets_are_refused_and_the_limit_is_reported(
    sdk: JobsV1Alpha2API,
) -> None:
    definition = create(sdk)
    configs = [
        CreateSecretsRequestSecretConfig(
            secret_manager_id="5e0f8b5e-0000-4000-8000-000000000000",
            secret_manager_version="latest",
            env_var_name=f"KEY_{number}",
        )
        for number in range(sdk.get_job_limits().secrets_per_job_definition + 1)
    ]
    with pytest.raises(ScalewayException) as refused:
        sdk.create_secrets(job_definition_id=definition.id, secrets=configs)
    assert refused.value.status_code == 403


@pytest.mark.parametrize("retries", [-1, 6])
def test_retries_are_limited(retries: int, sdk: JobsV1Alpha2API) -> None:
    policy = UpdateJobDefinitionRequestUpdateRetryPolicy(max_retries=retries)
    with pytest.raises(ScalewayException) as refused:
        sdk.update_job_definition(
            job_definition_id=create(sdk).id, retry_policy=policy
        )
    assert refused.value.status_code == 400

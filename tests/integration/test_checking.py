"""`check` tries everything that a job needs, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.git_server import GitServer
from tests.support.receiver import receiving
from tests.support.servers.server import S3Server
from tests.support.shell import Shell


def faults(shell: Shell, code: int) -> dict[str, str | None]:
    """Return what `check` finds, by part."""
    findings = shell.json("check", code=code)
    return {finding["part"]: finding["fault"] for finding in findings}


def on_server(server: S3Server) -> dict[str, str]:
    """Return the variables of a store on a server."""
    return {
        "STORE_URL": f"s3://{server.new_bucket()}/courses",
        "AWS_ENDPOINT_URL_S3": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": server.access.access_key,
        "AWS_SECRET_ACCESS_KEY": server.access.secret_key,
        "AWS_REGION": server.access.region,
    }


def test_everything_that_works_is_reported_and_nothing_is_left_or_sent(
    shell: Shell, tmp_path: Path
) -> None:
    with GitServer(tmp_path / "host") as git, receiving() as receiver:
        git.repository("owner/name", {"README.md": b"# Hello\n"})
        shell.environment = {
            "ENGINE": "static",
            "REPOSITORY_URL": git.url("owner/name"),
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "token",
        }
        printed = shell("check")
        assert receiver.deliveries == []
    lines = printed.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", part] for part in ("store", "webhook", "repository", "engine")
    ]
    assert "conditional writes" in lines[0]
    assert "branch main is at" in lines[2]
    assert list(shell.store.entries("")) == []


def test_the_first_faults_code_counts_and_each_fault_says_what_to_do(
    shell: Shell, tmp_path: Path
) -> None:
    with GitServer(tmp_path / "host") as git:
        shell.environment = {
            "ENGINE": "fondation",
            "FONDATION_PATH": str(tmp_path / "nothing"),
            "REPOSITORY_URL": git.url("owner/none"),
            "CALLBACK_URL": "http://127.0.0.1:9/hook",
            "CALLBACK_TOKEN": "token",
        }
        faults_by_part = faults(shell, 75)
    assert faults_by_part["store"] is None
    assert "http://127.0.0.1:9 cannot be reached" in str(
        faults_by_part["webhook"]
    )
    assert faults_by_part["repository"] is not None
    assert "FONDATION_PATH" in str(faults_by_part["engine"])


def test_a_model_without_a_key_is_a_fault_of_the_engine(shell: Shell) -> None:
    shell.environment = {"ENGINE": "claude"}
    faults_by_part = faults(shell, 78)
    assert "ANTHROPIC_API_KEY is missing" in str(faults_by_part["engine"])


def test_a_store_that_serves_jobs_passes_and_is_left_empty(
    s3_servers: Callable[[str], S3Server], shell: Shell
) -> None:
    shell.environment = on_server(s3_servers("moto"))
    shell.environment["ENGINE"] = "static"
    printed = shell("check")
    assert "conditional writes, read, signed and fetched, deleted" in printed
    assert shell("list").startswith("no jobs in s3://")


@pytest.mark.parametrize(("allowed", "code"), [("0", 78), ("1", 0)])
def test_a_store_that_overwrites_is_named_unless_that_is_allowed(
    s3_servers: Callable[[str], S3Server], shell: Shell, allowed: str, code: int
) -> None:
    shell.environment = on_server(s3_servers("rclone"))
    shell.environment |= {"ENGINE": "static", "ALLOW_UNFENCED_STORE": allowed}
    fault = faults(shell, code)["store"]
    if allowed == "1":
        assert fault is None
    else:
        assert "use a store that honours conditional writes" in str(fault)


def test_keys_that_a_store_refuses_are_its_fault(
    s3_servers: Callable[[str], S3Server], shell: Shell
) -> None:
    shell.environment = on_server(s3_servers("rclone"))
    shell.environment |= {"ENGINE": "static", "AWS_SECRET_ACCESS_KEY": "wrong"}
    assert "check the access key" in str(faults(shell, 77)["store"])

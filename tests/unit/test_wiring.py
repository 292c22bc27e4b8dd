"""The adapters that the settings open."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from states.manifest import EngineRef, Identity
from tests.support.builders import begun
from tests.support.fondation import BUNDLE, CLI
from tests.support.sources import make_git
from worker.errors import ConfigError, StoreUnavailableError
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings, read_settings
from worker.settings.user_folders import default_store_url
from worker.source.git import GitSource
from worker.system.runtime import SystemRuntime
from worker.wiring import (
    engine_name,
    open_engine,
    open_lease_store,
    open_source,
    open_store,
    open_webhook,
    work_dir,
)


def settings(**environment: str) -> Settings:
    reader = EnvironmentReader(environment)
    settings = read_settings(reader)
    reader.finish()
    return settings


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ("/data/here", "file:///data/here/fondation-worker"),
        ("relative", None),
        (None, None),
    ],
)
def test_without_a_store_url_the_store_is_a_folder_among_the_users_data(
    data: str | None, url: str | None
) -> None:
    environment = {
        "HOME": "/home/me",
        **({"XDG_DATA_HOME": data} if data else {}),
    }
    assert default_store_url(EnvironmentReader(environment)) == (
        url or "file:///home/me/.local/share/fondation-worker"
    )


def test_a_folder_with_any_name_is_opened_by_its_url(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a b#c%20é"
    store = open_store(settings(STORE_URL=folder.as_uri()))
    store.put("key", b"x", "text/plain")
    assert (folder / "key").read_bytes() == b"x"


def test_a_bucket_is_opened_with_the_credentials_of_the_environment() -> None:
    keys = {
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "SK",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    }
    store = open_store(settings(STORE_URL="s3://bucket/a/b", **keys))
    assert store.url == "s3://bucket/a/b"
    url = store.sign("key", 60)
    assert url.startswith("http://127.0.0.1:1/bucket/a/b/key?")
    assert "X-Amz-Credential=AK" in url


def test_the_bucket_is_opened_again_for_the_lease_with_limits_that_leave_time_to_retry() -> (
    None
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        keys = {
            "AWS_ACCESS_KEY_ID": "AK",
            "AWS_SECRET_ACCESS_KEY": "SK",
            "AWS_ENDPOINT_URL_S3": url,
        }
        store = open_lease_store(
            settings(STORE_URL="s3://bucket", LEASE_SECONDS="3", **keys)
        )
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="ReadTimeoutError"):
            store.put("key", b"x", "text/plain")
        assert time.monotonic() - began < 3


def test_a_session_token_is_used_if_there_is_one() -> None:
    keys = {
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "SK",
        "AWS_SESSION_TOKEN": "ST",
    }
    store = open_store(
        settings(
            STORE_URL="s3://bucket",
            AWS_ENDPOINT_URL_S3="http://127.0.0.1:1",
            **keys,
        )
    )
    assert "X-Amz-Security-Token=ST" in store.sign("key", 60)


def test_a_run_works_in_its_work_dir_or_the_systems_temporary_directory() -> (
    None
):
    assert work_dir(settings(WORK_DIR="/somewhere")) == Path("/somewhere")
    assert work_dir(settings()).name.startswith("fondation-worker-")


def test_without_a_writable_temporary_directory_the_variable_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    with pytest.raises(ConfigError, match="WORK_DIR is missing"):
        work_dir(settings())


def test_the_fondation_cli_is_used_if_it_is_installed_and_else_the_static_engine(
    tmp_path: Path,
) -> None:
    assert engine_name(settings(FONDATION_PATH=str(tmp_path)), None) == "static"
    assert (CLI / BUNDLE).is_file()
    assert engine_name(settings(FONDATION_PATH=str(CLI)), None) == "fondation"
    assert (
        engine_name(settings(FONDATION_PATH=str(CLI), ENGINE="static"), None)
        == "static"
    )


def test_a_job_keeps_the_engine_that_it_began_with() -> None:
    began = replace(begun(), engine=EngineRef(name="fondation", version="1"))
    assert engine_name(settings(), began) == "fondation"
    assert engine_name(settings(ENGINE="fondation"), began) == "fondation"
    with pytest.raises(
        ConfigError,
        match=r"ENGINE is 'static', and job job-1 began with 'fondation'",
    ):
        engine_name(settings(ENGINE="static"), began)


@pytest.mark.parametrize("name", ["static", "fondation"])
def test_each_engine_opens_under_its_name(name: str) -> None:
    assert (
        open_engine(
            settings(ENGINE=name, FONDATION_PATH=str(CLI)), None, {}
        ).name
        == name
    )


def test_a_url_is_opened_as_a_git_host_and_a_file_url_as_a_folder(
    tmp_path: Path,
) -> None:
    git = make_git(tmp_path)
    host = Identity(
        job_id="j", repository="https://example.org/a/b", branch="main"
    )
    assert isinstance(open_source(settings(), host, git), GitSource)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/file").write_text("x")
    folder = Identity(
        job_id="j", repository=(tmp_path / "here").as_uri(), branch=""
    )
    tree = tmp_path / "tree"
    tree.mkdir()
    open_source(settings(), folder, git).checkout(None, tree)
    assert (tree / "file").read_text() == "x"


def test_without_an_address_there_is_no_webhook_and_with_one_it_opens_when_it_is_needed() -> (
    None
):
    assert open_webhook(settings(), SystemRuntime()) is None
    opened = open_webhook(
        settings(CALLBACK_URL="http://127.0.0.1:1/x", CALLBACK_TOKEN="t"),
        SystemRuntime(),
    )
    assert opened is not None
    opened().close()

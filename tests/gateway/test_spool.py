"""Requests on disk, also as a killed gateway leaves them."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from worker.errors import ConfigError, TemporaryError
from worker.gateway.request import Request, read_request
from worker.gateway.spool import Spool
from worker.system.runtime import SystemRuntime


def a_request(job_id: str = "job-1", branch: str = "main") -> Request:
    document = {
        "jobId": job_id,
        "repositoryUrl": "owner/name",
        "branch": branch,
        "githubToken": "tok-g",
        "updateFrom": "job-0",
    }
    return read_request(
        document
        | {"callbackUrl": "http://127.0.0.1/", "callbackToken": "tok-c"},
        allow_http=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def opened(folder: Path) -> Spool:
    return Spool(folder, SystemRuntime())


def test_remaining_requests_are_read_again_unchanged_and_in_order(
    folder: Path,
) -> None:
    first = opened(folder)
    requests = [a_request(f"job-{number}") for number in range(3)]
    gone, *_ = [first.add(request) for request in requests]
    first.remove(gone)
    first.close()
    assert [spooled.request for spooled in opened(folder).load()] == requests[
        1:
    ]


def test_a_request_that_replaces_another_is_found_alone(folder: Path) -> None:
    first = opened(folder)
    first.add(a_request(branch="old"))
    first.add(a_request("job-2"))
    # The gateway is killed before it removes the old request.
    first.add(a_request(branch="new"))
    first.close()
    identities = [spooled.request.identity for spooled in opened(folder).load()]
    assert [(identity.job_id, identity.branch) for identity in identities] == [
        ("job-2", "main"),
        ("job-1", "new"),
    ]
    assert len(list(folder.glob("*.json"))) == 2


def test_requests_that_were_never_accepted_are_removed(folder: Path) -> None:
    opened(folder).close()
    (folder / ".half.json").write_text('{"jobId": "jo')
    assert opened(folder).load() == []
    assert not (folder / ".half.json").exists()


def test_an_unreadable_request_stays_and_is_logged_without_secrets(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(folder).close()
    (folder / "1.json").write_text("[")
    (folder / "2.json").write_text(
        json.dumps(
            a_request().document | {"branch": "..", "callbackToken": "s3cret x"}
        )
    )
    with caplog.at_level(logging.ERROR):
        assert opened(folder).load() == []
    assert [Path(vars(record)["path"]).name for record in caplog.records] == [
        "1.json",
        "2.json",
    ]
    assert "s3cret" not in str([vars(record) for record in caplog.records])
    assert len(list(folder.glob("*.json"))) == 2


def test_a_request_that_cannot_be_stored_is_not_accepted(folder: Path) -> None:
    spool = opened(folder)
    shutil.rmtree(folder)
    with pytest.raises(
        TemporaryError, match=r"cannot be stored in .*: make room there"
    ):
        spool.add(a_request())


def test_a_spool_belongs_to_one_gateway_at_a_time(folder: Path) -> None:
    first = opened(folder)
    with pytest.raises(ConfigError, match="another gateway uses"):
        opened(folder)
    first.close()
    opened(folder)

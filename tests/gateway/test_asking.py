"""What a gateway says to who asks: rightly, wrongly, or without being allowed to."""

import httpx
import pytest

from tests.gateway.conftest import Place
from worker import __version__


def test_health_and_status(place: Place) -> None:
    place.start()
    assert place.get("/").json() == {"status": "ok", "version": __version__}
    said = place.get("/status").json()
    assert (said["mode"], said["version"], said["running"], said["maxRuns"]) == ("local-worker", __version__, [], 2)


def test_everything_that_is_wrong_is_said_at_once(place: Place) -> None:
    place.start()
    wrong = place.post(
        "/analyze",
        {"jobId": "..", "repositoryUrl": "ssh://x/y", "branch": "-x", "callbackUrl": 7, "githubToken": "a\nb"},
    )
    assert wrong.status_code == 400
    assert sorted(wrong.json()["fields"]) == [
        "branch", "callbackToken", "callbackUrl", "githubToken", "jobId", "repositoryUrl",
    ]  # fmt: skip
    assert "callbackToken" in wrong.json()["error"]
    assert place.spool == []


@pytest.mark.parametrize("value", [0, False, 7, [], ["x"], {}, {"x": 1}])
def test_what_is_no_text_is_refused_as_such(place: Place, value: object) -> None:
    place.start()
    wrong = place.post("/analyze", place.request() | dict.fromkeys(("jobId", "branch", "callbackToken"), value))
    assert set(wrong.json()["fields"].values()) == {"it must be a text"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'"x"', b"\xff", b"[" * 30_000])
def test_what_is_no_request_is_refused(place: Place, body: bytes) -> None:
    place.start()
    answer = place.post("/analyze", content=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["body"])


def test_a_body_over_64_kib_is_too_large_with_a_length_or_without(place: Place) -> None:
    place.start()
    fits = place.request(callbackToken="x" * (64 * 1024 - 400))
    assert place.post("/analyze", fits | {"jobId": ".."}).status_code == 400
    assert place.post("/analyze", content=b" " * (64 * 1024 + 1)).status_code == 413
    assert place.post("/analyze", content=iter([b" " * 40_000] * 3)).status_code == 413


@pytest.mark.parametrize("path", ["/jobs/nope", "/jobs/nope/files", "/jobs/..%2Fx", "/nowhere"])
def test_what_is_not_there_is_not_found(place: Place, path: str) -> None:
    place.start()
    assert place.get(path).status_code == 404
    assert "error" in place.get(path).json()


def test_what_nobody_knows_cannot_be_canceled(place: Place) -> None:
    place.start()
    assert place.post("/cancel/nope").status_code == 404


def test_a_token_is_enforced_wherever_it_is_set_but_for_the_health(place: Place) -> None:
    place.start(GATEWAY_TOKEN="right")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
        for path in ("/status", "/jobs/job-1", "/openapi.json"):
            assert httpx.get(place.url + path, headers=headers).status_code == 401
        refused = httpx.post(place.url + "/analyze", json=place.request(), headers=headers)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert httpx.get(place.url + "/").status_code == 200
    assert place.get("/status").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost.example"])  # noqa: S104 - it must be refused
def test_without_a_token_it_listens_on_loopback_only(place: Place, host: str) -> None:
    program = place.start("--host", host)
    assert program.wait(20) == 78
    assert f"GATEWAY_TOKEN is missing: to listen on {host}, set it" in program.log.read_text()


def test_with_a_token_it_listens_on_everything(place: Place) -> None:
    place.start("--host", "0.0.0.0", GATEWAY_TOKEN="right")  # noqa: S104 - that is asked for
    port = place.programs[-1].events("listening")[0]["url"].rpartition(":")[2]
    assert httpx.get(f"http://127.0.0.1:{port}/").json()["status"] == "ok"


def test_a_port_that_is_taken_is_said(place: Place) -> None:
    place.start()
    port = place.url.rpartition(":")[2]
    other = place.start("--port", port, WORK_DIR=str(place.folder / "other"))
    assert other.wait(20) == 78
    assert f"cannot listen on 127.0.0.1:{port}" in other.log.read_text()


@pytest.mark.parametrize(
    ("argv", "environment", "code", "fault"),
    [
        (("--port", "70000"), {}, 64, "--port is 70000"),
        ((), {"GATEWAY_MAX_RUNS": "0"}, 78, "GATEWAY_MAX_RUNS is '0'"),
        ((), {"STORE_URL": "ftp://x"}, 78, "STORE_URL is 'ftp://x'"),
        (("--mode", "scaleway"), {}, 78, "SCW_SECRET_KEY is missing"),
    ],
)
def test_a_wrong_configuration_is_said_before_it_listens(
    place: Place, argv: tuple[str, ...], environment: dict[str, str], code: int, fault: str
) -> None:
    program = place.start(*argv, **environment)
    assert program.wait(20) == code
    assert fault in program.log.read_text()

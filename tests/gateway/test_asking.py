"""A gateway's answers to correct, faulty and unauthorized requests."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.gateway.conftest import GatewayHost
from worker import __version__


def test_health_and_status(gateway: GatewayHost) -> None:
    gateway.start()
    assert gateway.get("/").json() == {"status": "ok", "version": __version__}
    status = gateway.get("/status").json()
    assert status["mode"] == "local-worker"
    assert status["version"] == __version__
    assert status["running"] == []
    assert status["maxRuns"] == 2


def test_all_faults_of_a_request_are_reported_at_once(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    wrong = gateway.post(
        "/analyze",
        {
            "jobId": "..",
            "repositoryUrl": "ssh://x/y",
            "branch": "-x",
            "callbackUrl": 7,
            "githubToken": "a\nb",
        },
    )
    assert wrong.status_code == 400
    assert sorted(wrong.json()["fields"]) == [
        "branch", "callbackToken", "callbackUrl", "githubToken", "jobId", "repositoryUrl",
    ]  # fmt: skip
    assert "callbackToken" in wrong.json()["error"]
    assert gateway.spool == []


@pytest.mark.parametrize("value", [0, False, 7, [], ["x"], {}, {"x": 1}])
def test_a_value_that_is_not_text_is_refused(
    gateway: GatewayHost, value: object
) -> None:
    gateway.start()
    wrong = gateway.post(
        "/analyze",
        gateway.request()
        | dict.fromkeys(("jobId", "branch", "callbackToken"), value),
    )
    assert set(wrong.json()["fields"].values()) == {"it must be a string"}


@pytest.mark.parametrize("field", ["repositoryUrl", "branch", "callbackUrl"])
def test_half_a_surrogate_pair_is_refused(
    gateway: GatewayHost, field: str
) -> None:
    gateway.start()
    text = str(gateway.request()[field])
    body = json.dumps(gateway.request() | {field: f"{text}/\ud800"})
    wrong = gateway.post("/analyze", content=body)
    assert wrong.status_code == 400
    assert wrong.json()["fields"] == {
        field: "it contains half of a surrogate pair"
    }


@pytest.mark.parametrize(
    "address",
    [
        "https://me:s3cret@h/p?x=s3cret",
        "https://h:s3cret/p",
        "https://s3cret@h℀/p",
        "https://me:s3/cret@h",
    ],
)
def test_a_wrong_value_is_not_repeated_since_it_may_be_a_secret(
    gateway: GatewayHost, address: str
) -> None:
    gateway.start()
    request = gateway.request(
        "..",
        repositoryUrl=f"{address}#",
        branch="s3cret..",
        callbackToken="s3cret x",
    )
    wrong = gateway.post(
        "/analyze",
        request
        | {
            "callbackUrl": address.replace("https", "ftp"),
            "githubToken": "s3cret\n",
        },
    )
    assert wrong.status_code == 400
    assert "cret" not in wrong.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'"x"', b"\xff", b"[" * 30_000]
)
def test_a_malformed_request_is_refused(
    gateway: GatewayHost, body: bytes
) -> None:
    gateway.start()
    answer = gateway.post("/analyze", content=body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["body"]


def test_a_body_over_64_kib_is_too_large_with_a_length_or_without(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    fits = gateway.request(callbackToken="x" * (64 * 1024 - 400))
    assert gateway.post("/analyze", fits | {"jobId": ".."}).status_code == 400
    assert (
        gateway.post("/analyze", content=b" " * (64 * 1024 + 1)).status_code
        == 413
    )
    assert (
        gateway.post("/analyze", content=iter([b" " * 40_000] * 3)).status_code
        == 413
    )
    assert (
        gateway.post(
            "/cancel/job-1", content=b" " * (64 * 1024 + 1)
        ).status_code
        == 413
    )


def test_a_client_that_hangs_up_within_its_request_is_not_a_bug(
    gateway: GatewayHost,
) -> None:
    program = gateway.start()
    address = urlsplit(gateway.url)
    with socket.create_connection(
        (str(address.hostname), address.port)
    ) as client:
        client.sendall(
            b"POST /analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        )
        # Once this is answered, the gateway has accepted the connection above.
        assert gateway.get("/").status_code == 200
    assert gateway.get("/").status_code == 200
    gateway.stop()
    assert "Traceback" not in program.log.read_text()


@pytest.mark.parametrize(
    "path",
    ["/jobs/nope", "/jobs/nope/files", "/jobs/..%2Fx", "/nowhere", "/status/"],
)
def test_an_unknown_path_is_not_found(gateway: GatewayHost, path: str) -> None:
    gateway.start()
    assert gateway.get(path).status_code == 404
    assert "error" in gateway.get(path).json()


def test_an_unknown_job_cannot_be_canceled(gateway: GatewayHost) -> None:
    gateway.start()
    assert gateway.post("/cancel/nope").status_code == 404


def test_a_token_is_enforced_except_for_the_health_check(
    gateway: GatewayHost,
) -> None:
    gateway.start(GATEWAY_TOKEN="right")
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic right"},
    ):
        for path in ("/status", "/jobs/job-1", "/openapi.json"):
            assert (
                httpx.get(gateway.url + path, headers=headers).status_code
                == 401
            )
        refused = httpx.post(
            gateway.url + "/analyze", json=gateway.request(), headers=headers
        )
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert httpx.get(gateway.url + "/").status_code == 200
    assert gateway.get("/status").status_code == 200


def test_a_token_may_be_of_any_characters(gateway: GatewayHost) -> None:
    gateway.start(GATEWAY_TOKEN="clé")
    assert (
        httpx.get(
            gateway.url + "/status",
            headers={b"Authorization": "Bearer clé".encode()},
        ).status_code
        == 200
    )
    assert (
        httpx.get(
            gateway.url + "/status",
            headers={b"Authorization": b"Bearer cl\xe9"},
        ).status_code
        == 401
    )


def test_an_unavailable_store_is_reported_soon(gateway: GatewayHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        away = reserved.getsockname()[1]
    s3 = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{away}",
    }
    gateway.start(STORE_URL="s3://bucket/jobs", **s3)
    answer = gateway.post("/analyze", gateway.request(), timeout=60)
    assert answer.status_code == 502
    assert f"127.0.0.1:{away}" in answer.json()["error"]
    assert gateway.get("/status").status_code == 200
    assert gateway.spool == []


@pytest.mark.parametrize("module", ["uvicorn", "starlette"])
def test_an_extra_that_is_not_installed_is_named(
    gateway: GatewayHost, module: str
) -> None:
    absent = gateway.folder / "absent"
    absent.mkdir()
    (absent / f"{module}.py").write_text(
        f"raise ModuleNotFoundError(name={module!r})\n"
    )
    process = gateway.start(PYTHONPATH=str(absent))
    assert process.wait(20) == 69
    assert (
        f"needs {module}, which is not installed: pip install 'fondation-worker[gateway]'"
        in process.log.read_text()
    )


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "localhost.example"],  # noqa: S104 - must be refused
)
def test_without_a_token_it_listens_on_loopback_only(
    gateway: GatewayHost, host: str
) -> None:
    process = gateway.start("--host", host)
    assert process.wait(20) == 78
    assert (
        f"GATEWAY_TOKEN is missing: to listen on {host}, set it"
        in process.log.read_text()
    )


def test_with_a_token_it_listens_on_everything(gateway: GatewayHost) -> None:
    gateway.start("--host", "0.0.0.0", GATEWAY_TOKEN="right")  # noqa: S104 - the test's subject
    port = (
        gateway.processes[-1].events("listening")[0]["url"].rpartition(":")[2]
    )
    assert httpx.get(f"http://127.0.0.1:{port}/").json()["status"] == "ok"


def test_a_port_that_is_taken_is_reported(gateway: GatewayHost) -> None:
    gateway.start()
    port = gateway.url.rpartition(":")[2]
    other = gateway.start(
        "--port", port, WORK_DIR=str(gateway.folder / "other")
    )
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
def test_a_wrong_configuration_is_reported_before_it_listens(
    gateway: GatewayHost,
    argv: tuple[str, ...],
    environment: dict[str, str],
    code: int,
    fault: str,
) -> None:
    process = gateway.start(*argv, **environment)
    assert process.wait(20) == code
    assert fault in process.log.read_text()

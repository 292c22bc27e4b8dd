"""The settings from the environment, and the faults reported in it."""

import os
import threading
from pathlib import Path

import certifi
import pytest

from worker.errors import ConfigError
from worker.job_request import read_job, read_request
from worker.settings.reader import EnvironmentReader, Secret
from worker.settings.settings import Settings, read_settings

S3 = {
    "STORE_URL": "s3://bucket/jobs",
    "AWS_ACCESS_KEY_ID": "AK",
    "AWS_SECRET_ACCESS_KEY": "SK",
}
CALLBACK = {
    "CALLBACK_URL": "https://app.example/hook",
    "CALLBACK_TOKEN": "token",
}


def read(environment: dict[str, str]) -> Settings:
    reader = EnvironmentReader(environment)
    settings = read_settings(reader)
    reader.finish()
    return settings


def faults(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as raised:
        read(environment)
    return str(raised.value)


def test_everything_has_a_default_but_the_store() -> None:
    settings = read({})
    limits = settings.limits
    assert limits.lease_seconds == 30
    assert limits.url_expiry_seconds == 604800
    assert limits.store_give_up_seconds == 300
    assert limits.callback_give_up_seconds == 600
    assert limits.stage_timeout_seconds == 10800
    assert limits.stage_silence_seconds == 1800
    assert limits.stop_grace_seconds == 5
    assert limits.soft_deadline_seconds is None
    assert settings.engine.name == "auto"
    assert str(settings.engine.fondation_path) == "/fondation"
    assert settings.callback is None
    assert settings.s3 is None


def test_an_empty_variable_counts_as_missing() -> None:
    assert read(
        {"LEASE_SECONDS": "", "ENGINE": "", "CALLBACK_URL": ""}
    ) == read({})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"LEASE_SECONDS": "2"},
            "LEASE_SECONDS is '2': it must be a whole number of seconds, from 3",
        ),
        ({"LEASE_SECONDS": "3.5"}, "LEASE_SECONDS is '3.5'"),
        (
            {"STORE_GIVE_UP_SECONDS": "soon"},
            "STORE_GIVE_UP_SECONDS is 'soon': it must be a number of seconds",
        ),
        ({"STORE_GIVE_UP_SECONDS": "nan"}, "STORE_GIVE_UP_SECONDS"),
        ({"URL_EXPIRY_SECONDS": "604801"}, "from 1 to 604800"),
        (
            {"ENGINE": "magic"},
            "ENGINE is 'magic': it must be one of auto, static, fondation, claude",
        ),
        (
            {"ALLOW_HTTP_GIT": "maybe"},
            "ALLOW_HTTP_GIT is 'maybe': it must be 1 or 0",
        ),
        (
            {"LOG_LEVEL": "loud"},
            "LOG_LEVEL is 'loud': it must be one of debug, info, warning, error",
        ),
        (
            {"LOG_FORMAT": "xml"},
            "LOG_FORMAT is 'xml': it must be one of json, console",
        ),
        (
            {"CALLBACK_URL": "http://[::1", "CALLBACK_TOKEN": "t"},
            "CALLBACK_URL is malformed: it is not a URL",
        ),
        (
            {"WORK_DIR": "work"},
            "WORK_DIR is 'work': it must be an absolute path",
        ),
        (
            {"STORE_URL": "bucket"},
            "STORE_URL is 'bucket': it must be s3://bucket/prefix or file:///folder",
        ),
        ({"STORE_URL": "file://host/x"}, "STORE_URL"),
        (
            {"STORE_URL": "s3://Bucket/x", **S3}
            | {"STORE_URL": "s3://Bucket/x"},
            "STORE_URL is 's3://Bucket/x'",
        ),
        (
            S3 | {"STORE_URL": "s3://bucket/a/../b"},
            "its prefix must not contain",
        ),
        (
            S3 | {"AWS_ENDPOINT_URL_S3": "minio:9000"},
            "AWS_ENDPOINT_URL_S3 is 'minio:9000': it must be an http://",
        ),
        (
            S3 | {"STORE_PUBLIC_ENDPOINT_URL": "ftp://x"},
            "STORE_PUBLIC_ENDPOINT_URL is 'ftp://x'",
        ),
        ({"STORE_URL": "s3://bucket"}, "AWS_ACCESS_KEY_ID is missing"),
        (
            {"STORE_URL": "s3://bucket", "SCW_ACCESS_KEY": "x"},
            "SCW_SECRET_KEY is missing",
        ),
        ({"CALLBACK_URL": "https://app"}, "CALLBACK_TOKEN is missing"),
        (CALLBACK | {"CALLBACK_URL": "app/hook"}, "CALLBACK_URL is malformed"),
        (
            CALLBACK | {"CALLBACK_TOKEN": "a\nb"},
            "CALLBACK_TOKEN holds a line break",
        ),
        (
            CALLBACK | {"CALLBACK_SIGNING_SECRET": "whsec_c2hvcnQ="},
            "CALLBACK_SIGNING_SECRET is malformed",
        ),
        (
            CALLBACK | {"CALLBACK_SIGNING_SECRET": "a" * 40},
            "CALLBACK_SIGNING_SECRET is malformed",
        ),
        (
            CALLBACK | {"CALLBACK_SIGNING_SECRET": "whsec_" + 40 * "\u00e9"},
            "CALLBACK_SIGNING_SECRET is malformed",
        ),
    ],
)
def test_each_fault_is_named_with_its_variable_and_what_would_be_right(
    environment: dict[str, str], expected: str
) -> None:
    assert expected in faults(environment)


TEXTS = {
    "AWS_ACCESS_KEY_ID": "AK",
    "AWS_SECRET_ACCESS_KEY": "SK",
    "AWS_SESSION_TOKEN": "session",
    "AWS_REGION": "us-east-1",
    "AWS_ENDPOINT_URL_S3": "https://s3.example",
    "STORE_PUBLIC_ENDPOINT_URL": "https://s3.example",
    "STORE_URL": "s3://bucket/jobs",
    "LEASE_SECONDS": "30",
    "STORE_GIVE_UP_SECONDS": "30.5",
    "ALLOW_HTTP_GIT": "1",
    "ENGINE": "auto",
    "LOG_LEVEL": "info",
    "FONDATION_PATH": "/fondation",
    "WORK_DIR": "/work",
    "GITHUB_TOKEN": "ghp_x",
    "CALLBACK_URL": "https://app.example/hook",
    "CALLBACK_TOKEN": "token",
    "CALLBACK_SIGNING_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "ANTHROPIC_API_KEY": "sk-ant-x",
    "ANTHROPIC_BASE_URL": "https://models.example",
    "SCW_SLS_RESOURCE_ID": "7c9a",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "\r", "ends with a carriage return"),
        ("", "\r\n", "ends with a line break"),
        (" ", "", "begins with a space"),
        ("", "\t", "ends with a tab"),
        ('"', '"', 'begins and ends with a quotation mark (")'),
        ("'", "", "begins with a quotation mark (')"),
        ("\ufeff", "", "begins with a byte order mark"),
        ("", "\u200b", "ends with a zero-width space"),
        ("", "\u00a0", "ends with a no-break space"),
        ("", "\u2060", "ends with an invisible character (U+2060)"),
        ("", "\x1b", "ends with a control character (U+001B)"),
    ],
)
def test_invisible_characters_around_a_value_are_reported_without_the_value(
    name: str, before: str, after: str, expected: str
) -> None:
    message = faults(TEXTS | {name: f"{before}{TEXTS[name]}{after}"})
    assert message.startswith(f"{name} {expected}: set it to the bare value")
    assert len(message.splitlines()) == 1
    assert message.endswith("from files with Windows line ends)"), (
        "the value itself is not repeated"
    )


def test_the_clean_values_are_taken_as_they_are() -> None:
    assert read(TEXTS).store_url == "s3://bucket/jobs"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"AWS_REGION": "eu west"},
            "AWS_REGION is 'eu west': it must be a region's name",
        ),
        ({"AWS_DEFAULT_REGION": "fr_par"}, "AWS_DEFAULT_REGION is 'fr_par'"),
        (
            {"AWS_SECRET_ACCESS_KEY": "S K"},
            "AWS_SECRET_ACCESS_KEY is malformed",
        ),
        ({"AWS_ACCESS_KEY_ID": "A\u041a"}, "AWS_ACCESS_KEY_ID is malformed"),
        (
            {"GITHUB_TOKEN": "ghp_\udca0x"},
            "GITHUB_TOKEN is malformed: it must consist of printable ASCII",
        ),
        (
            {"AWS_ENDPOINT_URL": "minio:9000"},
            "AWS_ENDPOINT_URL is 'minio:9000'",
        ),
        (
            {"AWS_ENDPOINT_URL_S3": "https://s3.\udca0example"},
            "AWS_ENDPOINT_URL_S3 is",
        ),
        ({"ANTHROPIC_BASE_URL": "models"}, "ANTHROPIC_BASE_URL is malformed"),
        ({"LOG_LEVEL": "in\nfo"}, "LOG_LEVEL holds a line break"),
    ],
)
def test_a_value_that_no_server_would_take_is_named(
    variables: dict[str, str], expected: str
) -> None:
    assert faults(S3 | variables).startswith(expected)


BUNDLES = [
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
]


@pytest.mark.parametrize("name", BUNDLES)
def test_certificates_that_cannot_be_read_are_named(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate\n")
    missing = faults(S3 | {name: str(tmp_path / "missing.pem")})
    assert missing.startswith(
        f"{name} is '{tmp_path}/missing.pem': it must be a file of certificates"
    )
    assert "No such file" in missing
    assert "none is readable" in faults(
        S3 | {name: str(tmp_path / "empty.pem")}
    )
    assert f"{name} is" in faults(S3 | {name: str(tmp_path)})


@pytest.mark.parametrize("name", BUNDLES)
def test_certificates_that_can_be_read_are_taken(name: str) -> None:
    assert read(S3 | {name: certifi.where()}).s3 is not None


def test_a_folder_of_certificates_must_contain_some(tmp_path: Path) -> None:
    assert "must be a folder of certificates" in faults(
        {"GIT_SSL_CAPATH": str(tmp_path / "x")}
    )
    assert "but contains none" in faults({"GIT_SSL_CAPATH": str(tmp_path)})
    (tmp_path / "0a775a30.0").write_text("a certificate, by its hash")
    assert read({"GIT_SSL_CAPATH": f"/missing:{tmp_path}"}).github_token is None


WEBHOOK = {"CALLBACK_URL": "https://app.test/hook", "CALLBACK_TOKEN": "t"}


def test_certificates_are_judged_where_the_webhook_asks_for_them(
    tmp_path: Path,
) -> None:
    missing, empty = str(tmp_path / "missing.pem"), str(tmp_path)
    assert "SSL_CERT_FILE is" in faults(WEBHOOK | {"SSL_CERT_FILE": missing})
    assert "SSL_CERT_DIR is" in faults(WEBHOOK | {"SSL_CERT_DIR": empty})
    assert (
        read(
            WEBHOOK | {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": empty}
        ).callback
        is not None
    )
    assert (
        read(
            WEBHOOK
            | {"CALLBACK_URL": "http://app.test/", "SSL_CERT_FILE": missing}
        ).callback
        is not None
    )
    assert "SSL_CERT_FILE is" in faults(
        WEBHOOK
        | {
            "CALLBACK_URL": "http://app.test/",
            "ALL_PROXY": "https://proxy.test",
            "SSL_CERT_FILE": missing,
        }
    )
    assert read({"SSL_CERT_FILE": missing}).callback is None


def test_files_on_another_machine_are_not_judged_here() -> None:
    reader = EnvironmentReader(
        WEBHOOK | {"SSL_CERT_FILE": "/missing", "GIT_SSL_CAINFO": "/missing"},
        here=False,
    )
    read_settings(reader)
    assert reader.faults == []


@pytest.mark.parametrize("token", ["schlüssel", "ключ", "a\tb", "a\x7fb"])
def test_a_token_that_cannot_be_a_header_is_refused_unseen(token: str) -> None:
    message = faults(WEBHOOK | {"CALLBACK_TOKEN": token})
    assert "CALLBACK_TOKEN" in message
    assert token not in message


def test_a_token_may_contain_a_space() -> None:
    callback = read(WEBHOOK | {"CALLBACK_TOKEN": "Bearer x"}).callback
    assert callback is not None
    assert callback.token.reveal() == "Bearer x"


def test_a_secret_in_a_malformed_address_is_not_repeated() -> None:
    assert "s3cret" not in faults(
        WEBHOOK | {"CALLBACK_URL": "https://user:s3cret/x@app.test/"}
    )
    assert "s3cret" not in faults(
        WEBHOOK | {"HTTPS_PROXY": "http://user:s3cret/x@proxy.test/"}
    )


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.test:3128"}, "http://proxy.test:3128"),
        ({"HTTPS_PROXY": "proxy.test:3128"}, "http://proxy.test:3128"),
        (
            {
                "https_proxy": "http://small.test",
                "HTTPS_PROXY": "http://large.test",
            },
            "http://small.test",
        ),
        ({"ALL_PROXY": "https://proxy.test"}, "https://proxy.test"),
        (
            {"ALL_PROXY": "http://all.test", "HTTPS_PROXY": "http://one.test"},
            "http://one.test",
        ),
        ({"HTTP_PROXY": "http://proxy.test"}, None),
        (
            {"ALL_PROXY": "http://proxy.test", "NO_PROXY": "other.test"},
            "http://proxy.test",
        ),
        (
            {
                "ALL_PROXY": "http://proxy.test",
                "NO_PROXY": "fe80::/10,::1/128,10.0.0.0/8",
            },
            "http://proxy.test",
        ),
        (
            {
                "ALL_PROXY": "socks5://proxy.test",
                "NO_PROXY": "localhost, app.test",
            },
            None,
        ),
        ({"ALL_PROXY": "socks5://proxy.test", "no_proxy": ".test"}, None),
        ({"ALL_PROXY": "http://proxy.test:port", "NO_PROXY": "*"}, None),
        ({"ALL_PROXY": "http://proxy.test", "NO_PROXY": "APP.test:443"}, None),
        (
            {"ALL_PROXY": "http://proxy.test", "NO_PROXY": "app.test:80"},
            "http://proxy.test",
        ),
    ],
)
def test_the_proxy_on_the_way_to_the_webhook_is_found(
    environment: dict[str, str], proxy: str | None
) -> None:
    callback = read(WEBHOOK | environment).callback
    assert callback is not None
    assert (callback.proxy.reveal() if callback.proxy else None) == proxy


@pytest.mark.parametrize("host", ["10.1.2.3", "[fe80::1]:8443"])
def test_a_network_can_be_excepted_from_a_proxy(host: str) -> None:
    callback = read(
        WEBHOOK
        | {
            "CALLBACK_URL": f"https://{host}/",
            "ALL_PROXY": "socks5://x",
            "NO_PROXY": "10.0.0.0/8,fe80::/10",
        }
    ).callback
    assert callback is not None
    assert callback.proxy is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "ALL_PROXY",
            "socks5://127.0.0.1:9",
            "ALL_PROXY is malformed: SOCKS is not supported",
        ),
        (
            "all_proxy",
            "socks5h://127.0.0.1:9",
            "all_proxy is malformed: SOCKS is not supported",
        ),
        (
            "HTTPS_PROXY",
            "http://",
            "HTTPS_PROXY is malformed: it must be an http:// or https:// URL",
        ),
        (
            "HTTPS_PROXY",
            "http://proxy.test:99999",
            "HTTPS_PROXY is malformed: it is not a URL",
        ),
        (
            "https_proxy",
            "http://[proxy",
            "https_proxy is malformed: it is not a URL",
        ),
        (
            "https_proxy",
            "ftp://proxy.test",
            "https_proxy is malformed: it must be an http:// or https:// URL",
        ),
    ],
)
def test_a_proxy_that_cannot_work_is_refused_by_name(
    name: str, value: str, expected: str
) -> None:
    message = faults(WEBHOOK | {name: value})
    assert message.startswith(expected)
    assert message.endswith("or name the host of CALLBACK_URL in NO_PROXY")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HTTPS_PROXY", "http://", "HTTPS_PROXY is malformed"),
        ("https_proxy", "ftp://proxy.test", "https_proxy is malformed"),
        ("HTTPS_PROXY", "http://proxy.test:port", "HTTPS_PROXY is malformed"),
        ("https_proxy", "socks5://proxy.test", "https_proxy is malformed"),
    ],
)
def test_an_unusable_proxy_to_the_store_is_refused_by_name(
    name: str, value: str, expected: str
) -> None:
    assert faults(S3 | {name: value}).startswith(expected)
    elsewhere = S3 | {"AWS_ENDPOINT_URL_S3": "https://s3.test"}
    assert faults(elsewhere | {name: value}).startswith(expected)
    assert read(elsewhere | {name: value, "NO_PROXY": ".test"}).s3
    # The store's client ignores ALL_PROXY.
    assert read(S3 | {"ALL_PROXY": value}).s3


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy.test\r"}, "HTTPS_PROXY ends with"),
        ({"ALL_PROXY": "http://proxy.test:x"}, "ALL_PROXY is malformed"),
        ({"all_proxy": "socks5h://[proxy"}, "all_proxy is malformed"),
        ({"ALL_PROXY": "socks5h://proxy.test"}, ""),
        ({"https_proxy": "proxy.test:3128"}, ""),
        ({"ALL_PROXY": "http://x:y", "NO_PROXY": "github.com"}, ""),
        ({"HTTP_PROXY": "http://x:y"}, ""),
    ],
)
def test_an_unusable_proxy_to_the_git_host_is_refused_by_name(
    environment: dict[str, str], expected: str
) -> None:
    assert "\n".join(request_faults(JOB | environment)).startswith(expected)
    assert bool(request_faults(JOB | environment)) is bool(expected)


def test_certificates_from_a_pipe_are_refused_and_not_waited_for(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # If the program opens the pipe, this writer keeps it from waiting for ever.
    writer = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    threading.Timer(1, os.close, [writer]).start()
    message = faults(S3 | {"AWS_CA_BUNDLE": str(pipe)})
    assert message.startswith(f"AWS_CA_BUNDLE is {str(pipe)!r}: it must be a")
    assert "but is a pipe" in message


def test_unused_variables_are_not_checked() -> None:
    assert read({"AWS_REGION": "x\r", "AWS_CA_BUNDLE": "/missing"}).s3 is None
    assert (
        read({"ENGINE": "static", "ANTHROPIC_API_KEY": "x\r"}).engine.name
        == "static"
    )


def test_all_faults_are_reported_at_once_a_line_each() -> None:
    message = faults(
        {"LEASE_SECONDS": "x", "ENGINE": "y", "STORE_URL": "z", "WORK_DIR": "w"}
    ).splitlines()
    assert len(message) == 4


@pytest.mark.parametrize(
    "name",
    [
        "CALLBACK_TOKEN",
        "CALLBACK_SIGNING_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
    ],
)
def test_a_secret_is_neither_shown_nor_repeated_in_an_error(name: str) -> None:
    environment = S3 | CALLBACK | {name: "hush-hush\n"}
    reader = EnvironmentReader(environment)
    assert "hush-hush" not in repr(read_settings(reader))
    assert "hush-hush" not in "\n".join(reader.faults)
    assert "hush-hush" not in repr(Secret("hush-hush"))


def test_an_address_that_may_contain_a_secret_is_not_repeated() -> None:
    assert "hush" not in faults(
        {"CALLBACK_URL": "no-url?token=hush", "CALLBACK_TOKEN": "t"}
    )


def test_scaleways_own_names_give_its_endpoint() -> None:
    environment = {
        "STORE_URL": "s3://bucket",
        "SCW_ACCESS_KEY": "SCWX",
        "SCW_SECRET_KEY": "s",
        "SCW_DEFAULT_REGION": "nl-ams",
    }
    s3 = read(environment).s3
    assert s3 is not None
    assert s3.endpoint_url == "https://s3.nl-ams.scw.cloud"
    assert s3.region == "nl-ams"
    assert s3.access_key == "SCWX"


def test_amazons_names_win_where_both_are_set() -> None:
    s3 = read(
        S3
        | {
            "SCW_ACCESS_KEY": "SCWX",
            "SCW_SECRET_KEY": "s",
            "AWS_REGION": "eu-west-3",
        }
    ).s3
    assert s3 is not None
    assert s3.endpoint_url is None
    assert s3.region == "eu-west-3"
    assert s3.access_key == "AK"


def test_a_signing_secret_of_the_standards_form_is_taken() -> None:
    callback = read(
        CALLBACK
        | {"CALLBACK_SIGNING_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    ).callback
    assert callback is not None
    assert callback.signing_key is not None
    assert callback.signing_key.reveal() == "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


JOB = {
    "JOB_ID": "j1",
    "REPOSITORY_URL": "https://github.com/a/b",
    "BRANCH": "main",
}


def request_faults(environment: dict[str, str]) -> list[str]:
    reader = EnvironmentReader(environment)
    read_request(reader, allow_http=False)
    return reader.faults


def test_a_job_is_read_from_the_environment() -> None:
    identity = read_request(EnvironmentReader(JOB), allow_http=False)
    assert identity.job_id == "j1"
    assert identity.repository == "https://github.com/a/b"
    assert identity.branch == "main"


def test_the_branch_is_main_if_none_is_named() -> None:
    assert (
        read_request(
            EnvironmentReader({**JOB, "BRANCH": ""}), allow_http=False
        ).branch
        == "main"
    )


def test_certificates_are_judged_where_git_asks_for_them() -> None:
    missing = {"SSL_CERT_FILE": "/missing.pem"}
    [fault] = request_faults(JOB | missing)
    assert "SSL_CERT_FILE is '/missing.pem'" in fault
    assert (
        request_faults(JOB | missing | {"GIT_SSL_CAINFO": certifi.where()})
        == []
    )
    assert (
        request_faults(
            JOB | missing | {"REPOSITORY_URL": "http://localhost/a/b"}
        )
        == []
    )


def test_a_variable_that_two_need_is_named_once() -> None:
    reader = EnvironmentReader(
        {
            "STORE_URL": "file:///x",
            **WEBHOOK,
            **JOB,
            "SSL_CERT_FILE": "/missing.pem",
        }
    )
    read_job(reader)
    assert len(reader.faults) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"JOB_ID": ""}, "JOB_ID is missing"),
        ({"JOB_ID": "a/b"}, "JOB_ID is 'a/b': it must be 1 to 128"),
        ({"REPOSITORY_URL": ""}, "REPOSITORY_URL is missing"),
        ({"REPOSITORY_URL": "ssh://x/y"}, "REPOSITORY_URL is 'ssh://x/y'"),
        ({"REPOSITORY_URL": "https://me:hush@h/x"}, "GITHUB_TOKEN"),
        ({"BRANCH": "-x"}, "BRANCH is '-x': it must not begin with"),
        ({"JOB_ID": "j1\r"}, "JOB_ID ends with a carriage return"),
        (
            {"REPOSITORY_URL": '"https://github.com/a/b"'},
            "REPOSITORY_URL begins and ends with a quotation mark",
        ),
        ({"BRANCH": "main\n"}, "BRANCH ends with a line break"),
    ],
)
def test_each_fault_of_a_job_is_named(
    changes: dict[str, str], expected: str
) -> None:
    [fault] = request_faults(JOB | changes)
    assert expected in fault
    assert "hush" not in fault

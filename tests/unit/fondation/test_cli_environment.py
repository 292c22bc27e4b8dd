"""The environment of the CLI."""

from pathlib import Path

import pytest

from worker.engines.fondation.cli_environment import (
    make_home,
    secrets,
    variables,
)
from worker.engines.port import EngineFailedError

OURS = {
    "PATH": "/bin",
    "HOME": "/root",
    "JOB_ID": "job",
    "CALLBACK_URL": "https://example.org",
    "CALLBACK_TOKEN": "token-1",
    "GITHUB_TOKEN": "token-2",
    "STORE_URL": "s3://bucket",
    "AWS_SECRET_ACCESS_KEY": "key-1",
    "SCW_SECRET_KEY": "key-2",
    "NODE_ENV": "development",
    "NODE_OPTIONS": "--inspect",
}


def test_it_gets_the_models_credentials_and_nothing_of_ours(
    tmp_path: Path,
) -> None:
    models = {
        "ANTHROPIC_API_KEY": "sk-ant-1",
        "CLAUDE_CODE_OAUTH_TOKEN": "oauth-1",
        "ANTHROPIC_BASE_URL": "https://models.example.org",
        "HTTPS_PROXY": "http://user:password@proxy:3128",
        "NODE_EXTRA_CA_CERTS": "/certs.pem",
    }
    given = variables(OURS | models, tmp_path / "home", tmp_path / "tmp")
    ours = {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    assert given == ours | models


def test_empty_variables_count_as_missing(tmp_path: Path) -> None:
    assert "ANTHROPIC_API_KEY" not in variables(
        {"ANTHROPIC_API_KEY": ""}, tmp_path, tmp_path
    )


def test_a_key_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-ant-2\n")
    mounted = {"ANTHROPIC_API_KEY_FILE": str(file)}
    assert (
        variables(mounted, tmp_path, tmp_path)["ANTHROPIC_API_KEY"]
        == "sk-ant-2"
    )
    assert secrets(mounted) == ("sk-ant-2",)
    assert (
        variables(mounted | {"ANTHROPIC_API_KEY": "sk-1"}, tmp_path, tmp_path)[
            "ANTHROPIC_API_KEY"
        ]
        == "sk-1"
    )
    assert "ANTHROPIC_API_KEY" not in variables(
        mounted | {"CLAUDE_CODE_OAUTH_TOKEN": "o"}, tmp_path, tmp_path
    )
    file.write_text("")
    assert "ANTHROPIC_API_KEY" not in variables(mounted, tmp_path, tmp_path)


def test_a_file_with_no_key_to_be_read_is_a_fault_that_names_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(
        EngineFailedError, match="ANTHROPIC_API_KEY_FILE is '/nowhere/key'"
    ) as caught:
        variables(
            {"ANTHROPIC_API_KEY_FILE": "/nowhere/key"}, tmp_path, tmp_path
        )
    assert not caught.value.temporary


def test_the_secrets_of_its_environment_are_known() -> None:
    environment = {
        "ANTHROPIC_API_KEY": "sk-ant-1",
        "ANTHROPIC_AUTH_TOKEN": "x",
        "HTTPS_PROXY": "http://user:password@proxy:3128",
        "http_proxy": "http://proxy:3128",
    }
    assert secrets(environment) == ("sk-ant-1", "password")


def test_a_login_to_claude_is_copied_so_that_only_we_can_read_it(
    tmp_path: Path,
) -> None:
    ours = tmp_path / "ours"
    (ours / ".claude").mkdir(parents=True)
    (ours / ".claude" / ".credentials.json").write_text("{login}")
    (ours / ".claude" / "history.jsonl").write_text("private")
    (ours / ".claude.json").write_text("{settings}")
    for _ in range(2):  # as for a second process
        make_home(tmp_path / "home", {"HOME": str(ours)})
    login = tmp_path / "home" / ".claude" / ".credentials.json"
    assert (login.read_text(), login.stat().st_mode & 0o777) == (
        "{login}",
        0o600,
    )
    assert (tmp_path / "home" / ".claude.json").read_text() == "{settings}"
    assert not (tmp_path / "home" / ".claude" / "history.jsonl").exists()


def test_a_home_needs_no_login(tmp_path: Path) -> None:
    make_home(tmp_path / "home", {})
    make_home(tmp_path / "home", {"HOME": str(tmp_path / "nobody")})
    assert [
        file for file in (tmp_path / "home").rglob("*") if file.is_file()
    ] == []

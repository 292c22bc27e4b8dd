import pytest

from worker.engines.claude.secrets import REMOVED, is_secret_file, scrubbed


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghij_klmnopqrstuv",
        "glpat-abcdefghijklmnopqrst",
        "sk-ant-api03-abcdefghijklmnop",
        "sk_live_abcdefghijklmnopqrst",
        "xoxb-123456789012-abcdefghij",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "npm_abcdefghijklmnopqrstuvwxyz0123456789",
        "SCW1234567890ABCDEFG",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-123_x",
    ],
)
def test_a_token_is_removed(secret: str) -> None:
    [line] = scrubbed([f"key = '{secret}'  # ours"])
    assert secret not in line
    assert REMOVED in line
    assert line.endswith("# ours")


def test_a_password_in_an_address_and_a_random_value_of_a_secret_are_removed() -> (
    None
):
    lines = [
        "postgres://user:hunter2@db/x",
        'API_KEY = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5"',
    ]
    clean = scrubbed(lines)
    assert clean[0] == f"postgres://user:{REMOVED}@db/x"
    assert "Zm9v" not in clean[1]


def test_a_private_key_is_removed_and_the_lines_keep_their_numbers() -> None:
    lines = [
        "a = '''-----BEGIN RSA PRIVATE KEY-----",
        "MIIEowIBAAKCAQEA",
        "-----END RSA PRIVATE KEY-----'''",
        "b = 1",
    ]
    assert scrubbed(lines) == [REMOVED, REMOVED, REMOVED, "b = 1"]


def test_ordinary_code_is_left_unchanged() -> None:
    lines = [
        'Signer("secret-key").sign(b"value")',
        'token = request.headers["authorization"]',
        'password = "correct horse battery staple"',
    ]
    assert scrubbed(lines) == lines


@pytest.mark.parametrize("path", [".env", "deploy/.env", ".env.local"])
def test_an_environment_file_is_secret(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize("path", ["env.py", ".envrc.md", "a.env/b", "x.env"])
def test_another_file_is_not(path: str) -> None:
    assert not is_secret_file(path)

"""Names of repositories and branches."""

import os
import re
import subprocess
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from states.repository_url import (
    branch_fault,
    folder_name,
    full_url,
    normal_form,
    repository_fault,
    short_name,
    without_credentials,
)


@pytest.mark.parametrize(
    "name",
    [
        "https://github.com/owner/name",
        "https://GitHub.com/owner/name.git",
        "https://github.com:443/owner/name/",
        "HTTPS://github.com/owner/name.git/",
        "https://github.com/owner/name/.git",
        "owner/name",
    ],
)
def test_names_of_one_repository_have_one_normal_form(name: str) -> None:
    assert normal_form(name) == "https://github.com/owner/name"


@pytest.mark.parametrize(
    "other",
    [
        "https://github.com/Owner/name",
        "https://gitlab.com/owner/name",
        "owner/names",
        "owner/nameX",
    ],
)
def test_names_of_other_repositories_have_another(other: str) -> None:
    assert normal_form(other) != "https://github.com/owner/name"


def test_a_port_makes_a_difference_unless_it_is_the_schemes_own() -> None:
    assert normal_form("http://localhost:80/r") == normal_form(
        "http://localhost/r"
    )
    assert normal_form("http://localhost:8080/r") == "http://localhost:8080/r"
    assert normal_form("http://localhost/r") == "http://localhost/r"


def test_a_short_name_means_a_repository_on_github() -> None:
    assert full_url("owner/name") == "https://github.com/owner/name"
    assert full_url("https://example.org/x") == "https://example.org/x"


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("owner/click.git", "click"),
        ("file:///home/me/my%20code/", "my-code"),
        ("https://example.org/-x-", "x"),
        ("https://example.org/-X-", "X"),
        ("owner/Click.git", "Click"),
        ("https://example.org/---", "repository"),
    ],
)
def test_the_last_part_of_an_address_is_the_name(
    repository: str, name: str
) -> None:
    assert short_name(repository) == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("проект", "проект"),
        ("日本語", "日本語"),
        ("🦀 crab", "🦀 crab"),
        ("my code", "my code"),
        ("...", "..."),
        (".config", "config"),
        ("-rf", "rf"),
        ("-X", "X"),
        ("a\nb\u202ec", "a-b-c"),
        (os.fsdecode(b"caf\xe9"), "caf\ufffd"),
        ("日" * 85, "日" * 66),
        ("", "repository"),
    ],
)
def test_a_folders_name_in_any_script_is_the_courses_too(
    folder: str, name: str
) -> None:
    repository = (
        f"file:///home/{quote(os.fsencode(folder))}" if folder else "file:///"
    )
    assert folder_name(repository) == name
    assert re.fullmatch(r"[A-Za-z0-9._-]+", short_name(repository))


def test_a_name_on_a_host_leads_nowhere_else() -> None:
    assert folder_name("https://h/a/..%2F..%2Fetc") == "etc"
    assert folder_name("https://h/a/x%2F..%2Fetc") == "x-..-etc"
    assert folder_name("https://h/a/%00") == "-"
    assert folder_name("owner/name.git") == "name"


@pytest.mark.parametrize(
    "repository",
    [
        "https://github.com/a/b",
        "owner/name",
        "owner/..name",
        "http://localhost:3000/a",
        "http://127.0.0.1:1/a",
        "http://[::1]/a",
    ],
)
def test_a_valid_repository_is_accepted(repository: str) -> None:
    assert repository_fault(repository, allow_http=False) is None


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("http://example.org/a", "ALLOW_HTTP_GIT=1"),
        ("http://127.evil.org/a", "ALLOW_HTTP_GIT=1"),
        ("ssh://git@github.com/a/b", "give https://github.com/a/b"),
        ("git@github.com:a/b", "give https://github.com/a/b"),
        ("file:///etc", "must be https://"),
        ("ext::sh -c id", "white space"),
        ("https://token@github.com/a/b", "GITHUB_TOKEN"),
        ("https://github.com", "must be https://"),
        ("https://github.com/a\nb", "white space, a control character"),
        ("https://github.com/a/b?c", "contains a `?`"),
        ("https://example.org/a@b?c", "contains a `?`"),
        ("https://example.org/a@b#c", "contains a `?`"),
        ("https://[x/a", "not a valid URL"),
        ("https://h:port/a", "not a valid URL"),
        ("--upload-pack=x", "must be https://"),
        ("-x/y", "must be https://"),
        ("owner/..", "must be https://"),
        ("owner/.", "must be https://"),
    ],
)
def test_an_invalid_repository_is_refused_with_the_reason(
    repository: str, expected: str
) -> None:
    fault = repository_fault(repository, allow_http=False)
    assert fault is not None
    assert expected in fault


def test_plain_http_is_taken_where_it_is_allowed() -> None:
    assert repository_fault("http://example.org/a", allow_http=True) is None


def test_credentials_are_not_shown() -> None:
    assert (
        without_credentials("https://me:secret@host/x") == "https://***@host/x"
    )


@given(
    st.text(
        alphabet=st.sampled_from("ab-./~^:?*[\\@{ \x7f\té"),
        min_size=1,
        max_size=8,
    )
)
@example("@")
@example("a.lock/b")
def test_branches_are_judged_as_git_does(branch: str) -> None:
    git = subprocess.run(
        ["git", "check-ref-format", f"refs/heads/{branch}"], check=False
    )
    assert (branch_fault(branch) is None) == (
        git.returncode == 0 and not branch.startswith("-")
    )


def test_a_branch_that_could_be_an_option_is_refused() -> None:
    assert branch_fault("--upload-pack=x") == "it must not begin with `-`"

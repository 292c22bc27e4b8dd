"""Addresses from a browser's address bar, and from `git remote -v`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.addresses import address_fault, page_hint
from states.repository_url import repository_fault

GIVE = "give https://github.com/owner/name"
SHA = "0123456789012345678901234567890123456789"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/owner/name/issues/5",
        "https://github.com/owner/name?tab=readme-ov-file",
        "https://github.com/owner/name#readme",
        "https://www.github.com/owner/name",
        "www.github.com/owner/name",
        "github.com/owner/name",
        "owner/name/",
        "git@github.com:owner/name",
        "ssh://git@github.com/owner/name",
        "git://github.com/owner/name",
        "git+https://github.com/owner/name",
    ],
)
def test_an_address_that_leads_to_a_repository_is_answered_with_the_repositorys_own(
    address: str,
) -> None:
    fault = repository_fault(address, allow_http=False)
    assert fault is not None
    assert fault.endswith(GIVE)


@pytest.mark.parametrize(
    ("page", "branch"),
    [
        ("https://github.com/owner/name/tree/main", "main"),
        ("https://github.com/owner/name/blob/main/src/x.py", "main"),
        ("https://github.com/owner/name/blob/main/x.py#L10-L20", "main"),
        ("https://github.com/owner/name/tree/feature%2Fx", "feature/x"),
        ("https://github.com/owner/name/raw/refs/heads/main/x.py", "main"),
        ("https://github.com/owner/name/releases/tag/v1.0", "v1.0"),
        ("github.com/owner/name/tree/main", "main"),
        ("owner/name/tree/main", "main"),
        (
            "https://gitlab.com/group/sub/name/-/tree/main?ref_type=heads",
            "main",
        ),
        ("https://gitlab.example/group/name/-/blob/v2/x.py", "v2"),
        ("https://git.example/owner/name/src/branch/main/x.py", "main"),
        ("https://git.example/owner/name/src/tag/v1", "v1"),
        ("https://bitbucket.org/owner/name/src/main/", "main"),
        ("https://gitlab.example/owner/name/-/tags/v1", "v1"),
        ("https://gitlab.example/-/name/-/tree/main", "main"),
        ("https://github.com/owner/name/raw/refs/tags/v1/x.py", "v1"),
        ("https://github.com/owner/name/tree/tag/x", "tag"),
        ("http://[::1]:3000/owner/name/-/tree/main", "main"),
        ("http://127.0.0.1:3000/owner/name/-/tree/main", "main"),
    ],
)
def test_a_page_of_a_branch_is_answered_with_the_branch_too(
    page: str, branch: str
) -> None:
    fault = repository_fault(page, allow_http=False) or ""
    assert fault.startswith("it is the address of a page: give http")
    assert (
        f"/name and the branch {branch} (--branch {branch}, or BRANCH={branch}"
        in fault
    )


@pytest.mark.parametrize(
    "page", [f"commit/{SHA}", "pull/3", f"tree/{SHA}", "tree/a%0Ab"]
)
def test_a_page_of_a_change_is_answered_with_a_suggestion(
    page: str,
) -> None:
    fault = repository_fault(
        f"https://github.com/owner/name/{page}", allow_http=False
    )
    expected = (
        f"{GIVE} and a branch or tag that has the change (--branch, or BRANCH)"
    )
    assert fault == f"it is the address of a page: {expected}"


@pytest.mark.parametrize(
    "address",
    [
        "git@ssh.dev.azure.com:v3/org/project/name",
        "org@vs-ssh.visualstudio.com:v3/org/project/name",
        "ssh://git@ssh.dev.azure.com/v3/org/project/name",
    ],
)
def test_a_push_url_of_azure_is_answered_with_its_other_form(
    address: str,
) -> None:
    fault = address_fault(address) or ""
    assert fault.endswith("give https://dev.azure.com/org/project/_git/name")


def test_a_push_url_of_another_host_keeps_its_path() -> None:
    fault = address_fault("git@example.org:v3/org/project/name") or ""
    assert fault.endswith("give https://example.org/v3/org/project/name")


def test_a_branch_whose_name_may_contain_a_slash_is_said_to() -> None:
    page = "https://github.com/owner/name/tree/main"
    advice = f"{GIVE} and the branch main (--branch main, or BRANCH=main"
    more = "; if its name contains a slash, add the parts that follow"
    start = "it is the address of a page: "
    assert address_fault(page) == f"{start}{advice})"
    assert address_fault(f"{page}/src") == f"{start}{advice}{more})"


@pytest.mark.parametrize(
    ("page", "repository"),
    [
        (
            "https://codeberg.org/owner/name/releases",
            "https://codeberg.org/owner/name",
        ),
        (
            "https://github.com/owner/name/releases/download/v1/x",
            "https://github.com/owner/name",
        ),
        ("https://git.example/group/name/-/", "https://git.example/group/name"),
        (
            "http://[::1]:3000/owner/name/-/issues",
            "http://[::1]:3000/owner/name",
        ),
    ],
)
def test_a_page_without_a_branch_is_answered_with_the_repository(
    page: str, repository: str
) -> None:
    expected = f"it is the address of a page: give {repository}"
    assert address_fault(page) == expected


@pytest.mark.parametrize(
    "page", ["src/commit/0123abc", "-/merge_requests", "-/commit/0123abc"]
)
def test_a_page_of_a_change_on_any_host_asks_for_a_branch(page: str) -> None:
    fault = address_fault(f"https://git.example/owner/name/{page}")
    assert fault is not None
    assert "give https://git.example/owner/name and a branch or tag" in fault


def test_the_www_of_a_known_host_is_left_out() -> None:
    fault = address_fault("https://www.gitlab.com/owner/name")
    assert fault is not None
    assert fault.endswith("give https://gitlab.com/owner/name")


@pytest.mark.parametrize(
    "address",
    [
        "file:///owner/name/-/tree/main",
        "https://me@github.com/owner/name/tree/main",
        "https://git.example:port/owner/name/-/tree/main",
    ],
)
def test_an_address_with_another_fault_is_not_judged_as_a_page(
    address: str,
) -> None:
    assert address_fault(address) is None


def test_a_port_and_a_group_stay_part_of_the_address() -> None:
    fault = address_fault("https://git.example:8443/a/b/c/-/issues")
    assert (
        fault
        == "it is the address of a page: give https://git.example:8443/a/b/c"
    )


def test_an_owner_is_not_a_repository() -> None:
    fault = address_fault("https://github.com/owner")
    assert fault == f"it lacks the repository's name: {GIVE}"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/owner/name",
        "https://github.com/owner/name.git",
        "https://github.com/owner/name/",
        "https://git.example/group/tree/main",
        "https://git.example/owner/name/tree/main",
        "https://git.example/~owner/name",
        "https://dev.azure.com/org/project/_git/name",
        "http://[::1]:80/a/b",
        "owner/name",
        "no/folder/here",
    ],
)
def test_an_address_that_may_be_a_repositorys_is_left_to_its_host(
    address: str,
) -> None:
    assert address_fault(address) is None


def test_an_address_without_a_repository_is_taken_for_a_pages() -> None:
    hint = page_hint("https://git.example/owner/name/tree/main")
    assert hint is not None
    assert "give https://git.example/owner/name and the branch main" in hint
    assert page_hint("https://git.example/owner/name") is None


@pytest.mark.parametrize(
    "address",
    ["https://me:s3cret@github.com/o/n/tree/main", "ssh://me:s3cret@h/o/n"],
)
def test_a_password_is_not_repeated(address: str) -> None:
    assert "s3cret" not in (repository_fault(address, allow_http=False) or "")


@given(st.text(alphabet=st.sampled_from("ab-./:@?#[]%0A~\u00e9"), max_size=30))
def test_any_text_can_be_judged_as_an_address(text: str) -> None:
    for address in (
        text,
        f"https://github.com/{text}",
        f"https://h/{text}",
        f"git@{text}",
    ):
        fault = repository_fault(address, allow_http=False)
        assert fault is None or fault.isprintable()

"""The host's answer in git's trace, and the part of it that is shown."""

import pytest

from worker.source.host_answer import HostAnswer, read_answer

TRACE = b"""\
00:48:34.417061 http.c:756              == Info: Connected to 127.0.0.1 (127.0.0.1) port 40003 (#0)
00:48:34.417161 http.c:703              => Send header: GET /a/info/refs?service=git HTTP/1.1
00:48:34.417163 http.c:703              => Send header: Authorization: Basic <redacted>
00:48:34.418461 http.c:703              <= Recv header, 0000000017 bytes (0x00000011)
00:48:34.418469 http.c:703              <= Recv header: HTTP/1.1 301 Moved
00:48:34.418470 http.c:703              <= Recv header: Location: https://example.org/b/info/refs?\
service=git-upload-pack
00:48:34.418471 http.c:703              <= Recv header: Retry-After: 5
"""
ADDRESS = "https://example.org/a"


def answer(
    trace: bytes = TRACE, *more: bytes, secrets: tuple[str, ...] = ()
) -> HostAnswer:
    return read_answer(trace + b"\n".join(more), secrets)


def test_status_and_headers_are_those_of_the_last_answer() -> None:
    last = b"00:48:34.418469 http.c:703              <= Recv header: HTTP/2 200 \r\n"
    typed = (
        b"00:48:34.418469 http.c:703 <= Recv header: "
        b"content-type: application/x-git-upload-pack-result"
    )
    assert answer().status == 301
    assert answer().headers["retry-after"] == "5"
    parsed = answer(TRACE, last, typed)
    assert (parsed.status, parsed.is_git) == (200, True)
    assert "retry-after" not in parsed.headers


def test_without_an_answer_there_is_no_status() -> None:
    assert answer(b"fatal: Could not resolve host\n").status is None


def test_output_of_the_host_is_not_mistaken_for_the_trace() -> None:
    fake = b"remote: 00:48:34.418469 http.c:703              <= Recv header: HTTP/2 404"
    assert answer(TRACE, fake).status == 301


def test_a_new_address_is_read_from_a_redirect() -> None:
    assert answer().moved(ADDRESS) == "https://example.org/b"
    assert (
        answer(TRACE.replace(b"https://example.org/b/", b"/c.git/")).moved(
            ADDRESS
        )
        == "https://example.org/c.git"
    )
    assert (
        answer(
            TRACE.replace(b"/info/refs?service=git-upload-pack\n", b"/login\n")
        ).moved(ADDRESS)
        is None
    )
    assert answer(TRACE.replace(b"301", b"200")).moved(ADDRESS) is None


def test_the_reason_is_the_first_fault_that_git_names() -> None:
    stderr = b"remote: hello\nerror: the first\nfatal: the last\n"
    assert answer(TRACE, stderr).reason == "error: the first"
    assert answer(TRACE, b"only this").reason == "only this"
    assert answer(TRACE).reason == "it says nothing"


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            b"fatal: two lines:\n\tone\n\ttwo\nhint: more\n",
            "fatal: two lines: one two",
        ),
        (b"error: a list:\nfirst\nfatal: the end\n", "error: a list: first"),
        (b"fatal: alone\nwarning: other\n", "fatal: alone"),
    ],
)
def test_a_reason_is_everything_that_git_says_about_the_fault(
    stderr: bytes, reason: str
) -> None:
    assert answer(TRACE, stderr).reason == reason


@pytest.mark.parametrize(
    "stderr",
    [
        b"fatal: unknown repository extension found:\n\trefstorage\n",
        b"fatal: unknown repository extensions found:\n\tone\n\ttwo\n",
        b"fatal: Expected git repo version <= 1, found 2\n",
        b"fatal: repo version is 0, but v1-only extension found:\n\tobjectformat\n",
        b"error: invalid value for 'extensions.refstorage': 'reftable'\n",
    ],
)
def test_a_repository_of_a_newer_git_asks_for_that_git(stderr: bytes) -> None:
    reason = answer(TRACE, stderr).reason
    assert reason.endswith(
        ": it was created by a newer git: install that version here"
    )
    assert b" ".join(stderr.split()).decode() in reason


def test_a_reason_has_no_secrets_no_control_characters_and_an_end() -> None:
    stderr = b"fatal: \x1b[31mt0ken http://me:pw@host/ \xff" + 1000 * b"x"
    shown = answer(TRACE, stderr, secrets=("t0ken",)).reason
    assert shown.startswith("fatal:  [31m*** http://***@host/ \ufffdxxx")
    assert len(shown) == 300

"""How an HTTP answer is read from pieces of any size."""

from collections.abc import Callable
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest

from worker.store.http_answer import MAX_HEAD_BYTES, read_answer

LENGTH = b"Content-Length: 4\r\n\r\nbody"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nbod\r\n1;of=it\r\ny\r\n0\r\nTrailer: yes\r\n\r\n"
)


def pieces(reply: bytes, size: int) -> Callable[[], bytes]:
    """Return a function that reads a reply in pieces of this many bytes."""
    starts = iter(range(0, len(reply), size))

    def read() -> bytes:
        start = next(starts, len(reply))
        return reply[start : start + size]

    return read


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\n" + LENGTH,
        b"HTTP/1.1 200\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\n" + LENGTH.replace(b"\r", b""),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH,
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + LENGTH,
        CHUNKED,
    ],
)
def test_an_answer_is_read_to_its_end_and_no_further(
    reply: bytes, size: int
) -> None:
    answer = read_answer(pieces(reply, size), "GET")
    assert answer.status == 200
    assert answer.data == b"body"
    assert not answer.is_last


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\nConnection: Close, Upgrade\r\n" + LENGTH,
        b"HTTP/1.0 200 OK\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"more",
        b"HTTP/1.1 200 OK\r\n\r\nbody",
    ],
)
def test_an_answer_after_which_a_connection_has_no_other(reply: bytes) -> None:
    answer = read_answer(pieces(reply, 10_000), "GET")
    assert answer.data == b"body"
    assert answer.is_last


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content")]
)
def test_some_answers_have_no_body_despite_the_length_they_announce(
    method: str, status: str
) -> None:
    reply = f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\n".encode()
    answer = read_answer(pieces(reply, 10_000), method)
    assert answer.data == b""
    assert answer.headers == {"content-length": "4"}
    assert not answer.is_last


def test_headers_are_found_in_lower_case_and_repeated_ones_are_joined() -> None:
    reply = b"HTTP/1.1 204 OK\r\nDate:  one \r\nbroken\r\ndATE: two:2\r\n\r\n"
    answer = read_answer(pieces(reply, 10_000), "GET")
    assert answer.headers == {"date": "one, two:2"}


@pytest.mark.parametrize(
    ("reply", "data"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo", b"bo"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n", b""),
    ],
)
def test_an_answer_that_is_cut_off_is_returned_as_far_as_it_goes(
    reply: bytes, data: bytes
) -> None:
    answer = read_answer(pieces(reply, 10_000), "GET")
    assert answer.data == data
    assert answer.headers == {"content-length": "4"}
    assert answer.is_last


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", RemoteDisconnected),
        (b"HTTP/1.1 100 Continue\r\n\r\n", RemoteDisconnected),
        (b"HTTP/1.1 20", HTTPException),
        (b"HTTP/1.1 2000 OK\r\n\r\n", HTTPException),
        (b"HTTP/2 200 OK\r\n\r\n", HTTPException),
        (CHUNKED[:-20], IncompleteRead),
        (CHUNKED[:-30], IncompleteRead),
        (CHUNKED.replace(b"3\r\nbod", b"x\r\nbod"), ValueError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: few\r\n\r\n", ValueError),
    ],
)
def test_a_text_that_is_not_an_answer_raises_an_error(
    reply: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read_answer(pieces(reply, 10_000), "GET")


@pytest.mark.parametrize(
    "endless",
    [
        b"SSH-2.0-OpenSSH",
        b"HTTP/1.1 200 OK\r\n" + b"Header: x\r\n" * 1000,
        CHUNKED[: CHUNKED.index(b"3\r\n")] + b"1" * 1000,
    ],
)
def test_a_server_that_never_ends_a_line_or_its_headers_is_not_read_for_ever(
    endless: bytes,
) -> None:
    sent = 0
    rest = b"x" if b"Header" not in endless else b"Header: x\r\n"

    def read() -> bytes:
        nonlocal sent
        piece = endless if sent == 0 else rest * 1000
        sent += len(piece)
        assert sent < 2 * MAX_HEAD_BYTES
        return piece

    with pytest.raises(HTTPException):
        read_answer(read, "GET")

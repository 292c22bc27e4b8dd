"""Reads an answer of HTTP/1.1 as a whole, into memory."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.client import (
    BadStatusLine,
    IncompleteRead,
    LineTooLong,
    RemoteDisconnected,
)
from typing import Any, Final

Read = Callable[[], bytes]
"""Returns the next bytes, or none at the end of the connection."""

MAX_HEAD_BYTES: Final = 256 * 1024
_BEGINNING: Final = b"HTTP/1."
_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r]*)?\r?")
_BODILESS: Final = {204, 304}


@dataclass(kw_only=True, slots=True, eq=False)
class HttpAnswer:
    """An answer; urllib3's pools take it for one of theirs."""

    version_string: str
    status: int
    headers: dict[str, str]
    """By their names in lower case."""
    is_last: bool
    """Whether the connection ends with this answer."""
    data: bytes = b""
    length_remaining: int = 0
    retries: Any = None
    _connection: Any = None
    _pool: Any = None


def read_answer(read: Read, method: str) -> HttpAnswer:
    """Return the answer to a request; raise http.client's HTTPException, or ValueError.

    A body that ends before its announced length is returned as far as it goes.
    """
    source = _Source(read)
    answer = _head(source)
    while answer.status < 200:  # noqa: PLR2004 - those before it announce another
        answer = _head(source)
    if method != "HEAD" and answer.status not in _BODILESS:
        _read_body(source, answer)
    if source.rest:
        answer.is_last = True
    return answer


class _Source:
    """The bytes of a connection; `rest` were read, but not taken."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.rest = b""

    def more(self) -> bool:
        """Read on; tell whether more has come."""
        piece = self._read()
        self.rest += piece
        return bool(piece)

    def line(self) -> bytes:
        """Take a line."""
        while (end := self.rest.find(b"\n") + 1) == 0:
            if len(self.rest) > MAX_HEAD_BYTES:
                raise LineTooLong("chunk size")
            if not self.more():
                raise IncompleteRead(self.rest)
        return self.take(end)

    def take(self, size: int) -> bytes:
        """Take some of `rest`."""
        taken = self.rest[:size]
        self.rest = self.rest[size:]
        return taken

    def block(self, size: int) -> bytes:
        """Take this many bytes, or those before the end of the connection."""
        pieces = [self.take(size)]
        left = size - len(pieces[0])
        while left > 0 and self.more():
            piece = self.take(left)
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)


def _head(source: _Source) -> HttpAnswer:
    """Read status and headers, also those that the end of the connection cuts off."""
    is_cut = False
    while (end := _END.search(source.rest)) is None and not is_cut:
        if not _BEGINNING.startswith(source.rest[: len(_BEGINNING)]):
            raise BadStatusLine(repr(source.rest[:80]))
        if len(source.rest) > MAX_HEAD_BYTES:
            raise LineTooLong("header")
        is_cut = not source.more()
    if not source.rest:
        raise RemoteDisconnected("the server has closed the connection")
    size = len(source.rest) if end is None else end.end()
    text = source.take(size).decode("latin-1")
    first, *lines = text.split("\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise BadStatusLine(repr(first))
    headers = _headers(lines)
    connection = headers.get("connection", "").lower()
    is_old = status[1] == "0" and connection != "keep-alive"
    return HttpAnswer(
        version_string=f"HTTP/1.{status[1]}",
        status=int(status[2]),
        headers=headers,
        is_last=is_cut or is_old or "close" in connection,
    )


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon:
            continue
        name = name.lower()
        value = text.strip()
        if name in headers:
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _read_body(source: _Source, answer: HttpAnswer) -> None:
    headers = answer.headers
    if "chunked" in headers.get("transfer-encoding", "").lower():
        answer.data = _chunks(source)
        return
    length = headers.get("content-length")
    if length is not None:
        size = int(length)
        answer.data = source.block(size)
        if len(answer.data) < size:
            answer.is_last = True
        return
    while source.more():
        pass
    answer.data = source.take(len(source.rest))
    answer.is_last = True


def _chunks(source: _Source) -> bytes:
    chunks = []
    while size := int(source.line().partition(b";")[0], 16):
        chunk = source.block(size)
        if len(chunk) < size:
            raise IncompleteRead(chunk)
        chunks.append(chunk)
        source.line()
    # Trailers end with an empty line.
    while source.line().strip():
        pass
    return b"".join(chunks)

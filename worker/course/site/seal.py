"""Seals generated pages: the last line of a file is a digest of the rest.

If the seal is intact, no reader has changed the file, so it may be overwritten.
"""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Final

_COMMENTS: Final = {
    ".css": ("/* ", " */\n"),
    ".html": ("<!-- ", " -->\n"),
    ".js": ("// ", "\n"),
    ".md": ("<!-- ", " -->\n"),
}
_SEAL: Final = re.compile(
    rb"(?:/\*|<!--|//) made by fondation-worker, sha256 ([0-9a-f]{64})(?: \*/| -->)?\n"
)


def sealed(path: str, text: str) -> bytes:
    """Return the content of a file with its seal."""
    body = f"{text.rstrip()}\n".encode()
    suffix = PurePosixPath(path).suffix
    before, after = _COMMENTS[suffix]
    digest = hashlib.sha256(body).hexdigest()
    seal = f"{before}made by fondation-worker, sha256 {digest}{after}"
    return body + seal.encode()


def is_whole(content: bytes) -> bool:
    """Whether a file was sealed, and has not been changed since."""
    start = content.rfind(b"\n", 0, -1) + 1
    seal = _SEAL.fullmatch(content, start)
    if seal is None:
        return False
    body = content[:start]
    digest = hashlib.sha256(body).hexdigest()
    return seal[1] == digest.encode()

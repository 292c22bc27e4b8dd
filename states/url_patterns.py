"""Patterns of addresses, for our own checks and for the gateway's JSON schema.

They mean the same to Python and to validators of JSON schemas: they use only ASCII, and neither
flags nor classes whose meaning differs.
"""

from typing import Final

SPACE: Final = (
    r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""White space and control characters, for use inside a character class."""
HTTP: Final = "[Hh][Tt][Tt][Pp]"
_NAME: Final = rf"[^{SPACE}/?#@:\[\]\\]+"
_LITERAL: Final = r"\[[0-9A-Fa-f:.]+\]"
"""An IPv6 address."""
_LOOPBACK: Final = (
    r"(?:[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127(?:\.[0-9]{1,3}){3}|\[::1\])"
)
_PORT_NUMBER: Final = (
    "[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}"
    "|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
)
_PORT: Final = f"(?::0*(?:{_PORT_NUMBER})?)?"
_HOST: Final = f"(?:{_NAME}|{_LITERAL}){_PORT}"
_PATH: Final = rf"/+[^/{SPACE}?#\\][^{SPACE}?#\\]*"

HTTP_URL: Final = (
    rf"{HTTP}[Ss]?://(?:[^{SPACE}/?#\[\]]*@)?{_HOST}(?:[/?#][^{SPACE}]*)?"
)
"""The address of an HTTP server or of a resource on it."""
HTTPS_REPOSITORY: Final = f"{HTTP}[Ss]://{_HOST}{_PATH}"
LOCAL_REPOSITORY: Final = f"{HTTP}://{_LOOPBACK}{_PORT}{_PATH}"
HTTP_REPOSITORY: Final = f"{HTTP}://{_HOST}{_PATH}"
SHORT_REPOSITORY: Final = r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.\.?$)[A-Za-z0-9._-]+"
"""`owner/name`, a repository on GitHub."""


def repository_pattern(*, allow_http: bool) -> str:
    """Return the pattern of a repository's name.

    It accepts `http://` for this machine, and elsewhere with `allow_http`.
    """
    http = LOCAL_REPOSITORY
    if allow_http:
        http = HTTP_REPOSITORY
    return f"(?:{SHORT_REPOSITORY}|{HTTPS_REPOSITORY}|{http})"

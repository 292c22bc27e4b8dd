"""Checks of single values: each returns the fault of a value, or None."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from states.url_patterns import HTTP_URL
from worker.settings.stray_characters import stray_fault

SECRET: Final = "[!-~]+"  # noqa: S105 - a pattern
"""The pattern of a key or token."""
_HEADER: Final = "[ -~]+"
_BUCKET: Final = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_REGION: Final = "(?![0-9]+$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HASHED_NAME: Final = r"[0-9a-f]{8}\.\d+"
"""The file name of a certificate in a folder that `openssl rehash` has prepared."""


def http_fault(url: str) -> str | None:
    """Check the address of an HTTP server."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"it is not a URL ({error})"
    if stray_fault(url) or re.search(r"[\s\ud800-\udfff]", url):
        return "it contains white space, a quotation mark at an end, or an invisible character"
    is_http = parts.scheme in {"http", "https"}
    if not is_http or not host or not re.fullmatch(HTTP_URL, url):
        return "it must be an http:// or https:// URL with a host"
    return None


def discreet_http_fault(url: str) -> str | None:
    """Check the address of an HTTP server without quoting it: it may contain a password."""
    fault = http_fault(url)
    if fault is None:
        return None
    # Python's own message, which quotes the address, follows in parentheses.
    return fault.partition(" (")[0]


def store_fault(url: str) -> str | None:
    """Check the address of a store."""
    fault = stray_fault(url)
    if fault is not None:
        return f"it {fault}"
    parts = urlsplit(url)
    if parts.scheme == "s3" and re.fullmatch(_BUCKET, parts.netloc):
        return _prefix_fault(parts)
    if (
        parts.scheme == "file"
        and not parts.netloc
        and parts.path.startswith("/")
    ):
        return None
    return "it must be s3://bucket/prefix or file:///folder"


def _prefix_fault(url: SplitResult) -> str | None:
    prefix = url.path.strip("/")
    segments = []
    if prefix:
        segments = prefix.split("/")
    if url.query or not {"", ".", ".."}.isdisjoint(segments):
        return "its prefix must not contain empty, `.` or `..` parts, nor a `?`"
    return None


def absolute_fault(path: str) -> str | None:
    """Check that a path is absolute."""
    if path.startswith("/"):
        return None
    return "it must be an absolute path"


def region_fault(region: str) -> str | None:
    """Check the name of a store's region."""
    if re.fullmatch(_REGION, region):
        return None
    return "it must be a region's name, such as fr-par or us-east-1"


def secret_fault(text: str) -> str | None:
    """Check a key or token, without repeating it."""
    if re.fullmatch(SECRET, text):
        return None
    return "it must consist of printable ASCII characters, without white space"


def header_fault(text: str) -> str | None:
    """Check a secret that is sent as an HTTP header, without repeating it."""
    if re.fullmatch(_HEADER, text):
        return None
    return "it must consist of printable ASCII characters"


def certificates_fault(path: str) -> str | None:
    """Check a file of certificates."""
    if Path(path).is_fifo():
        return "it must be a file of certificates, but is a pipe, which can be read only once"
    # Imported here because it takes long to load.
    import ssl  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "it must be a file of certificates in PEM format, but none is readable"
    except OSError as error:
        return f"it must be a file of certificates, but cannot be read ({error.strerror})"
    except ValueError as error:
        return (
            f"it must be a file of certificates, but cannot be read ({error})"
        )
    return None


def folder_fault(path: str) -> str | None:
    """Check a folder of certificates, or several that are separated by colons."""
    paths = map(Path, path.split(":"))
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        return "it must be a folder of certificates, but does not exist"
    for folder in folders:
        if _holds_certificates(folder):
            return None
    return (
        "it must be a folder of certificates named by their hashes (see `openssl rehash`), "
        "but contains none"
    )


def _holds_certificates(folder: Path) -> bool:
    return any(
        re.fullmatch(_HASHED_NAME, file.name) for file in folder.iterdir()
    )

"""The proxy to a server, read from the environment as httpx and curl read it."""

import re
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from worker.settings.checks import discreet_http_fault
from worker.settings.reader import EnvironmentReader, Secret

_PORTS: Final = {"http": 80, "https": 443}
_SOCKS: Final = re.compile("^socks[45]?[ah]?://", re.IGNORECASE)


def read_proxy(
    reader: EnvironmentReader, url: str, url_name: str
) -> Secret | None:
    """Return the proxy to a server; the variable `url_name` holds the server's URL.

    The certificates for the server or the proxy are checked as well.
    """
    proxy = _proxy(reader, url, url_name, _variables(url))
    needs_certificates = _is_https(url)
    if proxy is not None and _is_https(proxy.reveal()):
        needs_certificates = True
    if needs_certificates:
        reader.certificates("SSL_CERT_FILE")
        if not reader.text("SSL_CERT_FILE"):
            reader.certificates("SSL_CERT_DIR", folder=True)
    return proxy


def check_store_proxy(reader: EnvironmentReader, url: str) -> None:
    """Check the proxy to a store, which its client reads from the environment."""
    scheme = urlsplit(url).scheme
    _proxy(reader, url, "the store", _of_scheme(scheme))


def check_git_proxy(reader: EnvironmentReader, url: str) -> None:
    """Check the proxy to a git host, which git reads from the environment; SOCKS is allowed."""
    _proxy(reader, url, "the repository", _variables(url), _git_proxy_fault)


def _is_https(address: str) -> bool:
    return address.lower().startswith("https:")


def _proxy(
    reader: EnvironmentReader,
    url: str,
    url_name: str,
    variables: list[str],
    check: Callable[[str], str | None] | None = None,
) -> Secret | None:
    exceptions = reader.text("no_proxy") or reader.text("NO_PROXY")
    if exceptions is not None and _is_excepted(url, exceptions):
        return None
    for name in variables:
        address = reader.text(name)
        if address is None:
            continue
        if "://" not in address:
            address = f"http://{address}"
        fault = (check or _proxy_fault)(address)
        if fault is not None:
            reader.malformed(
                name,
                f"{fault}. Set it to an http:// or https:// proxy, "
                f"or name the host of {url_name} in NO_PROXY",
            )
        return Secret(address)
    return None


def _proxy_fault(address: str) -> str | None:
    if address.lower().startswith("socks"):
        return "SOCKS is not supported"
    return discreet_http_fault(address)


def _git_proxy_fault(address: str) -> str | None:
    return discreet_http_fault(_SOCKS.sub("http://", address))


def _variables(url: str) -> list[str]:
    """Return the variables that may name the proxy to a server; the first that is set counts."""
    scheme = urlsplit(url).scheme
    return [*_of_scheme(scheme), *_of_scheme("all")]


def _of_scheme(scheme: str) -> list[str]:
    name = f"{scheme}_proxy"
    return [name, name.upper()]


def _is_excepted(url: str, exceptions: str) -> bool:
    """Whether NO_PROXY names a server, its domain, its network, or everything (`*`)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or _PORTS[parts.scheme]
    entries = re.split(r"[\s,]+", exceptions.lower())
    return any(_covers(entry, host, port) for entry in entries)


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(entry, strict=False)
    name = entry.removesuffix(f":{port}")
    name = name.strip("[]").lstrip("*.")
    if not name:
        return False
    if host == name:
        return True
    return host.endswith(f".{name}")

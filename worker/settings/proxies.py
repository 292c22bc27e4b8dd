"""The proxy to a server, read from the environment as httpx and curl read it."""

import re
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from worker.settings.checks import discreet_http_fault
from worker.settings.reader import EnvironmentReader, Secret

_PORTS: Final = {"http": 80, "https": 443}


def read_proxy(
    reader: EnvironmentReader, url: str, url_name: str
) -> Secret | None:
    """Return the proxy to a server; the variable `url_name` holds the server's URL.

    The certificates for the server or the proxy are checked as well.
    """
    proxy = _proxy(reader, url, url_name)
    needs_certificates = _is_https(url)
    if proxy is not None and _is_https(proxy.reveal()):
        needs_certificates = True
    if needs_certificates:
        reader.certificates("SSL_CERT_FILE")
        if not reader.text("SSL_CERT_FILE"):
            reader.certificates("SSL_CERT_DIR", folder=True)
    return proxy


def _is_https(address: str) -> bool:
    return address.lower().startswith("https:")


def _proxy(reader: EnvironmentReader, url: str, url_name: str) -> Secret | None:
    exceptions = reader.text("no_proxy") or reader.text("NO_PROXY")
    if exceptions is not None and _is_excepted(url, exceptions):
        return None
    for name in _variables(url):
        address = reader.text(name)
        if address is None:
            continue
        if "://" not in address:
            address = f"http://{address}"
        _check_proxy(reader, name, address, url_name)
        return Secret(address)
    return None


def _check_proxy(
    reader: EnvironmentReader, name: str, address: str, url_name: str
) -> None:
    fault = _proxy_fault(address)
    if fault is not None:
        reader.malformed(
            name,
            f"{fault}. Set it to an http:// or https:// proxy, "
            f"or name the host of {url_name} in NO_PROXY",
        )


def _proxy_fault(address: str) -> str | None:
    if address.lower().startswith("socks"):
        return "SOCKS is not supported"
    return discreet_http_fault(address)


def _variables(url: str) -> list[str]:
    """Return the variables that may name the proxy to a server; the first that is set counts."""
    scheme = urlsplit(url).scheme
    names = []
    for name in (f"{scheme}_proxy", "all_proxy"):
        names += [name, name.upper()]
    return names


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

"""Settings of the web app's webhook."""

import base64
from dataclasses import dataclass, field
from typing import Final

from worker.settings.checks import discreet_http_fault, header_fault
from worker.settings.proxies import read_proxy
from worker.settings.reader import EnvironmentReader, Secret

_PREFIX: Final = "whsec_"
_MIN_KEY_BYTES: Final = 24
_MAX_KEY_BYTES: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackSettings:
    """Where a job's events go."""

    url: str = field(repr=False)
    token: Secret
    signing_key: Secret | None
    """For Standard Webhooks: the key itself in base64, without `whsec_`."""
    proxy: Secret | None = None
    """The address of the proxy to the webhook: it may contain a password."""
    with_usage: bool = False
    """Whether events report the usage of the job's paid calls."""


def read_callback(reader: EnvironmentReader) -> CallbackSettings | None:
    """Read the webhook's settings; None if a job's events are not sent."""
    url = reader.text("CALLBACK_URL")
    token = reader.secret("CALLBACK_TOKEN")
    if token is not None:
        reader.malformed("CALLBACK_TOKEN", header_fault(token.reveal()))
    signing_key = _signing_key(reader)
    if url is None:
        return None
    fault = discreet_http_fault(url)
    reader.malformed("CALLBACK_URL", fault)
    if token is None:
        reader.faults.append(
            "CALLBACK_TOKEN is missing: set it to the token that the webhook expects"
        )
    if token is None or fault is not None:
        return None
    proxy = read_proxy(reader, url, "CALLBACK_URL")
    return CallbackSettings(
        url=url,
        token=token,
        signing_key=signing_key,
        proxy=proxy,
        with_usage=reader.flag("CALLBACK_USAGE"),
    )


def _signing_key(reader: EnvironmentReader) -> Secret | None:
    secret = reader.secret("CALLBACK_SIGNING_SECRET")
    if secret is None:
        return None
    text = secret.reveal()
    encoded = text.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if (
        text.startswith(_PREFIX)
        and _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES
    ):
        return Secret(encoded)
    reader.malformed(
        "CALLBACK_SIGNING_SECRET",
        f"it must be {_PREFIX} and {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES} bytes in base64",
    )
    return None

"""How to reach the platform, from the variables that Scaleway's own SDK reads."""

import re
from dataclasses import dataclass
from typing import Final

from worker.settings.checks import http_fault
from worker.settings.proxies import read_proxy
from worker.settings.reader import EnvironmentReader, Secret

DEFAULT_URL: Final = "https://api.scaleway.com"
DEFAULT_REGION: Final = "fr-par"
DEFAULT_DEFINITION: Final = "fondation-worker"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformSettings:
    """The API's address, the key, and our job definition."""

    api_url: str
    secret_key: Secret
    region: str
    project_id: str | None
    """Needed to find a definition by its name."""
    definition: str
    """A name or an id."""
    proxy: Secret | None = None
    """The address of the proxy to the API; it may contain a password."""


def read_platform(
    reader: EnvironmentReader, definition: str | None
) -> PlatformSettings:
    """Read the settings; `definition` overrides its variable. Callers call `reader.finish()`."""
    reader.required(
        "SCW_SECRET_KEY",
        "the secret of an API key that may use Serverless Jobs",
    )
    project = reader.text("SCW_DEFAULT_PROJECT_ID")
    if project:
        reader.checked("SCW_DEFAULT_PROJECT_ID", project, _project_fault)
    region = reader.text("SCW_DEFAULT_REGION", DEFAULT_REGION) or ""
    url = reader.text("SCW_API_URL", DEFAULT_URL) or ""
    name = reader.text("SCW_JOB_DEFINITION", DEFAULT_DEFINITION) or ""
    api_url = reader.checked("SCW_API_URL", url, http_fault)
    secret_key = reader.credential("SCW_SECRET_KEY")
    region = reader.checked("SCW_DEFAULT_REGION", region, _region_fault)
    proxy = None
    if not http_fault(url):
        proxy = read_proxy(reader, url, "SCW_API_URL")
    return PlatformSettings(
        api_url=api_url.rstrip("/"),
        secret_key=secret_key or Secret(""),
        region=region,
        project_id=project,
        definition=definition or name,
        proxy=proxy,
    )


def is_uuid(text: str) -> bool:
    """Whether a text has the form of the platform's ids."""
    return _UUID.fullmatch(text.lower()) is not None


def _region_fault(region: str) -> str | None:
    if re.fullmatch(r"[a-z]{2}-[a-z]{3}", region):
        return None
    return "it must be a region such as fr-par, nl-ams or pl-waw"


def _project_fault(project: str) -> str | None:
    if is_uuid(project):
        return None
    return "it must be the project's id, a UUID"

"""How the platform is reached, by the names that Scaleway's own SDK reads."""

import re
from dataclasses import dataclass
from typing import Final

from worker.settings.settings import EnvironmentReader, Secret, http_fault, read_proxy

DEFAULT_URL: Final = "https://api.scaleway.com"
DEFAULT_REGION: Final = "fr-par"
DEFAULT_DEFINITION: Final = "fondation-worker"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformSettings:
    """Where the API is, who asks, and which job definition is ours."""

    api_url: str
    secret_key: Secret
    region: str
    project_id: str | None
    """Needed wherever a definition is looked for by its name."""
    definition: str
    """A name or an id."""
    proxy: Secret | None = None
    """The address of the proxy on the way to the API: it may hold a password."""


def read_platform(
    reader: EnvironmentReader, definition: str | None
) -> PlatformSettings:
    """Read them; `definition` overrides the variable, and the caller calls `reader.finish()`."""
    reader.required(
        "SCW_SECRET_KEY", "the secret of an API key that may use Serverless Jobs"
    )
    project = reader.text("SCW_DEFAULT_PROJECT_ID")
    url = reader.text("SCW_API_URL", DEFAULT_URL) or ""
    return PlatformSettings(
        api_url=reader.checked("SCW_API_URL", url, http_fault).rstrip("/"),
        secret_key=reader.credential("SCW_SECRET_KEY") or Secret(""),
        region=reader.checked(
            "SCW_DEFAULT_REGION",
            reader.text("SCW_DEFAULT_REGION", DEFAULT_REGION) or "",
            _region_fault,
        ),
        project_id=reader.checked("SCW_DEFAULT_PROJECT_ID", project, _project_fault)
        if project
        else None,
        definition=definition
        or reader.text("SCW_JOB_DEFINITION", DEFAULT_DEFINITION)
        or "",
        proxy=None if http_fault(url) else read_proxy(reader, url, "SCW_API_URL"),
    )


def is_uuid(text: str) -> bool:
    """Tell whether a text is an id as the platform has them."""
    return (
        re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower())
        is not None
    )


def _region_fault(region: str) -> str | None:
    return (
        None
        if re.fullmatch(r"[a-z]{2}-[a-z]{3}", region)
        else "it must be a region, as fr-par, nl-ams or pl-waw"
    )


def _project_fault(project: str) -> str | None:
    return None if is_uuid(project) else "it must be the project's id, a UUID"

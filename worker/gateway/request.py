"""What `POST /analyze` asks for, checked as the command line checks it: all that is wrong is said at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from states.manifest import Identity
from worker.job_request import (
    CALLBACK_TOKEN_MEANING,
    CALLBACK_URL_MEANING,
    DEFAULT_BRANCH,
    JOB_ID_MEANING,
    REPOSITORY_MEANING,
    Field,
    field_fault,
)
from worker.settings.settings import Secret, http_fault
from worker.settings.text_faults import secret_fault, surplus_fault

_REQUIRED: Final = {
    "jobId": JOB_ID_MEANING,
    "repositoryUrl": REPOSITORY_MEANING,
    "callbackUrl": CALLBACK_URL_MEANING,
    "callbackToken": CALLBACK_TOKEN_MEANING,
}
_FIELDS: Final = (*_REQUIRED, "branch", "githubToken")
_JOB_FIELDS: Final = {
    "jobId": Field.JOB_ID,
    "repositoryUrl": Field.REPOSITORY,
    "branch": Field.BRANCH,
}


class FaultyRequestError(Exception):
    """A request cannot be taken; `fields` says what is wrong, by their names."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Remember what is wrong; no value of a secret is in it."""
        super().__init__(f"missing or wrong: {', '.join(fields)}")
        self.fields = dict(fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A job that is asked for, and where it reports to."""

    identity: Identity
    callback_url: str = field(repr=False)
    callback_token: Secret
    github_token: Secret | None

    @property
    def variables(self) -> dict[str, str]:
        """What a run of it gets by its environment."""
        token = (
            {"GITHUB_TOKEN": self.github_token.reveal()} if self.github_token else {}
        )
        return {
            "JOB_ID": self.identity.job_id,
            "REPOSITORY_URL": self.identity.repository,
            "BRANCH": self.identity.branch,
            "CALLBACK_URL": self.callback_url,
            "CALLBACK_TOKEN": self.callback_token.reveal(),
            **token,
        }

    @property
    def document(self) -> dict[str, Any]:
        """The request as it was sent: for a place that only its owner can read."""
        token = {"githubToken": self.github_token.reveal()} if self.github_token else {}
        return {
            "jobId": self.identity.job_id,
            "repositoryUrl": self.identity.repository,
            "branch": self.identity.branch,
            "callbackUrl": self.callback_url,
            "callbackToken": self.callback_token.reveal(),
            **token,
        }


def read_request(document: Any, *, allow_http: bool) -> Request:  # noqa: ANN401 - any value of JSON
    """Read a request, or raise FaultyRequestError; unknown fields are ignored."""
    if not isinstance(document, dict):
        raise FaultyRequestError({"body": "it must be a JSON object"})
    faults: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name in _FIELDS:
        value = document.get(name)
        fault = _fault(name, value, allow_http=allow_http)
        if fault is not None:
            faults[name] = fault
        elif value:
            texts[name] = value
    if faults:
        raise FaultyRequestError(faults)
    token = texts.get("githubToken")
    identity = Identity(
        job_id=texts["jobId"],
        repository=texts["repositoryUrl"],
        branch=texts.get("branch", DEFAULT_BRANCH),
    )
    return Request(
        identity=identity,
        callback_url=texts["callbackUrl"],
        callback_token=Secret(texts["callbackToken"]),
        github_token=Secret(token) if token else None,
    )


def _fault(name: str, value: object, *, allow_http: bool) -> str | None:
    """Return what is wrong with a field, without repeating it: any field may hold a secret."""
    if value is None or value == "":
        return (
            f"it is missing: set it to {_REQUIRED[name]}" if name in _REQUIRED else None
        )
    if not isinstance(value, str):
        return "it must be a string"
    if not _is_encodable(value):
        return "it contains half of a surrogate pair"
    surplus = surplus_fault(value)
    if surplus is not None:
        return f"it {surplus}"
    fault = _checked(name, value, allow_http=allow_http)
    if fault is None:
        return None
    return fault.partition(" (")[0]  # Python's reasons quote the value


def _checked(name: str, value: str, *, allow_http: bool) -> str | None:
    field = _JOB_FIELDS.get(name)
    if field is not None:
        fault = field_fault(field, value, allow_http=allow_http)
        return fault and fault.replace("GITHUB_TOKEN", "githubToken")
    if name == "callbackUrl":
        return http_fault(value)
    return secret_fault(value)


def _is_encodable(text: str) -> bool:
    """Tell whether an environment can hold a text; JSON can spell half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

"""The request of `POST /analyze`, checked as on the command line; all faults are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from states.codec import JsonObject
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
from worker.settings.checks import http_fault, secret_fault
from worker.settings.reader import Secret
from worker.settings.stray_characters import stray_fault

_REQUIRED: Final = {
    "jobId": JOB_ID_MEANING,
    "repositoryUrl": REPOSITORY_MEANING,
    "callbackUrl": CALLBACK_URL_MEANING,
    "callbackToken": CALLBACK_TOKEN_MEANING,
}
_FIELDS: Final = (*_REQUIRED, "branch", "githubToken", "updateFrom")
_JOB_FIELDS: Final = {
    "jobId": Field.JOB_ID,
    "repositoryUrl": Field.REPOSITORY,
    "branch": Field.BRANCH,
    "updateFrom": Field.UPDATE_FROM,
}


class FaultyRequestError(Exception):
    """A request is not valid; `fields` has the fault of each field, by name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Take the faults, which must not contain secrets."""
        super().__init__(f"missing or wrong: {', '.join(fields)}")
        self.fields = dict(fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A requested job, and its webhook."""

    identity: Identity
    callback_url: str = field(repr=False)
    callback_token: Secret
    github_token: Secret | None
    update_from: str | None = None
    """The earlier job whose course a new job updates."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of its runs."""
        variables = {
            "JOB_ID": self.identity.job_id,
            "REPOSITORY_URL": self.identity.repository,
            "BRANCH": self.identity.branch,
            "CALLBACK_URL": self.callback_url,
            "CALLBACK_TOKEN": self.callback_token.reveal(),
        }
        if self.github_token:
            variables["GITHUB_TOKEN"] = self.github_token.reveal()
        if self.update_from:
            variables["UPDATE_FROM"] = self.update_from
        return variables

    @property
    def document(self) -> JsonObject:
        """The request as it was sent, with its tokens."""
        document = {
            "jobId": self.identity.job_id,
            "repositoryUrl": self.identity.repository,
            "branch": self.identity.branch,
            "callbackUrl": self.callback_url,
            "callbackToken": self.callback_token.reveal(),
        }
        if self.github_token:
            document["githubToken"] = self.github_token.reveal()
        if self.update_from:
            document["updateFrom"] = self.update_from
        return document


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
    return _request(texts)


def _request(texts: Mapping[str, str]) -> Request:
    identity = Identity(
        job_id=texts["jobId"],
        repository=texts["repositoryUrl"],
        branch=texts.get("branch", DEFAULT_BRANCH),
    )
    token = texts.get("githubToken")
    github_token = None
    if token:
        github_token = Secret(token)
    return Request(
        identity=identity,
        callback_url=texts["callbackUrl"],
        callback_token=Secret(texts["callbackToken"]),
        github_token=github_token,
        update_from=texts.get("updateFrom"),
    )


def _fault(name: str, value: object, *, allow_http: bool) -> str | None:
    """Return the fault of a field, without its value, which may be a secret."""
    if value is None or value == "":
        if name not in _REQUIRED:
            return None
        return f"it is missing: set it to {_REQUIRED[name]}"
    if not isinstance(value, str):
        return "it must be a string"
    if not _is_encodable(value):
        return "it contains half of a surrogate pair"
    fault = _checked(name, value, allow_http=allow_http)
    # Python's reasons, in parentheses, quote the value.
    return fault and fault.partition(" (")[0]


def _checked(name: str, value: str, *, allow_http: bool) -> str | None:
    stray = stray_fault(value)
    if stray is not None:
        return f"it {stray}"
    field = _JOB_FIELDS.get(name)
    if field is not None:
        fault = field_fault(field, value, allow_http=allow_http)
        return fault and fault.replace("GITHUB_TOKEN", "githubToken")
    if name == "callbackUrl":
        return http_fault(value)
    return secret_fault(value)


def _is_encodable(text: str) -> bool:
    """Whether a text can be encoded; JSON can contain half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

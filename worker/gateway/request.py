"""What `POST /analyze` asks for, checked as the command line checks it: all that is wrong is said at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from states.manifest import Identity
from states.repository_url import branch_fault, normal_form, repository_fault
from worker.job_request import DEFAULT_BRANCH, job_id_fault
from worker.settings.settings import Secret, http_fault
from worker.settings.text_faults import secret_fault, surplus_fault

_REQUIRED: Final = {
    "jobId": "the job's name",
    "repositoryUrl": "the repository, as https://host/path or owner/name",
    "callbackUrl": "the address of the web app's webhook",
    "callbackToken": "the token that the webhook expects",
}
_OPTIONAL: Final = ("branch", "githubToken")


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
    """Read a request; raise FaultyRequestError. Fields that nobody knows are passed over."""
    if not isinstance(document, dict):
        raise FaultyRequestError({"body": "it must be a JSON object"})
    known = {name: document.get(name) for name in (*_REQUIRED, *_OPTIONAL)}
    given = {
        name: value
        for name, value in known.items()
        if value is not None and value != ""
    }
    faults = {
        name: f"it is missing: set it to {what}"
        for name, what in _REQUIRED.items()
        if name not in given
    }
    faults |= {
        name: "it must be a text"
        for name, value in given.items()
        if not isinstance(value, str)
    }
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    faults |= dict(_faults(texts, allow_http=allow_http))
    faults |= {
        name: "it holds half of a character"
        for name, value in texts.items()
        if not _is_whole(value)
    }
    if faults:
        raise FaultyRequestError(faults)
    token = texts.get("githubToken")
    return Request(
        identity=Identity(
            job_id=texts["jobId"],
            repository=texts["repositoryUrl"],
            branch=texts.get("branch", DEFAULT_BRANCH),
        ),
        callback_url=texts["callbackUrl"],
        callback_token=Secret(texts["callbackToken"]),
        github_token=Secret(token) if token else None,
    )


def same_job(one: Identity, other: Identity) -> bool:
    """Tell whether two identities of one name are about the same."""
    return (
        normal_form(one.repository) == normal_form(other.repository)
        and one.branch == other.branch
    )


def _faults(texts: Mapping[str, str], *, allow_http: bool) -> list[tuple[str, str]]:
    """Say what is wrong with each, without repeating it: any of them may hold a secret."""

    def repository(text: str) -> str | None:
        fault = repository_fault(text, allow_http=allow_http)
        return fault and fault.replace("GITHUB_TOKEN", "githubToken")

    checks: dict[str, Callable[[str], str | None]] = {
        "jobId": job_id_fault,
        "repositoryUrl": repository,
        "branch": branch_fault,
        "callbackUrl": http_fault,
        "callbackToken": secret_fault,
        "githubToken": secret_fault,
    }
    found: list[tuple[str, str]] = []
    for name, text in texts.items():
        surplus = surplus_fault(text)
        fault = f"it {surplus}" if surplus else checks[name](text)
        if fault is not None:
            found.append((name, fault.partition(" (")[0]))  # Python's reasons quote
    return found


def _is_whole(text: str) -> bool:
    """Tell whether a text can be written down: JSON can spell one half of a surrogate pair, an environment cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

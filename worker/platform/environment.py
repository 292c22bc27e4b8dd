"""What a run of a job finds in its environment, and what the platform takes as a variable or a secret."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from states.manifest import Identity
from worker.platform.port import JobDefinition, SecretReference

CARRIED: Final = ("CALLBACK_URL", "CALLBACK_TOKEN", "GITHUB_TOKEN")
"""What a run gets besides its job: where to report, and how to reach the repository."""
MAX_VALUE: Final = 1000
"""Longer values, in characters, are warned about, not refused: the platform does not document its limit for jobs."""
MAX_SECRETS: Final = 20
"""References that a definition may have."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_SECRET_NAME: Final = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)*")
_SECRETIVE: Final = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|CALLBACK_URL", re.IGNORECASE
)
_PLACEHOLDERS: Final = {
    "STORE_URL": "file:///unknown",
    "CALLBACK_URL": "https://unknown.invalid",
    **dict.fromkeys(
        (
            "CALLBACK_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "SCW_ACCESS_KEY",
            "SCW_SECRET_KEY",
        ),
        "unknown",
    ),
}
"""What stands for a secret that a run cannot do without, where only its name is known."""


def job_environment(identity: Identity, *sources: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a run of a job.

    Of those that are carried over, a later source overrides an earlier.
    """
    carried = {
        name: source[name] for source in sources for name in CARRIED if source.get(name)
    }
    job = {
        "JOB_ID": identity.job_id,
        "REPOSITORY_URL": identity.repository,
        "BRANCH": identity.branch,
    }
    return {**job, **carried}


def run_environment(
    definition: JobDefinition,
    secrets: Iterable[SecretReference],
    variables: Mapping[str, str],
) -> dict[str, str]:
    """Return what a run will see, as far as it can be known: a secret's value cannot, so something stands for it."""
    known = {
        one.variable: _PLACEHOLDERS[one.variable]
        for one in secrets
        if one.variable in _PLACEHOLDERS
    }
    injected = {"SCW_SLS_RESOURCE_ID": "unknown", "SCW_SLS_PARENT_ID": definition.id}
    return {**definition.environment, **known, **variables, **injected}


def variable_fault(name: str) -> str | None:
    """Say what is wrong with the name of a variable, or return None."""
    if name.upper().startswith("SCW_SLS"):
        return "names that begin with SCW_SLS are the platform's own"
    return (
        None
        if _NAME.fullmatch(name)
        else "it must be letters, digits and _, 100 at most, and not begin with a digit"
    )


def secret_fault(name: str) -> str | None:
    """Say what is wrong with a variable that is to hold a secret, or return None."""
    words = "words of A-Z and 0-9 with single _ between them, which is all that the platform takes for a secret"
    return variable_fault(name) or (
        None if _SECRET_NAME.fullmatch(name) else f"it must be {words}"
    )


def is_secretive(name: str) -> bool:
    """Tell whether a variable of that name may hold something that is not to be shown."""
    return _SECRETIVE.search(name) is not None


def doubts(variables: Mapping[str, str]) -> list[str]:
    """Return what may go wrong with variables, a line each; never their values."""
    long = [name for name, value in variables.items() if len(value) > MAX_VALUE]
    broken = [name for name, value in variables.items() if "\n" in value]
    return [
        *(
            f"{name} is longer than {MAX_VALUE} characters: the platform may not take it"
            for name in long
        ),
        *(
            f"{name} has several lines: the platform may not pass it on as it is"
            for name in broken
        ),
    ]

"""The environment of a platform run, and what the platform accepts in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from states.manifest import Identity
from worker.platform.port import JobDefinition, SecretReference
from worker.system.environment import Environment

CARRIED: Final = (
    "CALLBACK_URL",
    "CALLBACK_TOKEN",
    "GITHUB_TOKEN",
    "UPDATE_FROM",
)
"""What a run gets besides its job: callback, access to the repository, and the earlier job to
update.
"""
MAX_VALUE: Final = 1000
"""In characters. Longer values cause a warning only: the platform documents no limit for jobs."""
MAX_SECRETS: Final = 20
"""How many references a definition may have."""

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
"""Placeholders for required secrets, of which only the names are known."""


def job_environment(
    identity: Identity, *sources: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of a job's run.

    Of the variables that are carried over, later sources override earlier ones.
    """
    environment = {
        "JOB_ID": identity.job_id,
        "REPOSITORY_URL": identity.repository,
        "BRANCH": identity.branch,
    }
    for source in sources:
        for name in CARRIED:
            if source.get(name):
                environment[name] = source[name]
    return environment


def run_environment(
    definition: JobDefinition,
    secrets: Iterable[SecretReference],
    variables: Environment,
) -> dict[str, str]:
    """Return the environment that a run will have, with placeholders for secrets."""
    placeholders = {}
    for reference in secrets:
        if reference.variable in _PLACEHOLDERS:
            placeholders[reference.variable] = _PLACEHOLDERS[reference.variable]
    injected = {
        "SCW_SLS_RESOURCE_ID": "unknown",
        "SCW_SLS_PARENT_ID": definition.id,
    }
    return {**definition.environment, **placeholders, **variables, **injected}


def variable_fault(name: str) -> str | None:
    """Return the fault of a variable's name, or None."""
    if name.upper().startswith("SCW_SLS"):
        return "names that begin with SCW_SLS are reserved for the platform"
    if _NAME.fullmatch(name):
        return None
    return "it must be at most 100 letters, digits and _, and not begin with a digit"


def secret_fault(name: str) -> str | None:
    """Return the fault of the name of a variable for a secret, or None."""
    fault = variable_fault(name)
    if fault is not None or _SECRET_NAME.fullmatch(name):
        return fault
    return (
        "it must be words of A-Z and 0-9 with single _ between them: "
        "the platform accepts nothing else for a secret"
    )


def is_secretive(name: str) -> bool:
    """Whether a variable of this name may contain a secret."""
    return _SECRETIVE.search(name) is not None


def doubts(variables: Environment) -> list[str]:
    """Return warnings about variables, one line each, without their values."""
    warnings = []
    for name, value in variables.items():
        if len(value) > MAX_VALUE:
            warnings.append(
                f"{name} is longer than {MAX_VALUE} characters: the platform may reject it"
            )
        if "\n" in value:
            warnings.append(
                f"{name} has several lines: the platform may change it"
            )
    return warnings

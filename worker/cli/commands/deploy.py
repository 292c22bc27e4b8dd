"""`deploy`: creates the platform's job definition, or brings it up to date."""

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from worker.cli import duration
from worker.cli.output import Output, warn
from worker.errors import ConfigError, UsageError
from worker.platform.definition_plan import (
    LATEST,
    DefinitionPlan,
    DesiredDefinition,
    DesiredSecret,
    Difference,
    plan,
)
from worker.platform.environment import (
    doubts,
    is_secretive,
    secret_fault,
    variable_fault,
)
from worker.platform.idempotent import once
from worker.platform.port import JobDefinition, Platform, SecretReference, Shape
from worker.platform.settings import PlatformSettings, is_uuid
from worker.services.deployment import find_definition, platform_settings
from worker.system.runtime import Runtime, SystemRuntime
from worker.wiring import open_platform

LIMITS: Final = {
    "cpu": (1, 6000),
    "memory": (1, 16384),
    "disk": (1, 10240),
    "retries": (0, 5),
}
"""The least and the most that the platform gives a job: thousandths of a CPU, MiB, MiB, and tries after the first."""
MAX_TIMEOUT: Final = 24 * 3600


def deploy(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Say what is not as it should be with the definition, and mend it."""
    wish = _wish(arguments)
    settings = platform_settings(arguments.definition, environment)
    runtime = SystemRuntime()
    platform = open_platform(settings, runtime)
    definition = find_definition(platform, settings)
    if definition is None and is_uuid(settings.definition):
        raise ConfigError(
            f"there is no job definition {settings.definition} in this project: give a name to create one"
        )
    references = platform.secrets(definition.id) if definition else []
    steps = plan(definition, references, wish)
    warn(_warnings(wish))
    made = definition
    writes = bool(steps.differences) and not arguments.dry_run
    if writes:
        made = _Deploying(platform, runtime, settings).carry_out(steps, definition)
        warn(_left(made, steps))
    document = {
        "definitionId": made.id if made else None,
        "name": made.name if made else settings.definition,
        "created": writes and definition is None,
        "changed": writes,
        "differences": [
            {"what": one.what, "before": one.before, "after": one.after}
            for one in steps.differences
        ],
    }
    lines = [
        _headline(document, new=definition is None),
        *(_line(one) for one in steps.differences),
    ]
    return Output(document=document, lines=lines)


def _wish(arguments: Namespace) -> DesiredDefinition:
    faults: list[str] = []
    for name, (low, high) in LIMITS.items():
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            faults.append(f"--{name} is {value}: it must be from {low} to {high}")
    timeout = (
        None
        if arguments.timeout is None
        else duration.parse(arguments.timeout, "--timeout")
    )
    if timeout is not None and not 0 < timeout <= MAX_TIMEOUT:
        faults.append(f"--timeout is {arguments.timeout!r}: a run may take 1s to 24h")
    variables = _pairs(arguments.env, "--env", variable_fault, faults)
    secrets = _pairs(arguments.secret, "--secret", secret_fault, faults)
    wishes = {
        name: _secret_wish(name, value, faults) for name, value in secrets.items()
    }
    faults += [
        f"{name} is given both by --env and by --secret"
        for name in variables.keys() & secrets.keys()
    ]
    if faults:
        raise UsageError("\n".join(faults))
    shape = Shape(
        image=arguments.image,
        cpu=arguments.cpu,
        memory=arguments.memory,
        disk=arguments.disk,
        timeout=timeout,
        retries=arguments.retries,
        environment=variables,
    )
    return DesiredDefinition(shape=shape, secrets=wishes)


def _pairs(
    given: Iterable[str],
    option: str,
    check: Callable[[str], str | None],
    faults: list[str],
) -> dict[str, str]:
    """Split `NAME=VALUE`s; what is wrong with them is added to `faults`, and never holds a value."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            faults.append(f"{option} must be NAME=VALUE: one of them holds no `=`")
        elif fault := check(name):
            faults.append(f"{option} {name!r}: {fault}")
        elif name in found:
            faults.append(f"{option} {name} is given twice")
        found[name] = value
    return found


def _secret_wish(name: str, text: str, faults: list[str]) -> DesiredSecret:
    secret, colon, version = text.partition(":")
    if not is_uuid(secret) or not re.fullmatch(r"|:([0-9]+|[a-z_]+)", colon + version):
        # What stands there may be the secret itself, so it is not repeated.
        faults.append(
            f"--secret {name}: it must be {name}=ID or {name}=ID:VERSION, ID that of a secret in Secret Manager"
        )
    return DesiredSecret(secret=secret.lower(), version=version or None)


class _Deploying:
    """The steps of a plan, each of which may be repeated when an answer was lost."""

    def __init__(
        self, platform: Platform, runtime: Runtime, settings: PlatformSettings
    ) -> None:
        self._platform = platform
        self._runtime = runtime
        self._settings = settings

    def carry_out(
        self, steps: DefinitionPlan, definition: JobDefinition | None
    ) -> JobDefinition:
        """Do what is planned; return the definition as the platform has it then."""
        platform = self._platform
        if definition is None:
            definition = once(
                self._runtime,
                lambda: platform.create(self._settings.definition, steps.shape),
                lambda: find_definition(platform, self._settings),
            )
        else:
            for reference in steps.removed:
                platform.remove_secret(reference.id)
            if steps.shape != Shape():
                definition = platform.update(definition.id, steps.shape)
        for reference_id, version in steps.changed.items():
            platform.change_secret(reference_id, version=version)
        for variable, wish in steps.added.items():
            self._add(definition.id, variable, wish)
        return definition

    def _add(self, definition_id: str, variable: str, wish: DesiredSecret) -> None:
        def act() -> object:
            version = wish.version or LATEST
            self._platform.add_secret(
                definition_id, variable=variable, secret=wish.secret, version=version
            )
            return wish

        def look() -> SecretReference | None:
            held = self._platform.secrets(definition_id)
            return next((one for one in held if one.variable == variable), None)

        once(self._runtime, act, look)


def _warnings(wish: DesiredDefinition) -> list[str]:
    variables = wish.shape.environment or {}
    open_secrets = [
        name
        for name in variables
        if is_secretive(name) and not name.endswith(("_URL", "_ID"))
    ]
    return [
        *(
            f"{name} is readable by everybody who may see the definition: keep it in Secret Manager, and give its id "
            f"by `--secret {name}=ID`"
            for name in open_secrets
        ),
        *doubts(variables),
    ]


def _left(made: JobDefinition, steps: DefinitionPlan) -> list[str]:
    """Name the variables that the platform has kept although they were to go."""
    gone = [
        one.what.removeprefix("env ")
        for one in steps.differences
        if one.what.startswith("env ") and one.after is None
    ]
    return [
        f"the platform has kept the variable {name}: remove it in its console"
        for name in gone
        if name in made.environment
    ]


def _headline(document: Mapping[str, object], *, new: bool) -> str:
    which = f"job definition {document['name']}" + (
        f" ({document['definitionId']})" if document["definitionId"] else ""
    )
    if not document["differences"]:
        return f"{which}: nothing to change"
    verb = "create" if new else "change"
    return f"{verb}d {which}:" if document["changed"] else f"would {verb} {which}:"


def _line(one: Difference) -> str:
    shown = ["none" if value is None else value for value in (one.before, one.after)]
    return f"  {one.what}: {shown[0]} -> {shown[1]}"

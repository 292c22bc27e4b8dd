"""`deploy`: creates or updates the platform's job definition."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from states.codec import JsonObject
from worker.cli import duration
from worker.cli.options import DeployOptions
from worker.cli.output import Output, warn
from worker.errors import ConfigError, UsageError
from worker.platform.definition_plan import (
    LATEST,
    DefinitionPlan,
    DesiredDefinition,
    DesiredSecret,
    FieldChange,
    plan,
)
from worker.platform.environment import (
    doubts,
    is_secretive,
    secret_fault,
    variable_fault,
)
from worker.platform.idempotent import once
from worker.platform.port import (
    DefinitionFields,
    JobDefinition,
    Platform,
    SecretReference,
)
from worker.platform.settings import PlatformSettings, is_uuid
from worker.services.deployment import find_definition, platform_settings
from worker.system.environment import Environment
from worker.system.runtime import Runtime, SystemRuntime
from worker.wiring import open_platform

CPU_RANGE: Final = (1, 6000)
"""In thousandths of a CPU; all ranges are the platform's."""
MEMORY_RANGE: Final = (1, 16384)
"""In MiB."""
DISK_RANGE: Final = (1, 10240)
"""In MiB."""
RETRIES_RANGE: Final = (0, 5)
MAX_TIMEOUT_SECONDS: Final = 24 * 3600


def deploy(options: DeployOptions, environment: Environment) -> Output:
    """Compare the definition with the options, show each difference, and apply it."""
    desired = _desired(options)
    settings = platform_settings(options.definition, environment)
    runtime = SystemRuntime()
    platform = open_platform(settings, runtime)
    existing = find_definition(platform, settings)
    secrets = []
    if existing is None:
        _refuse_id(settings.definition)
    else:
        secrets = platform.secrets(existing.id)
    planned = plan(existing, secrets, desired)
    warn(_warnings(desired))
    changes = bool(planned.differences) and not options.dry_run
    definition = existing
    if changes:
        deployer = _Deployer(platform, runtime, settings)
        definition = deployer.carry_out(planned, existing)
        warn(_kept_variables(definition, planned))
    name = settings.definition
    if definition:
        name = definition.name
    document: JsonObject = {
        "definitionId": definition and definition.id,
        "name": name,
        "created": changes and existing is None,
        "changed": changes,
    }
    return _answer(document, planned.differences, new=existing is None)


def _answer(
    document: JsonObject, differences: Sequence[FieldChange], *, new: bool
) -> Output:
    document["differences"] = [_difference(change) for change in differences]
    lines = [_headline(document, new=new)]
    lines += map(_line, differences)
    return Output(document=document, lines=lines)


def _refuse_id(name: str) -> None:
    """Raise ConfigError if the definition does not exist and was given by its id."""
    if is_uuid(name):
        raise ConfigError(
            f"there is no job definition with the id {name} in this project: "
            "give a name to create one"
        )


def _desired(options: DeployOptions) -> DesiredDefinition:
    """Read the options; raise UsageError with every fault."""
    faults = _range_faults(options)
    timeout = _timeout(options.timeout, faults)
    variables = _pairs(options.env, "--env", variable_fault, faults)
    references = _pairs(options.secret, "--secret", secret_fault, faults)
    secrets = {}
    for name, reference in references.items():
        secrets[name] = _desired_secret(name, reference, faults)
        if name in variables:
            faults.append(f"{name} is given both by --env and by --secret")
    if faults:
        raise UsageError("\n".join(faults))
    shape = DefinitionFields(
        image=options.image,
        cpu=options.cpu,
        memory=options.memory,
        disk=options.disk,
        timeout=timeout,
        retries=options.retries,
        environment=variables,
    )
    return DesiredDefinition(shape=shape, secrets=secrets)


def _range_faults(options: DeployOptions) -> list[str]:
    faults = []
    for option, value, (low, high) in (
        ("--cpu", options.cpu, CPU_RANGE),
        ("--memory", options.memory, MEMORY_RANGE),
        ("--disk", options.disk, DISK_RANGE),
        ("--retries", options.retries, RETRIES_RANGE),
    ):
        if value is not None and not low <= value <= high:
            fault = f"it must be from {low} to {high}"
            faults.append(f"{option} is {value}: {fault}")
    return faults


def _timeout(text: str | None, faults: list[str]) -> int | None:
    if text is None:
        return None
    seconds = duration.parse(text, "--timeout")
    if not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        faults.append(f"--timeout is {text!r}: a run may take 1s to 24h")
    return seconds


def _pairs(
    texts: Iterable[str],
    option: str,
    check: Callable[[str], str | None],
    faults: list[str],
) -> dict[str, str]:
    """Split `NAME=VALUE`s; add their faults, which never contain a value, to `faults`."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            faults.append(
                f"{option} must be NAME=VALUE: one of the options has no `=`"
            )
        elif fault := check(name):
            faults.append(f"{option} {name!r}: {fault}")
        elif name in pairs:
            faults.append(f"{option} {name} is given twice")
        pairs[name] = value
    return pairs


def _desired_secret(
    name: str, reference: str, faults: list[str]
) -> DesiredSecret:
    secret, colon, version = reference.partition(":")
    valid_version = re.fullmatch(r"|:([0-9]+|[a-z_]+)", colon + version)
    if not is_uuid(secret) or not valid_version:
        # The text may be the secret itself, so it is not repeated.
        faults.append(
            f"--secret {name}: it must be {name}=ID or {name}=ID:VERSION, "
            "with the id of a secret in Secret Manager"
        )
    return DesiredSecret(secret=secret.lower(), version=version or None)


class _Deployer:
    """Carries out a plan's steps; each may be repeated after a lost answer."""

    def __init__(
        self, platform: Platform, runtime: Runtime, settings: PlatformSettings
    ) -> None:
        self._platform = platform
        self._runtime = runtime
        self._settings = settings

    def carry_out(
        self, planned: DefinitionPlan, existing: JobDefinition | None
    ) -> JobDefinition:
        """Carry out the plan; return the resulting definition."""
        definition = self._create_or_update(planned, existing)
        for reference_id, version in planned.changed.items():
            self._platform.change_secret(reference_id, version=version)
        for variable, secret in planned.added.items():
            self._add_secret(definition.id, variable, secret)
        return definition

    def _create(self, shape: DefinitionFields) -> JobDefinition:
        return once(
            self._runtime,
            lambda: self._platform.create(self._settings.definition, shape),
            lambda: find_definition(self._platform, self._settings),
        )

    def _create_or_update(
        self, planned: DefinitionPlan, existing: JobDefinition | None
    ) -> JobDefinition:
        if existing is None:
            return self._create(planned.shape)
        for reference in planned.removed:
            self._platform.remove_secret(reference.id)
        if planned.shape == DefinitionFields():
            return existing
        return self._platform.update(existing.id, planned.shape)

    def _add_secret(
        self, definition_id: str, variable: str, desired: DesiredSecret
    ) -> None:
        def add() -> object:
            self._platform.add_secret(
                definition_id,
                variable=variable,
                secret=desired.secret,
                version=desired.version or LATEST,
            )
            return desired

        def find() -> SecretReference | None:
            for reference in self._platform.secrets(definition_id):
                if reference.variable == variable:
                    return reference
            return None

        once(self._runtime, add, find)


def _warnings(desired: DesiredDefinition) -> list[str]:
    variables = desired.variables
    exposed = filter(_may_be_secret, variables)
    warnings = []
    for name in exposed:
        warning = (
            f"{name} is readable by everyone with access to the definition: "
            f"keep it in Secret Manager, and give its id by `--secret {name}=ID`"
        )
        warnings.append(warning)
    return warnings + doubts(variables)


def _may_be_secret(name: str) -> bool:
    if name.endswith(("_URL", "_ID")):
        return False
    return is_secretive(name)


def _kept_variables(
    definition: JobDefinition, planned: DefinitionPlan
) -> list[str]:
    """Warn of variables that the platform should have removed."""
    warnings = []
    for change in planned.differences:
        what, _, name = change.what.partition(" ")
        removed = what == "env" and change.after is None
        if removed and name in definition.environment:
            warnings.append(
                f"the platform has kept the variable {name}: remove it in its console"
            )
    return warnings


def _difference(change: FieldChange) -> dict[str, str | None]:
    return {"what": change.what, "before": change.before, "after": change.after}


def _headline(document: Mapping[str, object], *, new: bool) -> str:
    name = document["name"]
    definition_id = document["definitionId"]
    definition = f"job definition {name}"
    if definition_id:
        definition += f" ({definition_id})"
    if not document["differences"]:
        return f"{definition}: nothing to change"
    verb = "change"
    if new:
        verb = "create"
    if document["changed"]:
        return f"{verb}d {definition}:"
    return f"would {verb} {definition}:"


def _line(change: FieldChange) -> str:
    before = _value(change.before)
    after = _value(change.after)
    return f"  {change.what}: {before} -> {after}"


def _value(text: str | None) -> str:
    if text is None:
        return "none"
    return text

"""The changes that bring a definition to its desired state, planned before any is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from worker.errors import ConfigError
from worker.platform.environment import MAX_SECRETS, is_secretive
from worker.platform.port import (
    DefinitionFields,
    JobDefinition,
    SecretReference,
)

DEFAULTS: Final = DefinitionFields(
    cpu=2000,
    memory=4096,
    disk=10000,
    timeout=24 * 3600,
    retries=5,
    environment={},
)
"""The defaults of a new definition."""
LATEST: Final = "latest"
HIDDEN: Final = "***"
_UNITS: Final = {
    "image": "",
    "cpu": "m",
    "memory": "MiB",
    "disk": "MiB",
    "timeout": "s",
    "retries": "",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredSecret:
    """The secret that a variable should have."""

    secret: str
    version: str | None
    """None for the version that the reference has, or the latest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredDefinition:
    """The desired state of a definition; `shape.environment` has the changed variables only."""

    shape: DefinitionFields
    secrets: Mapping[str, DesiredSecret] = field(default_factory=dict)

    @property
    def variables(self) -> Mapping[str, str]:
        """The changed variables."""
        return self.shape.environment or {}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """A field, variable or secret that changes; None for one that does not exist.

    Values that may be secrets are hidden.
    """

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DefinitionPlan:
    """The changes, ordered so that a name is free before a variable or a secret takes it."""

    removed: tuple[SecretReference, ...]
    shape: DefinitionFields
    """The fields that change."""
    changed: Mapping[str, str]
    """The new versions of references, by their ids."""
    added: Mapping[str, DesiredSecret]
    differences: tuple[FieldChange, ...]


def plan(
    definition: JobDefinition | None,
    references: list[SecretReference],
    desired: DesiredDefinition,
) -> DefinitionPlan:
    """Compare a definition with its desired state.

    Raises ConfigError if the definition would have too many secrets.
    """
    present = _by_variable(references)
    kept = _kept_secrets(present, desired)
    added = dict(desired.secrets)
    for name in kept:
        del added[name]
    taken = added.keys() | desired.variables.keys()
    removed = [present[name] for name in present if name in taken]
    left = len(references) - len(removed)
    if left + len(added) > MAX_SECRETS:
        raise ConfigError(
            f"a definition has at most {MAX_SECRETS} secrets: leave some out"
        )
    wanted = _overlaid(definition, desired)
    return DefinitionPlan(
        removed=tuple(removed),
        shape=_without_same(definition, wanted),
        changed=_new_versions(present, kept, desired),
        added=added,
        differences=(
            *_fields(definition, wanted),
            *_variables(definition, wanted),
            *_secrets(present, desired),
        ),
    )


def _by_variable(
    references: list[SecretReference],
) -> dict[str, SecretReference]:
    by_variable = {}
    for reference in references:
        if reference.variable is not None:
            by_variable[reference.variable] = reference
    return by_variable


def _kept_secrets(
    present: Mapping[str, SecretReference], desired: DesiredDefinition
) -> set[str]:
    """Return the variables whose references already point to the desired secrets."""
    kept = set()
    for name, secret in desired.secrets.items():
        reference = present.get(name)
        if reference is not None and reference.secret == secret.secret:
            kept.add(name)
    return kept


def _new_versions(
    present: Mapping[str, SecretReference],
    kept: set[str],
    desired: DesiredDefinition,
) -> dict[str, str]:
    versions = {}
    for name in sorted(kept):
        reference = present[name]
        version = desired.secrets[name].version
        if version and version != reference.version:
            versions[reference.id] = version
    return versions


def _overlaid(
    definition: JobDefinition | None, desired: DesiredDefinition
) -> DefinitionFields:
    """Return the whole desired shape: over the defaults, or over what the definition has."""
    base = DEFAULTS
    environment: dict[str, str] = {}
    if definition is not None:
        base = DefinitionFields()
        environment |= definition.environment
    for name in desired.secrets:
        environment.pop(name, None)
    environment |= desired.variables
    changes: dict[str, Any] = {}
    for field_of_shape in fields(DefinitionFields):
        name = field_of_shape.name
        value = getattr(desired.shape, name)
        if value is not None:
            changes[name] = value
    changes["environment"] = environment
    return replace(base, **changes)


def _without_same(
    definition: JobDefinition | None, wanted: DefinitionFields
) -> DefinitionFields:
    """Return a shape without the fields that the definition already has."""
    if definition is None:
        return wanted
    same = []
    for field_of_shape in fields(DefinitionFields):
        name = field_of_shape.name
        present = getattr(definition, name)
        if getattr(wanted, name) == present:
            same.append(name)
    return replace(wanted, **dict.fromkeys(same))


def _fields(
    definition: JobDefinition | None, wanted: DefinitionFields
) -> Iterator[FieldChange]:
    for name, unit in _UNITS.items():
        before = getattr(definition, name, None)
        after = getattr(wanted, name)
        if after is None or before == after:
            continue
        yield FieldChange(
            what=name,
            before=_shown(before, unit),
            after=_shown(after, unit),
        )


def _shown(value: str | float | None, unit: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return f"{value:g}{unit}"


def _variables(
    definition: JobDefinition | None, wanted: DefinitionFields
) -> Iterator[FieldChange]:
    before: Mapping[str, str] = {}
    if definition is not None:
        before = definition.environment
    after = wanted.environment or {}
    names = before.keys() | after.keys()
    for name in sorted(names):
        old = before.get(name)
        new = after.get(name)
        if old == new:
            continue
        if is_secretive(name):
            old = old and HIDDEN
            new = new and HIDDEN
        yield FieldChange(what=f"env {name}", before=old, after=new)


def _secrets(
    present: Mapping[str, SecretReference], desired: DesiredDefinition
) -> Iterator[FieldChange]:
    replaced = present.keys() & desired.variables.keys()
    for name in sorted(replaced):
        before = _versioned(present[name])
        yield FieldChange(what=f"secret {name}", before=before, after=None)
    for name, secret in sorted(desired.secrets.items()):
        reference = present.get(name)
        old = None
        version = secret.version or LATEST
        if reference is not None:
            old = _versioned(reference)
            if reference.secret == secret.secret:
                version = secret.version or reference.version
        after = f"{secret.secret}:{version}"
        if old != after:
            yield FieldChange(what=f"secret {name}", before=old, after=after)


def _versioned(reference: SecretReference) -> str:
    return f"{reference.secret}:{reference.version}"

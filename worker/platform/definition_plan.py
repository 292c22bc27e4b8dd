"""What has to be changed so that a definition is as somebody wants it: worked out before anything is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from worker.errors import ConfigError
from worker.platform.environment import MAX_SECRETS, is_secretive
from worker.platform.port import JobDefinition, SecretReference, Shape

DEFAULTS: Final = Shape(
    cpu=2000, memory=4096, disk=10000, timeout=24 * 3600, retries=5, environment={}
)
"""What a new definition gets where nothing else is asked for."""
LATEST: Final = "latest"
HIDDEN: Final = "***"


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredSecret:
    """A secret that a variable is to hold.

    Without a version, whichever the reference has, or the latest.
    """

    secret: str
    version: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredDefinition:
    """What somebody wants of a definition.

    `shape.environment` are only the variables that were asked about.
    """

    shape: Shape
    secrets: Mapping[str, DesiredSecret] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Something that is not as it should be.

    None where there is nothing. Never holds what may be a secret.
    """

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DefinitionPlan:
    """The steps, in their order: a name is given up as a secret before it becomes a variable, and the reverse."""

    removed: tuple[SecretReference, ...]
    shape: Shape
    """Only what has to be written."""
    changed: Mapping[str, str]
    """References, and the versions that they get."""
    added: Mapping[str, DesiredSecret]
    differences: tuple[Difference, ...]


def plan(
    definition: JobDefinition | None,
    references: list[SecretReference],
    wish: DesiredDefinition,
) -> DefinitionPlan:
    """Compare what is with what is wanted; raise ConfigError if there would be too many secrets."""
    held = {one.variable: one for one in references if one.variable is not None}
    same = {
        name
        for name, one in wish.secrets.items()
        if name in held and held[name].secret == one.secret
    }
    variables = wish.shape.environment or {}
    removed = tuple(
        one
        for name, one in held.items()
        if name in variables or name in wish.secrets.keys() - same
    )
    added = {name: one for name, one in wish.secrets.items() if name not in same}
    changed = {
        held[name].id: version
        for name in sorted(same)
        if (version := wish.secrets[name].version) and version != held[name].version
    }
    if len(references) - len(removed) + len(added) > MAX_SECRETS:
        raise ConfigError(
            f"a definition has at most {MAX_SECRETS} secrets: leave some out"
        )
    wanted = _overlaid(definition, wish)
    return DefinitionPlan(
        removed=removed,
        shape=wanted if definition is None else _without_same(definition, wanted),
        changed=changed,
        added=added,
        differences=(
            *_fields(definition, wanted),
            *_variables(definition, wanted),
            *_secrets(held, wish),
        ),
    )


def _overlaid(definition: JobDefinition | None, wish: DesiredDefinition) -> Shape:
    """Return the definition as it is to be: a new one with the defaults, one that is there with what it has."""
    asked = {
        one.name: value
        for one in fields(Shape)
        if (value := getattr(wish.shape, one.name)) is not None
    }
    kept = {} if definition is None else definition.environment
    rest = {name: value for name, value in kept.items() if name not in wish.secrets}
    base = DEFAULTS if definition is None else Shape()
    return replace(
        base, **{**asked, "environment": {**rest, **(wish.shape.environment or {})}}
    )


def _without_same(definition: JobDefinition, wanted: Shape) -> Shape:
    same = [
        one.name
        for one in fields(Shape)
        if getattr(wanted, one.name) == getattr(definition, one.name)
    ]
    return replace(wanted, **dict.fromkeys(same))


def _fields(definition: JobDefinition | None, wanted: Shape) -> Iterator[Difference]:
    for name, unit in (
        ("image", ""),
        ("cpu", "m"),
        ("memory", "MiB"),
        ("disk", "MiB"),
        ("timeout", "s"),
        ("retries", ""),
    ):
        before, after = getattr(definition, name, None), getattr(wanted, name)
        if after is not None and before != after:
            yield Difference(
                what=name, before=_shown(before, unit), after=_shown(after, unit)
            )


def _shown(value: str | float | None, unit: str) -> str | None:
    return value if value is None or isinstance(value, str) else f"{value:g}{unit}"


def _variables(definition: JobDefinition | None, wanted: Shape) -> Iterator[Difference]:
    before = {} if definition is None else definition.environment
    after = wanted.environment or {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            shown = [
                HIDDEN if value and is_secretive(name) else value
                for value in (old, new)
            ]
            yield Difference(what=f"env {name}", before=shown[0], after=shown[1])


def _secrets(
    held: Mapping[str, SecretReference], wish: DesiredDefinition
) -> Iterator[Difference]:
    for name in sorted(held.keys() & (wish.shape.environment or {}).keys()):
        yield Difference(
            what=f"secret {name}",
            before=f"{held[name].secret}:{held[name].version}",
            after=None,
        )
    for name, one in sorted(wish.secrets.items()):
        old = held.get(name)
        before = None if old is None else f"{old.secret}:{old.version}"
        kept = old.version if old is not None and old.secret == one.secret else LATEST
        after = f"{one.secret}:{one.version or kept}"
        if before != after:
            yield Difference(what=f"secret {name}", before=before, after=after)

"""The changes to a definition: as few as possible."""

import pytest

from tests.unit.platform.builders import SECRET, definition, reference
from worker.errors import ConfigError
from worker.platform.definition_plan import (
    DEFAULTS,
    DefinitionPlan,
    DesiredDefinition,
    DesiredSecret,
    FieldChange,
    plan,
)
from worker.platform.port import DefinitionFields

IMAGE = "registry.example/worker:1"


def desired(
    version: str | None = None, *secrets: str, **shape: object
) -> DesiredDefinition:
    """Return a desired state: the present image, some fields, and some secrets."""
    wanted = DefinitionFields(image=IMAGE, **{"environment": {}, **shape})  # type: ignore[arg-type]
    return DesiredDefinition(
        shape=wanted,
        secrets={
            name: DesiredSecret(secret=SECRET, version=version)
            for name in secrets
        },
    )


def differences(
    planned: DefinitionPlan,
) -> list[tuple[str, str | None, str | None]]:
    """Return the differences of a plan."""
    return [
        (difference.what, difference.before, difference.after)
        for difference in planned.differences
    ]


def test_a_new_definition_gets_the_defaults_and_what_was_asked_for() -> None:
    planned = plan(
        None, [], desired(None, "KEY", memory=8192, environment={"A": "1"})
    )
    assert planned.shape == DefinitionFields(
        image=IMAGE,
        cpu=2000,
        memory=8192,
        disk=10000,
        timeout=86400,
        retries=5,
        environment={"A": "1"},
    )
    assert planned.added == {"KEY": DesiredSecret(secret=SECRET, version=None)}
    assert ("memory", None, "8192MiB") in differences(planned)
    assert ("secret KEY", None, f"{SECRET}:latest") in differences(planned)


def test_nothing_is_written_if_everything_is_as_desired() -> None:
    planned = plan(
        definition(A="1", B="2"),
        [reference("KEY")],
        desired("latest", "KEY", cpu=2000, environment={"A": "1"}),
    )
    assert planned == DefinitionPlan(
        removed=(),
        shape=DefinitionFields(),
        changed={},
        added={},
        differences=(),
    )


def test_fields_that_were_not_given_are_kept_whatever_the_defaults() -> None:
    changed = plan(
        definition(B="2"), [reference("KEY")], desired(environment={"A": "1"})
    )
    assert changed.shape == DefinitionFields(environment={"A": "1", "B": "2"})
    assert differences(changed) == [("env A", None, "1")]
    assert DEFAULTS.image is None


def test_only_the_fields_that_differ_are_written() -> None:
    planned = plan(
        definition(), [], desired(cpu=4000, memory=4096, timeout=3600)
    )
    assert planned.shape == DefinitionFields(cpu=4000, timeout=3600)
    assert differences(planned) == [
        ("cpu", "2000m", "4000m"),
        ("timeout", "86400s", "3600s"),
    ]


def test_a_secret_without_a_version_keeps_the_one_it_has() -> None:
    assert (
        plan(
            definition(), [reference("KEY", version="3")], desired(None, "KEY")
        ).differences
        == ()
    )


def test_another_version_is_a_change_of_the_reference() -> None:
    planned = plan(
        definition(), [reference("KEY", version="3")], desired("4", "KEY")
    )
    assert planned.changed == {"reference-KEY": "4"}
    assert planned.added == {}
    assert planned.removed == ()


def test_another_secret_is_another_reference() -> None:
    held = reference("KEY", secret="another")
    planned = plan(definition(), [held], desired(None, "KEY"))
    assert planned.changed == {}
    assert list(planned.added) == ["KEY"]
    assert planned.removed == (held,)


def test_a_secret_replaces_a_variable_of_its_name_and_the_reverse() -> None:
    planned = plan(definition(KEY="bare"), [], desired(None, "KEY"))
    assert planned.shape == DefinitionFields(environment={})
    assert differences(planned) == [
        ("env KEY", "***", None),
        ("secret KEY", None, f"{SECRET}:latest"),
    ]
    held = reference("PLAIN")
    back = plan(definition(), [held], desired(environment={"PLAIN": "1"}))
    assert back.removed == (held,)
    assert back.shape == DefinitionFields(environment={"PLAIN": "1"})
    assert (
        FieldChange(what="secret PLAIN", before=f"{SECRET}:latest", after=None)
        in back.differences
    )


def test_values_that_may_be_secret_are_never_in_a_difference() -> None:
    values = {
        "MY_TOKEN": "hush-1",
        "API_KEY": "hush-2",
        "DB_PASSWORD": "hush-3",
        "CALLBACK_URL": "hush-4",
    }
    planned = plan(
        definition(MY_TOKEN="hush-0"), [], desired(environment=values)
    )
    assert "hush" not in str(planned.differences)
    assert len(planned.differences) == 4


def test_there_are_at_most_twenty_secrets() -> None:
    held = [reference(f"K{number}") for number in range(20)]
    assert plan(definition(), held, desired(None, "K7")).added == {}
    with pytest.raises(ConfigError, match="at most 20 secrets"):
        plan(definition(), held, desired(None, "ONE_MORE"))

"""The digest of a stage's inputs."""

from dataclasses import replace

import pytest

from states.inputs import inputs_digest
from states.manifest import EngineRef, Manifest
from states.stages import Stage
from tests.support.builders import artifact, entered

BASE = entered(Stage.ORDER)


def changed(**changes: object) -> Manifest:
    return replace(BASE, **changes)  # type: ignore[arg-type]  # fields of Manifest


def test_it_is_twelve_hexadecimal_digits_and_the_same_for_the_same_inputs() -> (
    None
):
    digest = inputs_digest(BASE, Stage.ORDER)
    assert len(digest) == 12
    assert int(digest, 16) >= 0
    assert digest == inputs_digest(entered(Stage.ORDER), Stage.ORDER)


@pytest.mark.parametrize(
    "other",
    [
        changed(engine=EngineRef(name="fondation", version="1")),
        changed(engine=EngineRef(name="static", version="2")),
        changed(engine=replace(BASE.engine, model="m")),
        changed(engine=replace(BASE.engine, model="m", language="French")),
        changed(commit="b" * 40),
        BASE.with_record(replace(BASE.record(Stage.ORDER), generation=2)),
        BASE.with_record(
            replace(
                BASE.record(Stage.EXTRACT), artifacts=(artifact(content="b"),)
            )
        ),
        BASE.with_record(
            replace(BASE.record(Stage.CLONE), artifacts=(artifact("other"),))
        ),
    ],
)
def test_it_changes_with_everything_that_the_output_may_depend_on(
    other: Manifest,
) -> None:
    assert inputs_digest(other, Stage.ORDER) != inputs_digest(BASE, Stage.ORDER)


def test_it_differs_from_stage_to_stage() -> None:
    assert len({inputs_digest(BASE, stage) for stage in Stage}) == len(Stage)


def test_it_does_not_depend_on_later_stages_or_the_run() -> None:
    later = BASE.with_record(
        replace(BASE.record(Stage.GENERATE_CHAPTERS), generation=5)
    )
    assert inputs_digest(
        replace(later, run=7, sequence=99), Stage.ORDER
    ) == inputs_digest(BASE, Stage.ORDER)


def test_it_stays_the_same_from_version_to_version() -> None:
    # Earlier versions have stored items under keys with this digest.
    assert inputs_digest(BASE, Stage.ORDER) == "704c86deec6c"

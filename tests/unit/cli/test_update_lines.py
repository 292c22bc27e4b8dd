"""The lines that are printed about an update."""

from dataclasses import replace

from states.manifest import Manifest, Update
from states.stages import Stage
from states.usage import NANODOLLARS, ModelUsage, Usage
from tests.support.builders import artifact, completed
from worker.services.update import cost_of_kept

CHAPTERS = tuple(
    artifact(f"chapters/chapter_{number}_x.md") for number in range(1, 5)
)


def job(**changes: object) -> Manifest:
    """Return a completed job with four chapters."""
    manifest = completed()
    record = manifest.record(Stage.GENERATE_CHAPTERS)
    chapters = replace(record, artifacts=CHAPTERS, **changes)  # type: ignore[arg-type]  # fields
    return manifest.with_record(chapters)


def test_kept_files_cost_their_share_of_their_stage() -> None:
    row = ModelUsage(
        stage=Stage.GENERATE_CHAPTERS, model="m", nanodollars=2 * NANODOLLARS
    )
    earlier = replace(job(), usage=Usage(by_model=(row,)))
    update = replace(job(kept=3), update=Update(from_="earlier"))
    assert cost_of_kept(earlier, update) == 1.5 * NANODOLLARS
    assert cost_of_kept(earlier, job()) == 0


def test_an_engine_that_is_not_paid_saves_no_money() -> None:
    assert cost_of_kept(job(), job(kept=3)) == 0

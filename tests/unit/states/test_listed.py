"""The manifest of stages whose artifacts are listed in an object."""

import json
from dataclasses import replace

import pytest

from states import decisions
from states.codec import decode, decode_artifacts, encode, encode_artifacts
from states.course_paths import ARTIFACT_LIST, media_type
from states.inputs import inputs_digest
from states.invariants import violations
from states.manifest import Artifact, ArtifactList, Manifest, Update
from states.stages import Stage
from tests.support.builders import AT, artifact, completed, entered, stamped
from tests.support.builders import error as fault

CHAPTERS = Stage.GENERATE_CHAPTERS
REVIEWS = Stage.REVIEW_CHAPTERS


def listed(content: str = "b", count: int = 300) -> ArtifactList:
    return ArtifactList(count=count, file=artifact(ARTIFACT_LIST, content))


def finished(job: Manifest | None = None, content: str = "b") -> Manifest:
    """Return a job whose chapters are listed, and whose reviews have begun."""
    done = decisions.finish(
        job or entered(CHAPTERS),
        (),
        listed=listed(content),
        at=AT,
        seconds=1,
        kept=100,
    )
    return stamped(decisions.move_on(done, at=AT))


def test_a_stage_has_as_many_artifacts_as_its_list() -> None:
    job = finished()
    record = job.record(CHAPTERS)
    assert record.artifacts == ()
    assert record.artifact_count == 300
    assert job.artifact_count == 300 + 4


def test_such_a_manifest_has_a_format_that_older_versions_refuse() -> None:
    document = json.loads(encode(finished()))
    assert document["format"] == 3
    assert document["stages"][4]["listed"]["count"] == 300
    assert decode(encode(finished())) == finished()
    assert json.loads(encode(completed()))["format"] == 1


def test_a_list_survives_encoding() -> None:
    artifacts = (artifact("a.md"), artifact("b.md", "b"))
    body = encode_artifacts(artifacts)
    assert decode_artifacts(body) == artifacts
    names = {"mediaType", "path", "sha256", "size"}
    assert [set(item) for item in json.loads(body)] == [names, names]


def test_the_inputs_of_the_next_stage_depend_on_the_list() -> None:
    same = inputs_digest(finished(), REVIEWS)
    assert inputs_digest(finished(), REVIEWS) == same
    assert inputs_digest(finished(content="c"), REVIEWS) != same


@pytest.mark.parametrize(
    "after", [None, listed("c"), listed(count=299)], ids=str
)
def test_a_list_is_not_lost_or_changed(after: ArtifactList | None) -> None:
    before = finished()
    record = replace(before.record(CHAPTERS), listed=after)
    lost = stamped(before.with_record(record))
    assert violations(before, lost) == (
        "generate-chapters: artifacts are missing in the same generation",
    )
    assert violations(before, stamped(before)) == ()


def test_a_repaired_stage_and_a_collected_job_have_no_list() -> None:
    before = finished()
    repaired = stamped(decisions.repair(before, CHAPTERS, fault()))
    assert violations(before, repaired) == ()
    for job in (repaired, decisions.collect(before)):
        assert job.record(CHAPTERS).listed is None


def test_an_update_counts_what_is_listed() -> None:
    job = replace(entered(CHAPTERS), update=Update(from_="job-0"))
    update = finished(job).update
    assert update is not None
    assert (update.kept, update.made) == (100, 200 + 3)


def test_artifacts_are_named_in_the_order_of_their_paths() -> None:
    paths = [item.path for item in decisions.by_path(map(artifact, "cab"))]
    assert paths == ["a", "b", "c"]


def test_a_list_is_json() -> None:
    assert media_type(ARTIFACT_LIST) == "application/json"
    assert isinstance(listed().file, Artifact)

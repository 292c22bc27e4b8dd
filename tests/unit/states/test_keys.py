"""Names of objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states import keys
from states.stages import Stage

JOB_IDS = st.from_regex(keys.JOB_ID, fullmatch=True).filter(keys.valid_job_id)


@pytest.mark.parametrize("job_id", ["a", "A-b_c.9", "...", "x" * 128, "-"])
def test_a_job_may_be_called(job_id: str) -> None:
    assert keys.valid_job_id(job_id)


@pytest.mark.parametrize("job_id", ["", ".", "..", "a/b", "a b", "x" * 129, "é", "a\n"])
def test_a_job_may_not_be_called(job_id: str) -> None:
    assert not keys.valid_job_id(job_id)


@given(JOB_IDS, st.integers(1, 10**8 - 1), st.integers(1, 10**8 - 1))
def test_checkpoints_sort_by_their_sequences(job_id: str, one: int, other: int) -> None:
    assert (keys.checkpoint_key(job_id, one) < keys.checkpoint_key(job_id, other)) == (one < other)
    assert keys.sequence_of(keys.checkpoint_key(job_id, one)) == one


@pytest.mark.parametrize("key", ["j/checkpoints/1.json", "j/checkpoints/00000001.json.tmp", "j/runs/00000001.json"])
def test_other_objects_are_no_checkpoints(key: str) -> None:
    assert keys.sequence_of(key) is None


@given(JOB_IDS, st.sampled_from(Stage))
def test_an_artifacts_key_says_what_it_is(job_id: str, stage: Stage) -> None:
    key = keys.artifact_key(job_id, stage, "0123456789ab", "f" * 64, "chapters/chapter_1_x.md")
    assert keys.artifact_name(key) == keys.ArtifactName(
        stage=stage, inputs="0123456789ab", content="f" * 16, path="chapters/chapter_1_x.md"
    )
    assert key.startswith(keys.inputs_prefix(job_id, stage, "0123456789ab"))


@pytest.mark.parametrize("key", ["j/artifacts/paint/0123456789ab/0123456789abcdef/x", "j/artifacts/clone/x", "j/x"])
def test_other_objects_are_no_artifacts(key: str) -> None:
    assert keys.artifact_name(key) is None


@given(st.lists(JOB_IDS, min_size=2, max_size=2, unique=True))
def test_skipping_a_job_skips_its_objects_and_nothing_of_another(job_ids: list[str]) -> None:
    first, second = sorted(job_ids, key=keys.job_prefix)
    assert keys.heartbeat_key(first, 1) < keys.after_job(first) < keys.heartbeat_key(second, 1)


@pytest.mark.parametrize(
    ("key", "job"),
    [
        ("a/checkpoints/00000001.json", "a"),
        ("a.b/runs/1/heartbeat.json", "a.b"),
        ("a/other/x", None),
        ("../runs/1/heartbeat.json", None),
        ("readme.txt", None),
    ],
)
def test_an_objects_job_is_known_by_its_key(key: str, job: str | None) -> None:
    assert keys.job_of(key) == job

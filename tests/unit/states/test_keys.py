"""Names of objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states import keys
from states.stages import Stage

JOB_IDS = st.from_regex(keys.JOB_ID, fullmatch=True).filter(keys.valid_job_id)


@pytest.mark.parametrize("job_id", ["a", "A-b_c.9", "...", "x" * 128, "-"])
def test_a_valid_job_id_is_accepted(job_id: str) -> None:
    assert keys.valid_job_id(job_id)


@pytest.mark.parametrize(
    "job_id", ["", ".", "..", "a/b", "a b", "x" * 129, "é", "a\n"]
)
def test_an_invalid_job_id_is_refused(job_id: str) -> None:
    assert not keys.valid_job_id(job_id)


@given(JOB_IDS, st.integers(1, 10**8 - 1), st.integers(1, 10**8 - 1))
def test_checkpoints_sort_by_their_sequences(
    job_id: str, sequence: int, other: int
) -> None:
    assert (
        keys.checkpoint_key(job_id, sequence)
        < keys.checkpoint_key(job_id, other)
    ) == (sequence < other)
    key = keys.checkpoint_key(job_id, sequence)
    assert keys.sequence_of(key) == sequence
    assert key.startswith(keys.checkpoints_prefix(job_id))


@pytest.mark.parametrize(
    "key",
    [
        "j/checkpoints/1.json",
        "j/checkpoints/00000001.json.tmp",
        "j/runs/00000001.json",
    ],
)
def test_other_objects_are_no_checkpoints(key: str) -> None:
    assert keys.sequence_of(key) is None


@given(JOB_IDS, st.sampled_from(Stage))
def test_an_artifacts_key_says_what_it_is(job_id: str, stage: Stage) -> None:
    inputs = "0123456789abcdef"[: keys.DIGEST_LENGTH]
    key = keys.artifact_key(
        job_id, stage, inputs, "f" * 64, "chapters/chapter_1_x.md"
    )
    assert keys.artifact_name(key) == keys.ArtifactName(
        stage=stage,
        inputs=inputs,
        content="f" * 16,
        path="chapters/chapter_1_x.md",
    )
    assert key.startswith(keys.inputs_prefix(job_id, stage, inputs))


@given(
    JOB_IDS,
    st.sampled_from(Stage),
    st.integers(1, 99),
    st.sampled_from(keys.CallRecord),
)
def test_a_paid_calls_key_says_what_it_is(
    job_id: str, stage: Stage, number: int, record: keys.CallRecord
) -> None:
    name = keys.CallName(
        stage=stage, key="0f" * 16, number=number, record=record
    )
    key = keys.call_key(job_id, name)
    assert keys.call_name(key) == name
    assert key.startswith(keys.calls_prefix(job_id))


@pytest.mark.parametrize(
    "key",
    [
        "j/artifacts/paint/0123456789ab/0123456789abcdef/x",
        "j/artifacts/clone/x",
        "j/x",
    ],
)
def test_other_objects_are_no_artifacts(key: str) -> None:
    assert keys.artifact_name(key) is None


@given(st.lists(JOB_IDS, min_size=2, max_size=2, unique=True))
def test_skipping_a_job_skips_its_objects_and_nothing_of_another(
    job_ids: list[str],
) -> None:
    first, second = sorted(job_ids, key=keys.job_prefix)
    assert (
        keys.heartbeat_key(first, 1)
        < keys.after_folder(first)
        < keys.heartbeat_key(second, 1)
    )


OWN = [
    "checkpoints/00000001.json",
    "artifacts/clone/0123456789ab/0123456789abcdef/source.tar.gz",
    "artifacts/review-chapters/0123456789ab/0123456789abcdef/reviewed-chapters/chapter_1_x.md",
    "runs/1/heartbeat.json",
    "runs/12/heartbeat.json",
    "sweeps/6e8a7f0a-8a0e-4f0e.1",
    "sweeps/a%2Fb~c.12",
    f"calls/extract/{'0f' * 16}/1-intent.json",
    f"calls/generate-tutorials/{'0f' * 16}/12-answer.json",
]
OTHER = [
    "",
    "notes.txt",
    "other/x",
    "checkpoints/1.json",
    "checkpoints/00000001.json.bak",
    "checkpoints/000000001.json",
    "checkpoints/\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661.json",
    "checkpoints/notes/00000001.json",
    "artifacts/notes.md",
    "artifacts/paint/0123456789ab/0123456789abcdef/x",
    "artifacts/clone/0123456789AB/0123456789abcdef/x",
    "artifacts/clone/0123456789ab/x",
    "artifacts/clone/0123456789ab/0123456789abcdef/",
    "runs/heartbeat.json",
    "runs/1/notes.txt",
    "runs/x/heartbeat.json",
    "runs/1/heartbeat.json/x",
    "sweeps/a/b.1",
    "sweeps/a",
    "calls/extract/x/1-intent.json",
    f"calls/paint/{'0f' * 16}/1-intent.json",
    f"calls/extract/{'0f' * 16}/1-notes.json",
]
FOLDERS = ["checkpoints", "artifacts", "runs", "sweeps", "calls"]


@pytest.mark.parametrize("rest", OWN)
def test_a_jobs_own_objects_are_recognised_by_their_keys(rest: str) -> None:
    assert keys.job_of(f"a.b/{rest}") == "a.b"
    assert keys.job_of(f"../{rest}") is None
    assert keys.job_of(rest) is None


@pytest.mark.parametrize("rest", OTHER)
def test_nothing_else_below_a_jobs_name_is_its_own(rest: str) -> None:
    assert keys.job_of(f"a/{rest}") is None


@pytest.mark.parametrize("rest", OWN)
@pytest.mark.parametrize(
    "between",
    [*FOLDERS, "b", "b/c", "artifacts/clone", "artifacts/clone/0123456789ab"],
)
@pytest.mark.parametrize(
    "job", [*FOLDERS, "clone", "0123456789ab", "00000001.json", "1"]
)
def test_no_object_of_a_store_below_a_job_is_taken_for_the_jobs_own(
    between: str, job: str, rest: str
) -> None:
    assert keys.job_of(f"a/{between}/{job}/{rest}") is None
    assert keys.job_of(f"a/{job}/{rest}") is None


def test_a_job_writes_only_its_own_objects() -> None:
    written = [
        keys.checkpoint_key("a", 1),
        keys.heartbeat_key("a", 1),
        keys.sweep_mark_key("a", "fr-par/é 1", 1),
        *(
            keys.artifact_key("a", stage, "0123456789ab", "f" * 64, "any/name")
            for stage in Stage
        ),
    ]
    assert {keys.job_of(key) for key in written} == {"a"}


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("", []),
        ("jobs", [""]),
        ("team/jobs", [""]),
        ("artifacts", [""]),
        ("jobs/job-1/artifacts", ["", "artifacts/"]),
        ("job-1/artifacts/clone", ["", "artifacts/clone/"]),
        ("a b/runs", [""]),
        ("a/b c", []),
        ("a/runs/checkpoints", ["", "runs/checkpoints/", "checkpoints/"]),
    ],
)
def test_a_stores_path_shows_in_which_jobs_it_may_lie(
    path: str, folders: list[str]
) -> None:
    assert keys.enclosing_folders(path) == folders

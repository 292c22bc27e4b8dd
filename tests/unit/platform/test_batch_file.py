"""The file of a batch: its entries, and the ids of their jobs."""

from pathlib import Path

import pytest

from worker.cli.commands.batch_file import BatchJob, read_entries
from worker.errors import UsageError


def entries(folder: Path, text: str, *, local: bool = False) -> list[BatchJob]:
    """Read a file with this text."""
    file = folder / "batch.yaml"
    file.write_text(text)
    return read_entries(file, local=local, allow_http=False)


def fault(folder: Path, text: str, *, local: bool = False) -> str:
    """Return the faults of a text."""
    with pytest.raises(UsageError) as raised:
        entries(folder, text, local=local)
    return str(raised.value)


def test_a_job_id_is_derived_from_repository_and_branch(tmp_path: Path) -> None:
    text = (
        "[{repository: pallets/click}, {repository: pallets/click, branch: dev}, "
        "{repository: a/b, jobId: mine}]"
    )
    job_ids = [job.job_id for job in entries(tmp_path, text)]
    assert job_ids == [job.job_id for job in entries(tmp_path, text)]
    assert len(set(job_ids)) == 3
    assert [job_id.rpartition("-")[0] for job_id in job_ids] == [
        "click",
        "click",
        "",
    ]
    other = entries(
        tmp_path, "[{repository: 'https://GitHub.com/pallets/click.git'}]"
    )
    assert other[0].job_id == job_ids[0]


def test_an_update_is_a_separate_job(tmp_path: Path) -> None:
    text = "[{repository: a/b}, {repository: a/b, updateFrom: job-1}]"
    plain, update = entries(tmp_path, text)
    assert plain.job_id != update.job_id
    assert (plain.update_from, update.update_from) == (None, "job-1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {repository: a/b, updateFrom: ..}", "updateFrom is '..'"),
        ("", "must be a list"),
        ("[]", "with at least one entry"),
        ("repository: a/b", "must be a list"),
        ("[}", "is not YAML"),
        (
            "- repository: a/b\n  repository: c/d",
            "an entry has 'repository' twice: begin each entry with `- `",
        ),
        ("- &one {repository: a/b}\n- {<<: *one, repository: ..}", "entry 2:"),
        (
            "- a/b",
            "entry 1: it must be {repository, branch?, jobId?, updateFrom?}, not str",
        ),
        ("- {branch: main}", "entry 1: repository is missing"),
        ("- {repository: a/b, jobid: x}", "it has unknown fields: jobid"),
        (
            "- {repository: a/b, branch: 8.1}",
            "branch must be strings (in quotes",
        ),
        (
            "- {repository: a/b, branch: --x}",
            "branch is '--x': it must not begin",
        ),
        ("- {repository: a/b, jobId: ..}", "jobId is '..'"),
        ("- {repository: 'ssh://host/x'}", "repository is 'ssh://host/x'"),
        (
            "- {repository: 'https://user:hush@host/x'}",
            "repository is 'https://***@host/x'",
        ),
        ("- {repository: ./folder}", "repository is './folder'"),
        (
            "[{repository: a/b}, {repository: 'https://github.com/a/b/'}]",
            "2 entries are job b-",
        ),
        (
            "[{repository: a/b, jobId: x}, {repository: c/d, jobId: x}]",
            "2 entries are job x",
        ),
        ("[{}, {repository: a/b, x: 1}]", "entry 2: it has unknown fields"),
    ],
)
def test_a_fault_is_named_with_its_entry(
    text: str, expected: str, tmp_path: Path
) -> None:
    assert expected in fault(tmp_path, text)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_entries(tmp_path / "nothing", local=False, allow_http=False)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        read_entries(tmp_path / "binary", local=False, allow_http=False)


def test_on_this_machine_a_repository_may_be_a_folder_without_a_branch(
    tmp_path: Path,
) -> None:
    [job] = entries(
        tmp_path, f"[{{repository: '{tmp_path}/x/..'}}]", local=True
    )
    assert job.repository == str(tmp_path)
    assert job.branch is None
    assert "branch requires a URL" in fault(
        tmp_path, f"[{{repository: '{tmp_path}', branch: x}}]", local=True
    )

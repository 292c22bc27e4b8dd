"""Jobs of the static engine, killed in every stage."""

from functools import partial
from pathlib import Path

import pytest

from states.stages import STAGE_OF, State
from tests.support.git_repository import Repository
from tests.support.git_server import GitServer
from tests.support.platform_job import ROOT, PlatformJob
from tests.support.receiver import Receiver
from tests.support.waiting import until
from worker.store.folder import FolderStore

STATES = list(STAGE_OF)


FILES = {
    f"states/{file.name}": file.read_bytes()
    for file in (ROOT / "states").glob("*.py")
}
CHANGED = FILES | {
    "states/usage.py": FILES["states/usage.py"] + b"\nLATER = 1\n"
}


@pytest.fixture
def states(host: GitServer) -> Repository:
    """Return a repository with a part of this project's code."""
    return host.repository("owner/states", FILES)


@pytest.fixture
def environment(
    host: GitServer, states: Repository, receiver: Receiver
) -> dict[str, str]:
    """Return the environment of a job about the repository."""
    assert states.head()
    return {
        "REPOSITORY_URL": host.url("owner/states"),
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "a token",
        "ENGINE": "static",
    }


def new_job(
    tmp_path: Path,
    name: str,
    environment: dict[str, str],
    *,
    store_of: str | None = None,
) -> PlatformJob:
    """Return a job in a new store, or in another job's store."""
    store = tmp_path / f"{store_of or name} store"
    return PlatformJob(
        FolderStore(store),
        tmp_path / name,
        {**environment, "STORE_URL": store.as_uri()},
        name=name,
    )


def test_a_course_is_identical_although_its_job_was_killed_in_every_stage(
    tmp_path: Path, environment: dict[str, str], receiver: Receiver
) -> None:
    undisturbed, killed = (
        new_job(tmp_path, "undisturbed", environment),
        new_job(tmp_path, "killed", environment),
    )
    try:
        assert undisturbed.start().wait() == 0, undisturbed.report()
        run, states_reached = killed.start(), list[State]()
        for state in STATES:
            until(partial(has_reached, killed, state))
            run.kill()
            states_reached.append(killed.manifest.state)
            run = killed.start("resume", killed.name, "--takeover")
        assert run.wait() == 0, killed.report()
        assert killed.course == undisturbed.course
        ends = [
            document
            for document in receiver.documents
            if (document["jobId"], document["type"]) == ("killed", "complete")
        ]
        assert len({document["sequence"] for document in ends}) == 1
        print(f"killed while {', '.join(states_reached)}")  # noqa: T201 - shown with `-rP`
    finally:
        undisturbed.end()
        killed.end()


def test_an_update_is_identical_although_its_job_was_killed_in_every_stage(
    tmp_path: Path, environment: dict[str, str], states: Repository
) -> None:
    first = new_job(tmp_path, "first", environment)
    following = {**environment, "UPDATE_FROM": "first"}
    undisturbed, killed = (
        new_job(tmp_path, name, following, store_of="first")
        for name in ("undisturbed", "killed")
    )
    try:
        assert first.start().wait() == 0, first.report()
        states.commit(CHANGED)
        assert undisturbed.start().wait() == 0, undisturbed.report()
        run = killed.start()
        for state in STATES:
            until(partial(has_reached, killed, state))
            run.kill()
            run = killed.start("resume", killed.name, "--takeover")
        assert run.wait() == 0, killed.report()
        assert killed.course == undisturbed.course
        update = killed.manifest.update
        assert update is not None
        assert undisturbed.manifest.update is not None
        assert (update.kept, update.made) == (
            undisturbed.manifest.update.kept,
            undisturbed.manifest.update.made,
        )
        assert update.kept > 3
        assert update.made > 0
        print(f"{update.kept} files kept, {update.made} made")  # noqa: T201 - shown with `-rP`
    finally:
        for job in (first, undisturbed, killed):
            job.end()


def has_reached(job: PlatformJob, state: State) -> bool:
    return job.newest is not None and place(job.manifest.state) >= place(state)


def place(state: State) -> int:
    """Return the position of a state in a job's course; -1 for pending."""
    if state is State.PENDING:
        return -1
    return STATES.index(state) if state in STATES else len(STATES)

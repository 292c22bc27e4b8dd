"""Updating a course from the command line: `run REPO --update`, and `UPDATE_FROM` in job mode."""

from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage
from tests.support.shell import Shell, stop_at
from tests.support.updates import (
    CHANGED,
    EARLIER,
    PartsEngine,
    PartsSource,
    make_earlier,
)
from tests.support.world import IDENTITY, JOB, FakeReceiver, World
from worker.ownership.claim import OperatorRequest
from worker.services.update import earlier_job_of_new
from worker.services.view import open_view

SIGNER = '''"""Signs texts."""


class Signer:
    """A signer signs a text, so that nobody can change it."""

    def sign(self, text):
        """Sign a text."""
        return text + "."
'''
SHOP = '''"""Sells things."""

from signer import Signer


class Shop:
    """A shop sells things, and signs the receipts."""

    def sell(self, thing):
        """Sell a thing."""
        return Signer().sign(thing)
'''
TILL = '''"""Counts money."""


class Till:
    """A till counts coins."""

    def count(self, coins):
        """Count the coins."""
        return sum(coins)
'''
README = """# Stall

Stall is a library that sells things and signs the receipts.

```python
from shop import Shop
from signer import Signer
from till import Till

Shop().sell("tea")
Till().count([1, 2])
```
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "stall"
    folder.mkdir()
    (folder / "signer.py").write_text(SIGNER)
    (folder / "shop.py").write_text(SHOP)
    (folder / "till.py").write_text(TILL)
    (folder / "README.md").write_text(README)
    return folder


def run(shell: Shell, repository: Path, *more: str, code: int = 0) -> str:
    out = str(shell.root / "course")
    return shell(
        "run",
        str(repository),
        "--engine",
        "static",
        "--out",
        out,
        *more,
        code=code,
    )


def job_of(answer: str) -> str:
    """Return the job id that a run has printed."""
    line = next(line for line in answer.splitlines() if line.startswith("job "))
    return line.split()[1]


def test_an_update_keeps_the_pages_whose_files_have_not_changed(
    shell: Shell, repository: Path
) -> None:
    first = job_of(run(shell, repository))
    (repository / "till.py").write_text(TILL + "\n    currency = 1\n")
    answer = run(shell, repository, "--update")
    assert (
        f"update  6 files kept of {first}, 3 made; 1 file changed in the repository"
        in answer
    )
    document = shell.json("status", job_of(answer))["update"]
    assert document["from"] == first
    assert (document["kept"], document["made"]) == (6, 3)
    assert document["changed"] == 1
    assert "6 files kept, 3 made" in shell("status", job_of(answer))


def test_the_page_marks_what_is_new(shell: Shell, repository: Path) -> None:
    run(shell, repository)
    index = shell.root / "course" / "index.html"
    mark = '<span class="new">new</span>'
    assert mark not in index.read_text()
    (repository / "till.py").write_text(TILL + "\n    currency = 1\n")
    run(shell, repository, "--update")
    # One of two chapters is new, and so is its tutorial.
    assert index.read_text().count(mark) == 2


def test_an_update_is_the_same_course_as_a_new_one(
    shell: Shell, repository: Path
) -> None:
    run(shell, repository)
    (repository / "shop.py").write_text("# A comment.\n" + SHOP)
    run(shell, repository, "--update")
    updated = pages(shell.root / "course")
    run(shell, repository, "--job-id", "fresh")
    assert updated == pages(shell.root / "course")


def pages(course: Path) -> dict[str, bytes]:
    return {
        path.relative_to(course).as_posix(): path.read_bytes()
        for path in course.rglob("*.md")
        if path.name != "README.md"
    }


def test_without_an_earlier_course_a_new_one_is_made(
    shell: Shell, repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = run(shell, repository, "--update")
    assert "update " not in answer
    assert shell.json("status", job_of(answer))["update"] is None
    assert "making a new course" in caplog.text


def test_the_reason_for_keeping_nothing_is_printed(
    shell: Shell, repository: Path
) -> None:
    first = job_of(run(shell, repository))
    (repository / "signer.py").unlink()
    answer = run(shell, repository, "--update")
    assert f"update  nothing kept of {first}: the abstraction" in answer
    assert "has lost its file signer.py" in answer


def test_an_earlier_job_that_cannot_be_updated_is_refused_before_anything_is_done(
    shell: Shell, repository: Path
) -> None:
    make_earlier(shell.store, shell.root / "work")
    answer = run(shell, repository, "--update", EARLIER, code=65)
    assert (
        f"job {EARLIER} is about {IDENTITY.repository}, not file://" in answer
    )
    # `batch --local` prints the same line for an entry.
    assert "name another job, or none (`run REPO --update` then" in answer
    answer = run(shell, repository, "--update", "missing", code=65)
    assert "there is no job missing in this store" in answer
    itself = ("--update", "new", "--job-id", "new")
    answer = run(shell, repository, *itself, code=65)
    assert "there is no job new in this store" in answer
    answer = run(shell, repository, "--update", "..", code=64)
    assert "--update is '..'" in answer
    assert [job["jobId"] for job in shell.json("list")] == [EARLIER]


def test_a_job_that_exists_is_resumed_although_its_earlier_job_is_collected(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    make_earlier(shell.store, shell.root / "work")
    world = shell.world(
        engine=PartsEngine(before_item=stop_at("tutorials/tutorial_3_till.md")),
        source=PartsSource(commit="b" * 40, files=CHANGED),
    )
    assert world.job().run(IDENTITY, update_from=EARLIER) is Exit.SOFTWARE
    shell("gc", "--older-than", "0s")
    view = open_view(shell.store.url, {})
    caplog.clear()
    assert earlier_job_of_new(view, IDENTITY, EARLIER) is None
    assert earlier_job_of_new(view, IDENTITY, "") is None
    assert not caplog.records
    assert earlier_job_of_new(view, IDENTITY, "another") is None
    assert "--update is ignored: the job exists already" in caplog.text


def test_update_requires_a_repository(shell: Shell) -> None:
    assert "--update requires REPO" in shell("run", "--update", code=64)


def followed(
    shell: Shell, update_from: str, receiver: FakeReceiver | None = None
) -> tuple[Exit, World]:
    """Run a job that updates another, as in job mode."""
    world = shell.world(
        engine=PartsEngine(),
        source=PartsSource(commit="b" * 40),
        receiver=receiver,
    )
    code = world.job().run(IDENTITY, update_from=update_from)
    return code, world


def test_a_job_that_updates_a_missing_one_fails_and_says_so(
    shell: Shell,
) -> None:
    receiver = FakeReceiver()
    code, _ = followed(shell, "missing", receiver=receiver)
    assert code is Exit.DATA_ERROR
    assert receiver.events[-1] == ("error", "failed")
    error = shell.json("status", JOB)["error"]
    assert error["code"] == "update_from"
    assert "job missing is not in file://" in error["message"]
    assert "with another UPDATE_FROM, or without it" in error["message"]


def test_an_engine_is_shown_the_earlier_course(shell: Shell) -> None:
    make_earlier(shell.store, shell.root / "work")
    changed = {"signer.txt": "sign", "shop.txt": "sell", "till.txt": "new"}
    world = shell.world(
        engine=PartsEngine(),
        source=PartsSource(commit="b" * 40, files=changed),
    )
    assert world.job().run(IDENTITY, update_from=EARLIER) is Exit.OK
    earlier = world.engine.seen[0]
    assert earlier is not None
    page = earlier.read("chapters/chapter_3_till.md")
    assert page == b"# Till\n\ngenerate-chapters of count\n"
    assert earlier.read("chapters/chapter_9_none.md") is None


def test_a_stage_that_an_operator_redoes_keeps_nothing(shell: Shell) -> None:
    make_earlier(shell.store, shell.root / "work")
    code, world = followed(shell, EARLIER)
    assert code is Exit.OK
    assert not world.engine.made
    again = shell.world(engine=PartsEngine(), source=world.source)
    request = OperatorRequest(stage=Stage.REVIEW_CHAPTERS)
    assert again.job().resume(request) is Exit.OK
    assert len(again.engine.made) == 6
    document = shell.json("status", JOB)["update"]
    assert (document["kept"], document["made"]) == (6, 6)


def test_the_variable_is_read_and_checked_in_job_mode(shell: Shell) -> None:
    shell.environment = {
        "JOB_ID": "job-9",
        "REPOSITORY_URL": "owner/name",
        "CALLBACK_URL": "http://127.0.0.1:9/",
        "CALLBACK_TOKEN": "token",
        "UPDATE_FROM": "a/b",
    }
    assert "UPDATE_FROM is 'a/b'" in shell("run", code=78)

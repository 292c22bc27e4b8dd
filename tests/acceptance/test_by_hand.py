"""A user turns repositories into courses with the program alone, and inspects the results."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import NAME
from tests.support.git_repository import Repository
from tests.support.git_server import Fault, GitServer
from tests.support.user import (
    CommandResult,
    User,
    course_files,
    files_below,
)
from tests.support.waiting import until


def job_of(result: CommandResult) -> str:
    """Return the id of the job from a run's last line."""
    return result.out.splitlines()[-1].split()[1]


def test_a_folder_becomes_a_course_with_embedded_defaults(
    user: User, folder: Path
) -> None:
    result = user.run("run", str(folder))
    course = files_below(user.home / "shop-course")
    assert len([name for name in course if name.startswith("chapters/")]) >= 3
    assert {
        "step1_abstractions.yaml",
        "step2_relationships.yaml",
        "step3_order.yaml",
    } < set(course)
    for prefix in ("reviewed-chapters/chapter_1_", "tutorials/tutorial_1_"):
        assert any(name.startswith(prefix) for name in course)
    assert all(course.values())
    assert result.out.startswith("course  shop-course/")
    assert (
        user.home
        / ".local/share/fondation-worker"
        / job_of(result)
        / "checkpoints"
    ).is_dir()


def test_the_page_to_open_is_where_the_last_lines_say(
    user: User, folder: Path
) -> None:
    result = user.run("run", str(folder), "--out", "elsewhere")
    page = re.search(r"^open +(\S+) in a browser$", result.out, re.MULTILINE)
    assert page is not None
    assert page[1] == "elsewhere/index.html"
    assert "<title>shop</title>" in (user.home / page[1]).read_text()


def test_a_url_becomes_the_course_that_its_clone_becomes(
    user: User, host: GitServer, repository: Repository
) -> None:
    subprocess.run(
        ["git", "clone", "-q", host.url(NAME), str(user.home / "clone")],
        check=True,
    )
    user.run("run", host.url(NAME), "--out", "a")
    user.run("run", "clone", "--out", "b")
    assert (
        repository.head()
        in user.run(
            "status", job_of(user.run("run", "clone", "--out", "b"))
        ).out
    )
    assert course_files(user.home / "a") == course_files(user.home / "b")


def test_the_same_command_again_does_nothing_again_and_a_new_commit_is_a_new_job(
    user: User, host: GitServer, repository: Repository
) -> None:
    first = user.run("run", host.url(NAME), "--out", "course")
    again = user.run("run", host.url(NAME), "--out", "course")
    job = job_of(first)
    made, *rest = again.out.splitlines()
    assert re.fullmatch(
        r"made    \d{4}-\d\d-\d\d \d\d:\d\d UTC by version \S+ of engine static: "
        rf"`resume {job} --from extract` makes it again",
        made,
    )
    assert rest == first.out.splitlines()
    assert "checkpoint" not in again.err
    repository.commit({"shop/more.py": b"class More:\n    pass\n"})
    assert job_of(user.run("run", host.url(NAME), "--out", "other")) != job_of(
        first
    )


def test_the_same_command_resumes_a_job_after_ctrl_c(
    user: User, host: GitServer, repository: Repository
) -> None:
    assert repository.head()
    # The first request is for the branch, the second for the files.
    host.fault(Fault(rate=500, on="/git-upload-pack", times=2))
    run = user.start(
        "run", host.url(NAME), "--job-id", "job", "--out", "course"
    )
    until(
        lambda: any(
            user.home.glob(
                ".local/share/fondation-worker/*/checkpoints/00000002.json"
            )
        )
    )
    run.send_signal(signal.SIGINT)
    result = user.ends(run)
    assert result.code == 130
    assert "run the same command again to continue" in result.out
    assert user.run("status", "job", "--json").json["state"] == "interrupted"
    user.run("run", host.url(NAME), "--job-id", "job", "--out", "course")
    assert user.run("status", "job", "--json").json["run"] == 2
    assert (user.home / "course/step3_order.yaml").is_file()


def files_below_after(user: User, folder: Path) -> dict[str, bytes]:
    user.run("run", str(folder), "--out", "undisturbed")
    return files_below(user.home / "undisturbed")


def test_status_list_urls_fetch_and_verify_answer_machines(
    user: User, folder: Path
) -> None:
    job = job_of(user.run("run", str(folder), "--job-id", "my-job"))
    status = user.run("status", job, "--json").json
    assert status["jobId"] == "my-job"
    assert status["state"] == "completed"
    assert status["run"] == 1
    assert status["error"] is None
    assert [stage["step"] for stage in status["stages"]] == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    assert all(
        stage["state"] == "finished" and stage["items"] == stage["total"]
        for stage in status["stages"]
    )
    assert [job["jobId"] for job in user.run("list", "--json").json] == [
        "my-job"
    ]
    links = user.run("urls", job, "--json").json
    fetched = user.run("fetch", job, "copy", "--json").json
    assert sorted(link["path"] for link in links) == sorted(fetched["files"])
    assert files_below(user.home / "copy") == files_below(
        user.home / "shop-course"
    )
    verified = user.run("verify", job, "--deep", "--json").json
    assert verified["jobId"] == "my-job"
    assert verified["faults"] == []
    assert verified["artifacts"] == len(links) + 1


def test_uncommitted_changes_are_named_and_not_taken(
    user: User, host: GitServer, repository: Repository
) -> None:
    subprocess.run(
        ["git", "clone", "-q", host.url(NAME), str(user.home / "clone")],
        check=True,
    )
    committed = files_below_after(user, user.home / "clone")
    (user.home / "clone/shop/basket.py").write_text("class Vandal:\n    pass\n")
    result = user.run("run", "clone", "--job-id", "other", "--out", "other")
    assert repository.head()
    assert "uncommitted" in result.err
    assert files_below(user.home / "other") == committed


@pytest.mark.parametrize(
    ("argv", "code", "expected"),
    [
        (
            ["run", "no-such-folder"],
            64,
            "REPO is 'no-such-folder', which is neither a folder nor a valid",
        ),
        (["run", 300 * "x"], 64, "neither a folder nor a valid repository URL"),
        (["run", "./" + 300 * "x"], 65, "File name too long"),
        (["run", ""], 64, "REPO is empty"),
        (["run", "./nowhere"], 65, "nowhere"),
        (["run", "ssh://host/x"], 64, "give https://host/x"),
        (["status", "nobody"], 65, "there is no job nobody in this store"),
        (["run", ".", "--branch", "x"], 64, "--branch requires a URL"),
        (
            ["run", ".", "--out", "/etc/passwd/course"],
            64,
            "/etc/passwd is a file: give a folder",
        ),
    ],
)
def test_an_impossible_request_is_answered_in_one_line(
    user: User, argv: list[str], code: int, expected: str
) -> None:
    result = user.run(*argv, code=code)
    assert expected in result.err
    assert "Traceback" not in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("missing", ["branch", "repository"])
def test_a_missing_branch_or_repository_ends_with_65(
    user: User, host: GitServer, repository: Repository, missing: str
) -> None:
    assert repository.head()
    argv = (
        [host.url("owner/none")]
        if missing == "repository"
        else [host.url(NAME), "--branch", "none"]
    )
    result = user.run("run", *argv, code=65)
    assert "none" in result.err
    assert len(result.err.splitlines()) == 1


def test_the_log_is_available_as_json(user: User, folder: Path) -> None:
    result = user.run("run", str(folder), LOG_FORMAT="json")
    events = [json.loads(line) for line in result.err.splitlines()]
    assert {"checked out", "checkpoint", "claimed"} <= {
        event["event"] for event in events
    }
    assert all({"time", "level", "job_id"} <= set(event) for event in events)

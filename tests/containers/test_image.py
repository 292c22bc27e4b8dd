"""The images that the Dockerfile builds: with and without a Fondation source and a key."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.containers.conftest import install_cli
from tests.containers.docker import Docker
from tests.containers.stack import Job

KEY = "sk-ant-made-up-for-a-test"
TAG = "fondation-worker-test:other"
LOOK = "import os; print(sorted(os.listdir('/fondation')))"
READ = (
    "import os; e = os.environ; print(e['ANTHROPIC_API_KEY'] or "
    "open(e['ANTHROPIC_API_KEY_FILE']).read())"
)
PLACEHOLDER = "['no-fondation-source-was-given']"


def test_a_source_is_in_the_image_of_its_build_and_in_no_other(
    docker: Docker, tmp_path: Path
) -> None:
    for turn in ("once", "again"):
        docker.build(TAG)
        assert docker.python(TAG, LOOK) == PLACEHOLDER
        source = install_cli(tmp_path / turn)
        (source / turn).touch()
        docker.build(TAG, "--build-context", f"fondation-source={source}")
        assert docker.python(TAG, LOOK) == str(
            sorted(["cloud-run", turn, "prompts", "behaviour.json"])
        )


def test_the_image_says_what_it_is_and_how_it_is_run(
    docker: Docker, static_image: str
) -> None:
    image: dict[str, Any] = docker.inspect(static_image)
    config = image["Config"]
    assert image["Os"] == "linux"
    assert image["Architecture"] == "amd64"
    assert config["Entrypoint"] == ["fondation-worker"]
    assert config["Cmd"] == ["run"]
    assert config["User"] == "1000:1000"
    variables = dict(assignment.split("=", 1) for assignment in config["Env"])
    assert variables["WORK_DIR"] == "/work"
    assert (
        config["Labels"]["org.opencontainers.image.title"] == "fondation-worker"
    )
    assert image["Size"] < 600e6


def test_nothing_in_the_image_belongs_to_the_worker_but_its_scratch_space(
    docker: Docker, image: str
) -> None:
    look = """
import os
for top in ("/fondation", "/opt", "/etc", "/usr"):
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.access(path, os.W_OK) and not os.path.islink(path): print(path)
"""
    assert docker.python(image, look) == ""
    assert (
        docker.python(
            image,
            "import os; print(os.access('/work', os.W_OK))",
            "--user",
            "4711:4711",
        )
        == "True"
    )


def test_a_source_that_only_its_owner_may_read_can_be_read_in_the_image(
    docker: Docker, image: str
) -> None:
    assert (
        docker.python(
            image, "print('names' in open('/fondation/behaviour.json').read())"
        )
        == "True"
    )
    assert (
        docker.python(
            image, "import os; print(os.path.exists('/fondation/.git'))"
        )
        == "False"
    )


def test_the_worker_needs_no_shell(docker: Docker, static_image: str) -> None:
    without = (
        "--volume",
        "/dev/null:/bin/sh:ro",
        "--volume",
        "/dev/null:/bin/bash:ro",
        "--read-only",
    )
    assert docker(
        "run", "--rm", *without, static_image, "--version"
    ).startswith("fondation-worker ")
    result = docker.try_("run", "--rm", *without, static_image)
    assert result.code == 78
    assert "JOB_ID" in result.stderr


def test_without_a_key_the_cli_cannot_work(job: Job, tmp_path: Path) -> None:
    source = install_cli(tmp_path / "source", keyless=False)
    (source / "behaviour.json").chmod(0o644)
    assert (
        job.run(
            "--volume", f"{source}/behaviour.json:/fondation/behaviour.json:ro"
        )
        == 69
    )
    assert "ANTHROPIC_API_KEY" in str(job.manifest.error)


@pytest.mark.parametrize(
    ("way", "seen"),
    [
        (("--build-arg", f"ANTHROPIC_API_KEY={KEY}"), True),
        (
            (
                "--secret",
                "id=ANTHROPIC_API_KEY,env=MY_KEY",
                "--build-arg",
                "KEY_VERSION=1",
            ),
            False,
        ),
    ],
    ids=["argument", "secret"],
)
def test_a_key_can_be_built_in_and_as_a_secret_is_in_no_history(
    docker: Docker,
    job: Job,
    tmp_path: Path,
    way: tuple[str, ...],
    *,
    seen: bool,
) -> None:
    source = install_cli(tmp_path / "source", keyless=False, delay=1)
    job.image = docker.build(
        TAG, "--build-context", f"fondation-source={source}", *way, MY_KEY=KEY
    )
    assert job.run() == 0
    assert docker.python(TAG, READ) == KEY
    history = docker("history", "--no-trunc", TAG) + json.dumps(
        docker.inspect(TAG)
    )
    assert (KEY in history) is seen
    docker.build(TAG)
    assert docker.python(TAG, READ) == ""  # even with cached layers

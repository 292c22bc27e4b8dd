"""What the Dockerfile builds: with a Fondation source and without, with a key and without."""

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
READ = "import os; print(open(os.environ['ANTHROPIC_API_KEY_FILE']).read())"
PLACEHOLDER = "['no-fondation-source-was-given']"
ARGUMENT = ("--build-arg", f"ANTHROPIC_API_KEY={KEY}")
SECRET = ("--secret", "id=ANTHROPIC_API_KEY,env=MY_KEY")


def history(docker: Docker, image: str) -> str:
    return docker("history", "--no-trunc", image) + json.dumps(docker.inspect(image))


def test_a_source_is_in_the_image_of_its_build_and_in_no_other(docker: Docker, tmp_path: Path) -> None:
    for turn in ("once", "again"):
        docker.build(TAG)
        assert docker.python(TAG, LOOK) == PLACEHOLDER
        source = install_cli(tmp_path / turn)
        (source / turn).touch()
        docker.build(TAG, "--build-context", f"fondation-source={source}")
        assert docker.python(TAG, LOOK) == str(sorted(["cloud-run", turn, "prompts", "vices.json"]))
    docker.build(TAG)
    assert docker.python(TAG, LOOK) == PLACEHOLDER


def test_the_image_says_what_it_is_and_how_it_is_run(docker: Docker, static_image: str) -> None:
    image: dict[str, Any] = docker.inspect(static_image)
    config = image["Config"]
    assert (image["Os"], image["Architecture"]) == ("linux", "amd64")
    assert (config["Entrypoint"], config["Cmd"]) == (["fondation-worker"], ["run"])
    assert config["User"] == "1000:1000"
    variables = dict(one.split("=", 1) for one in config["Env"])
    assert variables["WORK_DIR"] == "/work"
    assert config["Labels"]["org.opencontainers.image.title"] == "fondation-worker"
    assert image["Size"] < 600e6


def test_nothing_in_the_image_belongs_to_the_worker_but_its_scratch_space(docker: Docker, image: str) -> None:
    look = """
import os
for top in ("/fondation", "/opt", "/etc", "/usr"):
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.access(path, os.W_OK) and not os.path.islink(path): print(path)
"""
    assert docker.python(image, look) == ""
    assert docker.python(image, "import os; print(os.access('/work', os.W_OK))", "--user", "4711:4711") == "True"


def test_a_source_that_only_its_owner_may_read_can_be_read_in_the_image(docker: Docker, image: str) -> None:
    assert docker.python(image, "print('names' in open('/fondation/vices.json').read())") == "True"
    assert docker.python(image, "import os; print(os.path.exists('/fondation/.git'))") == "False"


def test_the_worker_needs_no_shell(docker: Docker, static_image: str) -> None:
    without = ("--volume", "/dev/null:/bin/sh:ro", "--volume", "/dev/null:/bin/bash:ro", "--read-only")
    assert docker("run", "--rm", *without, static_image, "--version").startswith("fondation-worker ")
    said = docker.try_("run", "--rm", *without, static_image)
    assert said.code == 78
    assert "JOB_ID" in said.stderr


def test_a_key_that_was_built_in_is_in_the_environment_and_in_the_history(docker: Docker) -> None:
    docker.build(TAG, *ARGUMENT)
    assert docker.python(TAG, "import os; print(os.environ['ANTHROPIC_API_KEY'])") == KEY
    assert KEY in history(docker, TAG)


def test_a_key_that_was_given_as_a_secret_is_in_a_file_and_not_in_the_history(docker: Docker) -> None:
    docker.build(TAG, *SECRET, "--no-cache-filter", "image", MY_KEY=KEY)
    assert docker.python(TAG, READ) == KEY
    assert KEY not in history(docker, TAG)


@pytest.mark.parametrize("way", [ARGUMENT, SECRET], ids=["argument", "secret"])
def test_the_cli_works_with_a_key_of_the_image(docker: Docker, job: Job, tmp_path: Path, way: tuple[str, str]) -> None:
    source = install_cli(tmp_path / "source", keyless=False, delay=1)
    arguments = ("--build-context", f"fondation-source={source}")
    job.image = docker.build(TAG, *arguments)
    assert job.run() == 69
    job.name += "-with-a-key"
    docker.build(TAG, *arguments, *way, "--no-cache-filter", "image", MY_KEY=KEY)
    assert job.run() == 0

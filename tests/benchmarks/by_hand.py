"""A job with the Fondation CLI, written by hand without checkpoints: if it dies, all is lost.

    python -m tests.benchmarks.by_hand REPOSITORY CLI FOLDER BUCKET WEBHOOK

clones the repository, runs the CLI step by step, uploads its files, 8 at once, and posts their
names.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Final

from states.stages import STAGES
from tests.benchmarks.bare import client, upload

STEPS: Final = tuple(info.stage for info in STAGES[1:])


def main(
    repository: str, cli: str, folder: Path, bucket: str, webhook: str
) -> None:
    source, output = folder / "source", folder / "output"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", repository, source], check=True
    )
    for step in STEPS:
        options = ("--output-dir", str(output), "--steps", step)
        argv = [
            "node",
            f"{cli}/cloud-run/cli.bundled.cjs",
            "analyze",
            str(source),
            *options,
        ]
        subprocess.run(argv, check=True, cwd=cli, stdout=subprocess.DEVNULL)
    files = [path for path in output.rglob("*") if path.is_file()]
    names = (
        "AWS_ENDPOINT_URL_S3",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    )
    upload(client(*(os.environ[name] for name in names)), bucket, files)
    body = json.dumps(
        {"type": "complete", "files": [str(path) for path in files]}
    ).encode()
    urllib.request.urlopen(
        urllib.request.Request(
            webhook, body, {"Content-Type": "application/json"}
        )
    ).close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])

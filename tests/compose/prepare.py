"""Prepares the stack of docker-compose.yml: waits for the store, makes bucket and folder.

Run by the worker's image, as root, for the sake of the folder: Docker makes it as root
where it is missing.
"""

import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ATTEMPTS = 15
"""Together about a minute: the pauses between them grow to some seconds."""


def make_bucket(name: str) -> None:
    """Make a bucket, unless it is there, as soon as the store is ready."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=2,
        read_timeout=5,
        s3={"addressing_style": "path"},
    )
    client = boto3.client(
        "s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], config=config
    )
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {
            "BucketAlreadyOwnedByYou",
            "BucketAlreadyExists",
        }:
            raise


def give(folder: Path, user: str) -> None:
    """Let a user write to a folder: one that Docker has made is given away.

    Another user's must be open to them.
    """
    uid, _, gid = user.partition(":")
    if folder.stat().st_uid == 0:
        os.chown(folder, int(uid), int(gid or uid))
    os.setegid(int(gid or uid))
    os.seteuid(int(uid))
    if not os.access(folder, os.W_OK, effective_ids=True):
        owner = folder.stat()
        sys.exit(
            f"./courses is not writable to user {user}: set "
            f"WORKER_USER={owner.st_uid}:{owner.st_gid} in .env"
        )


if __name__ == "__main__":
    bucket, courses, worker = sys.argv[1:]
    make_bucket(bucket)
    give(Path(courses), worker)

"""Prepares the stack of docker-compose.yml: waits for the store, creates bucket and folder.

It runs in the worker's image, as root, because Docker creates a missing folder as root.
"""

import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ATTEMPTS = 15
"""About a minute in all: the pauses between attempts grow to some seconds."""


def make_bucket(name: str) -> None:
    """Create a bucket, unless it exists, as soon as the store is ready."""
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
    """Give a folder that Docker created to a user.

    Exit if the folder is someone else's and the user cannot write to it.
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

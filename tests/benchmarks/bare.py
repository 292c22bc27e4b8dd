"""The baseline of every benchmark: plain boto3, without the worker.

    python -m tests.benchmarks.bare BUCKET PREFIX     lists the objects and gets them, 8 at once

`AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` name the server.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

TRANSFERS: Final = 8
"""How many run at once."""


def client(endpoint_url: str, access_key: str, secret_key: str) -> Any:  # noqa: ANN401 - boto3's
    """Return a client without retries, and without checksums beyond what S3 asks for."""
    config = Config(
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        max_pool_connections=TRANSFERS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=config,
    )


def upload(s3: Any, bucket: str, files: list[Path]) -> None:  # noqa: ANN401 - boto3's
    """Store files under their paths."""
    with ThreadPoolExecutor(TRANSFERS) as pool:
        list(
            pool.map(
                lambda file: s3.put_object(
                    Bucket=bucket, Key=str(file), Body=file.read_bytes()
                ),
                files,
            )
        )


def fetch(s3: Any, bucket: str, prefix: str) -> list[bytes]:  # noqa: ANN401 - boto3's
    """List the objects below a prefix, and get them."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix
    )
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    with ThreadPoolExecutor(TRANSFERS) as pool:
        return list(
            pool.map(
                lambda key: s3.get_object(Bucket=bucket, Key=key)[
                    "Body"
                ].read(),
                keys,
            )
        )


if __name__ == "__main__":
    names = (
        "AWS_ENDPOINT_URL_S3",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    )
    fetch(client(*(os.environ[name] for name in names)), *sys.argv[1:])

"""An S3 server as its users see it."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config

from worker.store.s3 import S3Store
from worker.store.s3_client import S3Access


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Server:
    """A running server, with made-up secrets."""

    name: str
    endpoint_url: str
    log: str
    """The path of its log."""
    region: str = "us-east-1"
    access_key: str = "ACCESSKEY"
    secret_key: str = "SECRETKEY123"

    @property
    def access(self) -> S3Access:
        """The settings of a store on this server."""
        return S3Access(
            endpoint_url=self.endpoint_url,
            public_endpoint_url=None,
            region=self.region,
            access_key=self.access_key,
            secret_key=self.secret_key,
            session_token=None,
        )

    def new_bucket(self) -> str:
        """Make a bucket that no other test uses, and return its name."""
        bucket = f"test-{secrets.token_hex(6)}"
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
            ),
        )
        client.create_bucket(Bucket=bucket)
        client.close()
        return bucket

    def new_store(self, prefix: str = "some/prefix", **changes: Any) -> S3Store:  # noqa: ANN401
        """Return a store in a bucket of its own; `changes` are made to the access."""
        return S3Store(
            self.new_bucket(), prefix, replace(self.access, **changes)
        )


class ServerProgram(Protocol):
    """A kind of server; it ends with the process that started it."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for all its files."""

    def start(self) -> S3Server:
        """Start it and wait until it answers; raise UnavailableError if it cannot run."""

    def stop(self) -> None:
        """End it."""

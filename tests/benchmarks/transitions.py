"""What a transition costs: an append to the log, against one bare create-only PUT of a body of the same size."""

from itertools import count
from pathlib import Path
from typing import Final

from states.codec import encode
from tests.benchmarks import bare
from tests.benchmarks.figures import Figure, in_turns
from tests.support.builders import IDENTITY, begun
from tests.support.servers.server import S3Server
from worker.checkpoint import CheckpointLog, Ownership
from worker.runtime import SystemRuntime
from worker.store.s3 import S3Store

TIMES: Final = 200


def transition(server: S3Server, _folder: Path) -> list[Figure]:
    """Measure appends to a young job's log."""
    bucket, runtime, first = server.new_bucket(), SystemRuntime(), begun()
    log = CheckpointLog(S3Store(bucket, "jobs", server.access), IDENTITY.job_id, runtime)
    owned = Ownership(log, log.append(None, first, first.writer), since=runtime.monotonic())
    s3 = bare.client(server.endpoint_url, server.access_key, server.secret_key)
    numbers, body = count(), encode(owned.manifest)

    def put() -> None:
        s3.put_object(Bucket=bucket, Key=f"bare/{next(numbers):08d}", Body=body, IfNoneMatch="*")

    ours, took = in_turns(lambda: owned.append(lambda base: base), put, times=TIMES)
    return [Figure(name="a transition / one create-only PUT", ours=ours, bare=took, aim=1.5)]

"""The cost of a transition: an append to the log, against one create-only PUT of the same size."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from states.codec import encode
from states.course_paths import (
    ARTIFACT_LIST,
    PAGE_STAGES,
    ChapterRef,
    item_path,
)
from states.manifest import MAX_INLINE, ArtifactList, Manifest
from tests.benchmarks import bare
from tests.benchmarks.figures import Figure, in_turns
from tests.support.builders import IDENTITY, artifact, begun
from tests.support.servers.server import S3Server
from worker.ownership.log import CheckpointLog, Ownership
from worker.store.s3 import S3Store
from worker.system.runtime import SystemRuntime

TIMES: Final = 100
ITEMS: Final = (10, 500, 768, 5000)


def transition(server: S3Server, _folder: Path) -> list[Figure]:
    """Measure appends to the logs of jobs with finished items, by their number."""
    return [_appends(server, items) for items in ITEMS]


def _appends(server: S3Server, items: int) -> Figure:
    bucket, runtime, first = (
        server.new_bucket(),
        SystemRuntime(),
        with_items(items),
    )
    log = CheckpointLog(
        S3Store(bucket, "jobs", server.access), IDENTITY.job_id, runtime
    )
    checkpoint = log.append(None, first, first.writer)
    owned = Ownership(
        log, checkpoint, since=runtime.monotonic(), dated=None, skew=0
    )
    s3 = bare.client(server.endpoint_url, server.access_key, server.secret_key)
    numbers, body = count(), encode(owned.manifest)

    def put() -> None:
        s3.put_object(
            Bucket=bucket,
            Key=f"bare/{next(numbers):08d}",
            Body=body,
            IfNoneMatch="*",
        )

    ours, took = in_turns(
        lambda: owned.append(lambda base: base), put, times=TIMES
    )
    name = f"a transition with {items} items ({len(body) // 1000} kB) / one create-only PUT"
    return Figure(name=name, ours=ours, bare=took, aim=1.5)


def with_items(items: int) -> Manifest:
    """Return a manifest of a job with this many chapters, reviews and tutorials."""
    manifest = begun()
    for first, stage in enumerate(PAGE_STAGES):
        numbers = range(first, items, len(PAGE_STAGES))
        artifacts = tuple(
            artifact(item_path(stage, ChapterRef(index=number, name="Thing")))
            for number in numbers
        )
        record = replace(manifest.record(stage), artifacts=artifacts)
        if len(artifacts) > MAX_INLINE:
            file = artifact(ARTIFACT_LIST)
            listed = ArtifactList(count=len(artifacts), file=file)
            record = replace(record, artifacts=(), listed=listed)
        manifest = manifest.with_record(record)
    return manifest

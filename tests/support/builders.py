"""Manifests and their parts, made from the few values that a test needs."""

from dataclasses import replace

from states import decisions
from states.exits import Exit
from states.manifest import (
    Artifact,
    EngineRef,
    Error,
    Identity,
    Manifest,
    RunRecord,
    Writer,
)
from states.stages import INFO, STAGES, Stage

AT = "2026-01-02T03:04:05.678Z"
ENGINE = EngineRef(name="static", version="1")
IDENTITY = Identity(
    job_id="job-1", repository="https://example.org/owner/name", branch="main"
)
COMMIT = "a" * 40


def run_record(number: int = 1, **changes: object) -> RunRecord:
    """Return the record of a run that has just claimed the job."""
    record = RunRecord(
        number=number, claimed_at=AT, version="1.0.0", lease_seconds=30
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def artifact(
    path: str = "step1_abstractions.yaml", content: str = "a"
) -> Artifact:
    """Return an artifact whose hash is made of one repeated letter."""
    return Artifact(
        path=path, size=3, sha256=content * 64, media_type="application/yaml"
    )


def error(code: Exit = Exit.TEMPORARY) -> Error:
    """Return an error of a run."""
    return Error(
        message="it broke",
        code="broken",
        exit_code=code,
        retryable=code is Exit.TEMPORARY,
        at=AT,
    )


def begun(identity: Identity = IDENTITY, *, announces: bool = True) -> Manifest:
    return decisions.begin(identity, ENGINE, run_record(), announces=announces)


def stamped(manifest: Manifest, *, writer: Writer = Writer.WORKER) -> Manifest:
    """Return a decision as the log would append it."""
    return replace(manifest, sequence=manifest.sequence + 1, writer=writer)


def entered(stage: Stage | None, *, announces: bool = True) -> Manifest:
    """Return a job that has entered a stage (None: publishing), all earlier ones finished."""
    manifest = stamped(decisions.enter(begun(announces=announces), at=AT))
    for info in STAGES:
        if info.stage is stage:
            return manifest
        if info.stage is Stage.CLONE:
            manifest = stamped(decisions.pin(manifest, COMMIT))
        manifest = stamped(finished(manifest))
    return manifest


def finished(manifest: Manifest) -> Manifest:
    """Return the decision that finishes a stage with one artifact, and enters the next."""
    stage = manifest.current_stage
    assert stage is not None
    info = INFO[stage]
    path = info.file or (
        f"{info.folder}/{info.stem}_1_x.md" if info.folder else "source.tar.gz"
    )
    done = decisions.finish(manifest, (artifact(path),), at=AT, seconds=1.5)
    return decisions.move_on(done, at=AT)


def completed(*, announces: bool = True) -> Manifest:
    """Return a completed job, its last event pending."""
    return stamped(
        decisions.complete(entered(None, announces=announces), at=AT)
    )

"""Where a job's objects lie below the store's prefix, and what their names say."""

import re
from dataclasses import dataclass
from typing import Final

from states.stages import Stage

JOB_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
DIGEST_LENGTH: Final = 12
CONTENT_LENGTH: Final = 16

_CHECKPOINT: Final = re.compile(r"[^/]+/checkpoints/(\d{8})\.json")
_ARTIFACT: Final = re.compile(r"[^/]+/artifacts/([a-z-]+)/([0-9a-f]{12})/([0-9a-f]{16})/(.+)", re.DOTALL)
_OWN: Final = re.compile(r"([A-Za-z0-9._-]{1,128})/(?:checkpoints|artifacts|runs)/")


def valid_job_id(job_id: str) -> bool:
    """Tell whether a text may name a job: 1 to 128 of `A-Za-z0-9._-`, but neither `.` nor `..`."""
    return JOB_ID.fullmatch(job_id) is not None and job_id not in {".", ".."}


def job_prefix(job_id: str) -> str:
    """Return what all keys of a job begin with."""
    return f"{job_id}/"


def after_job(job_id: str) -> str:
    """Return a text that sorts behind all keys of a job, and before any other job's that follows (`0` is `/` + 1)."""
    return f"{job_id}0"


def job_of(key: str) -> str | None:
    """Return the job that a key belongs to, or None if it is not one of ours."""
    match = _OWN.match(key)
    return match[1] if match and valid_job_id(match[1]) else None


def checkpoints_prefix(job_id: str) -> str:
    """Return the folder of a job's checkpoints."""
    return f"{job_id}/checkpoints/"


def checkpoint_key(job_id: str, sequence: int) -> str:
    """Return the key of a checkpoint; keys sort as their sequences do."""
    return f"{job_id}/checkpoints/{sequence:08d}.json"


def sequence_of(key: str) -> int | None:
    """Return the sequence that a checkpoint's key names, or None if it is not one."""
    match = _CHECKPOINT.fullmatch(key)
    return int(match[1]) if match else None


def heartbeat_key(job_id: str, run: int) -> str:
    """Return the key of the one mutable object of a run: its lease."""
    return f"{job_id}/runs/{run}/heartbeat.json"


def artifacts_prefix(job_id: str) -> str:
    """Return the folder of all that a job's stages wrote."""
    return f"{job_id}/artifacts/"


def inputs_prefix(job_id: str, stage: Stage, inputs: str) -> str:
    """Return the folder of what a stage wrote from given inputs (12 hexadecimal digits)."""
    return f"{artifacts_prefix(job_id)}{stage}/{inputs}/"


def artifact_key(job_id: str, stage: Stage, inputs: str, sha256: str, path: str) -> str:
    """Return the key of an artifact: addressed by its inputs, named by its content."""
    return f"{inputs_prefix(job_id, stage, inputs)}{sha256[:CONTENT_LENGTH]}/{path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactName:
    """What the key of an artifact says."""

    stage: Stage
    inputs: str
    content: str
    """The first 16 hexadecimal digits of the SHA-256."""
    path: str


def artifact_name(key: str) -> ArtifactName | None:
    """Read an artifact's key, or return None if it is not one."""
    match = _ARTIFACT.fullmatch(key)
    if match is None or match[1] not in set(Stage):
        return None
    return ArtifactName(stage=Stage(match[1]), inputs=match[2], content=match[3], path=match[4])

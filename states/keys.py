"""Where a job's objects lie below the store's prefix, and what their names say."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from states.stages import Stage

JOB_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
DIGEST_LENGTH: Final = 12
CONTENT_LENGTH: Final = 16

_STAGE: Final = "|".join(Stage)
_CHECKPOINT: Final = re.compile(r"[^/]+/checkpoints/([0-9]{8})\.json")
_ARTIFACT: Final = re.compile(
    rf"[^/]+/artifacts/({_STAGE})/([0-9a-f]{{12}})/([0-9a-f]{{16}})/(.+)", re.DOTALL
)
_OWN: Final = (
    _CHECKPOINT,
    _ARTIFACT,
    re.compile(r"[^/]+/runs/[0-9]+/heartbeat\.json"),
    re.compile(r"[^/]+/sweeps/[A-Za-z0-9._~%-]+\.[0-9]+"),
    re.compile(
        rf"[^/]+/calls/(?:{_STAGE})/[0-9a-f]{{32}}/[0-9]+-(?:intent|answer)\.json"
    ),
)
"""All kinds of objects that a job has; nothing else that lies below its name is the job's."""
_FOLDERS: Final = frozenset({"checkpoints", "artifacts", "runs", "sweeps", "calls"})


def valid_job_id(job_id: str) -> bool:
    """Tell whether a text may name a job: 1 to 128 of `A-Za-z0-9._-`, but neither `.` nor `..`."""
    return JOB_ID.fullmatch(job_id) is not None and job_id not in {".", ".."}


def job_prefix(job_id: str) -> str:
    """Return what all keys of a job begin with."""
    return f"{job_id}/"


def after_folder(name: str) -> str:
    """Return a text that sorts after all keys below a folder, and before those of the next (`0` follows `/`)."""
    return f"{name}0"


def job_of(key: str) -> str | None:
    """Return the job that an object belongs to, or None if the object is no job's."""
    name = key.partition("/")[0]
    own = valid_job_id(name) and any(kind.fullmatch(key) for kind in _OWN)
    return name if own else None


def enclosing_folders(path: str) -> list[str]:
    """Return what a store's path would be called within a job's folder, for each folder on it that may be a job's.

    The store at `team/job-1/artifacts/clone` may lie in `artifacts/clone/` of a job
    `job-1`. Its path may also be a job's folder itself: then the name is empty.
    """
    names = path.split("/")
    inside = [
        "/".join(names[number:]) + "/"
        for number, name in enumerate(names)
        if name in _FOLDERS and number > 0 and valid_job_id(names[number - 1])
    ]
    return ["", *inside] if valid_job_id(names[-1]) else inside


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


def sweep_mark_key(job_id: str, run_id: str, number: int) -> str:
    """Return the key of a sweep's mark for the run after a dead one."""
    return f"{job_id}/sweeps/{quote(run_id, safe='')}.{number}"


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
    if match is None:
        return None
    return ArtifactName(
        stage=Stage(match[1]), inputs=match[2], content=match[3], path=match[4]
    )

"""The keys of a job's objects: builds and parses them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from states.stages import Stage

JOB_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
DIGEST_LENGTH: Final = 12
CONTENT_LENGTH: Final = 16

_STAGE: Final = "|".join(Stage)
_CHECKPOINT: Final = re.compile(r"[^/]+/checkpoints/([0-9]{8})\.json")
_ARTIFACT: Final = re.compile(
    rf"[^/]+/artifacts/({_STAGE})/([0-9a-f]{{12}})/([0-9a-f]{{16}})/(.+)",
    re.DOTALL,
)
_CALL: Final = re.compile(
    rf"[^/]+/calls/({_STAGE})/([0-9a-f]{{32}})/([1-9][0-9]*)-(intent|answer)\.json"
)
# guard: gc deletes artifacts, and the lists of them
_OWN: Final = (
    _CHECKPOINT,
    _ARTIFACT,
    _CALL,
    re.compile(r"[^/]+/runs/[0-9]+/heartbeat\.json"),
    re.compile(r"[^/]+/sweeps/[A-Za-z0-9._~%-]+\.[0-9]+"),
)
"""All kinds of objects that belong to a job; other objects below its name do not."""
_FOLDERS: Final = frozenset(
    {"checkpoints", "artifacts", "runs", "sweeps", "calls"}
)


def valid_job_id(job_id: str) -> bool:
    """Whether a job may have this name: 1 to 128 of `A-Za-z0-9._-`, but not `.` or `..`."""
    if job_id in {".", ".."}:
        return False
    return JOB_ID.fullmatch(job_id) is not None


def job_prefix(job_id: str) -> str:
    return f"{job_id}/"


def after_folder(name: str) -> str:
    """Return the text that sorts right after all keys below a folder (`0` follows `/`)."""
    return f"{name}0"


def job_of(key: str) -> str | None:
    """Return the job that an object belongs to, or None if it belongs to none."""
    name = key.partition("/")[0]
    if not valid_job_id(name):
        return None
    for kind in _OWN:
        if kind.fullmatch(key):
            return name
    return None


def enclosing_folders(path: str) -> list[str]:
    """Return a store's path relative to each job whose folder may enclose it.

    The store at `team/job-1/artifacts/clone` may lie in `artifacts/clone/` of a job
    `job-1`. If the path is a job's folder itself, the relative path is empty.
    """
    names = path.split("/")
    folders = []
    if valid_job_id(names[-1]):
        folders.append("")
    for number, name in enumerate(names[1:], start=1):
        parent = names[number - 1]
        if name in _FOLDERS and valid_job_id(parent):
            inside = "/".join(names[number:])
            folders.append(f"{inside}/")
    return folders


def checkpoints_prefix(job_id: str) -> str:
    return f"{job_id}/checkpoints/"


def checkpoint_key(job_id: str, sequence: int) -> str:
    """Return the key of a checkpoint; keys sort by sequence."""
    return f"{job_id}/checkpoints/{sequence:08d}.json"


def sequence_of(key: str) -> int | None:
    """Return the sequence in a checkpoint's key, or None for other keys."""
    match = _CHECKPOINT.fullmatch(key)
    if match is None:
        return None
    return int(match[1])


def heartbeat_key(job_id: str, run: int) -> str:
    """Return the key of a run's heartbeat, its one mutable object."""
    return f"{job_id}/runs/{run}/heartbeat.json"


def sweep_mark_key(job_id: str, run_id: str, number: int) -> str:
    """Return the key of the mark that decides which sweep starts the run after a dead one."""
    name = quote(run_id, safe="")
    return f"{job_id}/sweeps/{name}.{number}"


def artifacts_prefix(job_id: str) -> str:
    return f"{job_id}/artifacts/"


def inputs_prefix(job_id: str, stage: Stage, inputs: str) -> str:
    """Return the prefix of a stage's artifacts; `inputs` is the digest of its inputs."""
    return f"{artifacts_prefix(job_id)}{stage}/{inputs}/"


def artifact_key(
    job_id: str, stage: Stage, inputs: str, sha256: str, path: str
) -> str:
    """Return an artifact's key: addressed by its inputs, named by its content."""
    prefix = inputs_prefix(job_id, stage, inputs)
    content = sha256[:CONTENT_LENGTH]
    return f"{prefix}{content}/{path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactName:
    """The parts of an artifact's key."""

    stage: Stage
    inputs: str
    content: str
    """The first 16 hexadecimal digits of the SHA-256."""
    path: str


def artifact_name(key: str) -> ArtifactName | None:
    """Read an artifact's key; return None for other keys."""
    match = _ARTIFACT.fullmatch(key)
    if match is None:
        return None
    stage, inputs, content, path = match.groups()
    return ArtifactName(
        stage=Stage(stage), inputs=inputs, content=content, path=path
    )


class CallRecord(StrEnum):
    """The two objects of a paid call."""

    INTENT = "intent"
    """Stored before the call is sent."""
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallName:
    """The parts of the key of a paid call's object."""

    stage: Stage
    key: str
    """The digest of everything that the answer depends on: 32 hexadecimal digits."""
    number: int
    """Counts from 1; a call that got no answer is sent again under the next number."""
    record: CallRecord


def calls_prefix(job_id: str) -> str:
    return f"{job_id}/calls/"


def call_key(job_id: str, name: CallName) -> str:
    prefix = calls_prefix(job_id)
    file = f"{name.number}-{name.record}.json"
    return f"{prefix}{name.stage}/{name.key}/{file}"


def call_name(key: str) -> CallName | None:
    """Read the key of a paid call's object; return None for other keys."""
    match = _CALL.fullmatch(key)
    if match is None:
        return None
    stage, digest, number, record = match.groups()
    return CallName(
        stage=Stage(stage),
        key=digest,
        number=int(number),
        record=CallRecord(record),
    )

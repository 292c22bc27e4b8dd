"""The document of `status --json`, also returned by the gateway."""

from dataclasses import dataclass, replace

from states.codec import JsonObject
from states.course_paths import YAML_STAGES
from states.exits import MEANING, Exit
from states.manifest import (
    CallbackEvent,
    EngineRef,
    Identity,
    Manifest,
    Outbox,
    Rejection,
    RunRecord,
    StageRecord,
    Update,
)
from states.stages import INFO, Stage
from states.usage import Waiting, usage_document
from worker.course.formats import Rules
from worker.course.inventory import Inventory
from worker.errors import WorkerError
from worker.platform.port import PlatformRun
from worker.platform.settings import PlatformSettings
from worker.services.deployment import Warn
from worker.services.platform_runs import list_platform_runs
from worker.services.view import View


@dataclass(frozen=True, slots=True)
class _ItemCount:
    done: int
    total: int | None
    """None if it is not known yet."""


def describe(view: View, manifest: Manifest) -> JsonObject:
    """Return the state of a job as a document."""
    count = _count_items(view, manifest)
    return {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "sequence": manifest.sequence,
        "updatedAt": manifest.written_at,
        "repository": manifest.identity.repository,
        "branch": manifest.identity.branch,
        "commit": manifest.commit,
        "engine": _engine(manifest.engine),
        "step": manifest.step,
        "stages": _stages(manifest, count),
        "runs": [_run(run) for run in manifest.runs],
        "error": _error(manifest),
        "cancelRequested": manifest.cancel_requested,
        **_callbacks(manifest.outbox),
        "collected": manifest.collected,
        "usage": _usage(manifest),
        "waiting": _waiting(manifest.waiting),
        "update": _update(manifest.update),
        "store": view.store.url,
    }


def _engine(engine: EngineRef) -> JsonObject:
    return {
        "name": engine.name,
        "version": engine.version,
        "model": engine.model,
        "language": engine.language,
    }


def describe_with_runs(
    view: View,
    platform: PlatformSettings | None,
    manifest: Manifest,
    warn: Warn,
) -> JsonObject:
    """Return the state of a job; with a platform, also its runs there as `platformRuns`.

    They are null if the platform cannot be reached.
    """
    document = describe(view, manifest)
    if platform is None:
        return document
    try:
        runs = list_platform_runs(platform, view.runtime, manifest)
    except WorkerError as error:
        warn([f"the platform's runs are unknown: {error}"])
        document["platformRuns"] = None
    else:
        document["platformRuns"] = [_platform_run(run) for run in runs]
    return document


def describe_pending(
    identity: Identity, refused: Exit | None = None
) -> JsonObject:
    """Return the state of a job without a checkpoint as a document.

    `refused` is the exit code of a run that ended before its first checkpoint.
    """
    error = None
    if refused is not None:
        error = _refusal(refused)
    return {
        "jobId": identity.job_id,
        "state": "pending",
        "run": 0,
        "sequence": 0,
        "updatedAt": None,
        "repository": identity.repository,
        "branch": identity.branch,
        "commit": None,
        "engine": None,
        "step": 1,
        "stages": [],
        "runs": [],
        "error": error,
        "cancelRequested": False,
        **_callbacks(Outbox()),
        "collected": False,
        "usage": None,
        "waiting": None,
        "update": None,
    }


def _count_items(view: View, manifest: Manifest) -> _ItemCount | None:
    """Count the stored items of the current stage; return None if there is none."""
    stage = manifest.next_stage
    if stage is None or manifest.over or manifest.collected:
        return None
    inventory = view.inventory(manifest)
    done = len(inventory.unfinished())
    if INFO[stage].folder is None:
        return _ItemCount(done, total=1)
    return _ItemCount(done, total=_expected_items(inventory, stage))


def _expected_items(inventory: Inventory, stage: Stage) -> int | None:
    """Return how many items a stage will have; None if its inputs cannot be read."""
    documents = []
    for earlier in YAML_STAGES:
        documents += inventory.of(earlier)
    outputs = {}
    for file, body in inventory.read(documents):
        if body is not None:
            outputs[file.path] = body
    try:
        return len(Rules(stage, outputs).expected)
    except KeyError:
        return None


def _stages(manifest: Manifest, count: _ItemCount | None) -> list[JsonObject]:
    stages = []
    for record in manifest.stages:
        stored = record.artifact_count
        items = _ItemCount(stored, total=stored or None)
        in_hand = record.stage is manifest.next_stage
        if in_hand and count is not None:
            items = count
        document = _stage(manifest, record, items)
        stages.append(document)
    return stages


def _stage(
    manifest: Manifest, record: StageRecord, items: _ItemCount
) -> JsonObject:
    return {
        "stage": record.stage,
        "step": INFO[record.stage].step,
        "state": _stage_state(manifest, record),
        "items": items.done,
        "total": items.total,
        "seconds": record.seconds,
        "attempts": record.attempts,
        "generation": record.generation,
        "startedAt": record.started_at,
        "finishedAt": record.finished_at,
    }


def _stage_state(manifest: Manifest, record: StageRecord) -> str:
    if record.finished:
        return "finished"
    if record.stage is manifest.current_stage:
        return "running"
    return "waiting"


def _run(run: RunRecord) -> JsonObject:
    return {
        "run": run.number,
        "claimedAt": run.claimed_at,
        "endedAt": run.ended_at,
        "exitCode": run.exit_code,
        "workerVersion": run.version,
        "platformRun": run.platform_run,
    }


def _platform_run(run: PlatformRun) -> JsonObject:
    """Leave out the run's environment, which contains tokens."""
    return {
        "id": run.id,
        "state": run.state,
        "reason": run.reason,
        "exitCode": run.exit_code,
        "attempts": run.attempts,
    }


def _error(manifest: Manifest) -> JsonObject | None:
    error = manifest.error
    if error is None:
        return None
    return {
        "message": error.message,
        "code": error.code,
        "exitCode": int(error.exit_code),
        "retryable": error.retryable,
        "stage": error.stage,
        "at": error.at,
    }


def _usage(manifest: Manifest) -> JsonObject | None:
    """Return the usage of the job's calls; an operator's new limit applies at once."""
    if manifest.usage is None:
        return None
    budget = manifest.budget or manifest.usage.budget
    return usage_document(replace(manifest.usage, budget=budget))


def _waiting(waiting: Waiting | None) -> JsonObject | None:
    if waiting is None:
        return None
    return {
        "reason": waiting.reason,
        "notBefore": waiting.not_before,
        "batchId": waiting.batch_id,
        "expiresAt": waiting.expires_at,
    }


def _update(update: Update | None) -> JsonObject | None:
    if update is None:
        return None
    return {
        "from": update.from_,
        "fromCommit": update.from_commit,
        "changed": update.changed,
        "kept": update.kept,
        "made": update.made,
        "why": update.why,
    }


def _refusal(code: Exit) -> JsonObject:
    return {
        "message": f"{MEANING[code]}; see the gateway's log",
        "code": "config",
        "exitCode": int(code),
        "retryable": True,
        "stage": None,
        "at": None,
    }


def _callbacks(outbox: Outbox) -> JsonObject:
    rejected = []
    for rejection in outbox.rejected:
        rejection_document = _rejection(rejection)
        rejected.append(rejection_document)
    return {
        "pendingCallbacks": [_event(event) for event in outbox.pending],
        "callbackTrouble": outbox.trouble,
        "rejectedCallbacks": rejected,
    }


def _event(event: CallbackEvent) -> JsonObject:
    return {
        "sequence": event.sequence,
        "type": event.type,
        "status": event.status,
        "step": event.step,
    }


def _rejection(rejection: Rejection) -> JsonObject:
    return {
        "sequence": rejection.sequence,
        "statusCode": rejection.status_code,
        "at": rejection.at,
    }

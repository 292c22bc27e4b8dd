"""`status` and `list`: where jobs stand."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from states.keys import after_folder, job_of, valid_job_id
from states.manifest import CallbackEvent, Manifest, StageRecord
from states.stages import INFO, Stage
from worker.cli.output import Output, seconds, table
from worker.course.formats import Rules
from worker.course.inventory import Inventory
from worker.errors import DamagedCheckpointError, DataError, WorkerError
from worker.ownership.log import CheckpointLog
from worker.platform.settings import PlatformSettings
from worker.services.deployment import optional_platform, warn
from worker.services.platform_runs import platform_runs, run_document
from worker.services.view import View, open_view


def status(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Say where a job stands."""
    view = open_view(arguments, environment)
    platform = optional_platform(arguments, environment)
    document = describe_all(view, platform, view.manifest(arguments.job_id))
    return Output(document=document, lines=_lines(document))


def describe_all(
    view: View, platform: PlatformSettings | None, manifest: Manifest
) -> dict[str, Any]:
    """Return what is known of a job, with the platform's runs where there is a platform."""
    document = describe(view, manifest)
    if platform is not None:
        document["platformRuns"] = _platform_runs(platform, view, manifest)
    return document


def _platform_runs(
    platform: PlatformSettings, view: View, manifest: Manifest
) -> list[dict[str, Any]] | None:
    """Return what the platform knows of a job's runs, or None if it cannot be asked now."""
    try:
        return [
            run_document(run) for run in platform_runs(platform, view.runtime, manifest)
        ]
    except WorkerError as error:
        warn([f"the platform's runs are not known: {error}"])
        return None


def list_jobs(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """List the jobs of a store, in the order of their names."""
    view = open_view(arguments, environment)
    job_ids = list(all_jobs(view))
    documents = [_summary(view, job_id) for job_id in job_ids]
    rows = [["JOB", "STATE", "RUN", "SINCE", "REPOSITORY"]] + [
        [
            str(one[key] or "")
            for key in ("jobId", "state", "run", "updatedAt", "repository")
        ]
        for one in documents
    ]
    return Output(
        document=documents,
        lines=table(rows) if documents else [f"no jobs in {view.store.url}"],
    )


def all_jobs(view: View) -> Iterator[str]:
    """Yield the names of all jobs of a store: a listing of one entry for each, two for what is no job."""
    start = ""
    while entry := next(view.store.entries("", start_after=start, limit=1), None):
        name, slash, _ = entry.key.partition("/")
        start = after_folder(name) if slash else entry.key
        if slash and (job_of(entry.key) or _has_checkpoint(view, name)):
            yield name


def _has_checkpoint(view: View, name: str) -> bool:
    """Tell whether a folder that begins with something else is a job's all the same."""
    log = CheckpointLog(view.store, name, view.runtime)
    return valid_job_id(name) and any(log.sequences())


def describe(view: View, manifest: Manifest) -> dict[str, Any]:
    """Return what is known of a job, for machines."""
    done = _items_done(view, manifest)
    return {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "sequence": manifest.sequence,
        "updatedAt": manifest.written_at,
        "repository": manifest.identity.repository,
        "branch": manifest.identity.branch,
        "commit": manifest.commit,
        "engine": {"name": manifest.engine.name, "version": manifest.engine.version},
        "step": manifest.step,
        "stages": [
            _stage(manifest, record, done.get(record.stage))
            for record in manifest.stages
        ],
        "runs": [
            {
                "run": run.number,
                "claimedAt": run.claimed_at,
                "endedAt": run.ended_at,
                "exitCode": run.exit_code,
                "workerVersion": run.version,
                "platformRun": run.platform_run,
            }
            for run in manifest.runs
        ],
        "error": _error(manifest),
        "cancelRequested": manifest.cancel_requested,
        "pendingCallbacks": [_event(event) for event in manifest.outbox.pending],
        "callbackTrouble": manifest.outbox.trouble,
        "rejectedCallbacks": [
            {"sequence": one.sequence, "statusCode": one.status_code, "at": one.at}
            for one in manifest.outbox.rejected
        ],
        "collected": manifest.collected,
        "store": view.store.url,
    }


def _items_done(view: View, manifest: Manifest) -> dict[Stage, tuple[int, int | None]]:
    """Return how many items the stage in hand has, of how many."""
    stage = manifest.next_stage
    if stage is None or manifest.over or manifest.collected:
        return {}
    inventory = Inventory(view.store, view.runtime.executor(4), manifest)
    done = len(inventory.unfinished())
    if INFO[stage].folder is None:
        return {stage: (done, 1)}
    read = inventory.read(
        [one for one in inventory.finished() if one.path.endswith(".yaml")]
    )
    outputs = {holding.path: body for holding, body in read if body is not None}
    try:
        return {stage: (done, len(Rules(stage, outputs).expected))}
    except KeyError:
        return {stage: (done, None)}


def _stage(
    manifest: Manifest, record: StageRecord, counts: tuple[int, int | None] | None
) -> dict[str, Any]:
    items, total = counts or (len(record.artifacts), len(record.artifacts) or None)
    now = "running" if record.stage is manifest.current_stage else "waiting"
    return {
        "stage": record.stage,
        "step": INFO[record.stage].step,
        "state": "finished" if record.finished else now,
        "items": items,
        "total": total,
        "seconds": record.seconds,
        "attempts": record.attempts,
        "generation": record.generation,
        "startedAt": record.started_at,
        "finishedAt": record.finished_at,
    }


def _error(manifest: Manifest) -> dict[str, Any] | None:
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


def _event(event: CallbackEvent) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "type": event.type,
        "status": event.status,
        "step": event.step,
    }


def _summary(view: View, job_id: str) -> dict[str, Any]:
    try:
        manifest = view.manifest(job_id)
    except (DataError, DamagedCheckpointError) as error:
        # A job that cannot be read is shown, not hidden, and does not hide the others.
        return dict.fromkeys(("run", "updatedAt", "repository")) | {
            "jobId": job_id,
            "state": f"unreadable: {error.code}",
        }
    return {
        "jobId": job_id,
        "state": manifest.state,
        "run": manifest.run,
        "updatedAt": manifest.written_at,
        "repository": manifest.identity.repository,
        "branch": manifest.identity.branch,
        "step": manifest.step,
        "pendingCallbacks": len(manifest.outbox.pending),
    }


def _lines(document: dict[str, Any]) -> list[str]:
    engine = document["engine"]
    lines = [
        f"job         {document['jobId']}",
        f"state       {document['state']}{' (collected)' if document['collected'] else ''}, run {document['run']}",
        f"repository  {document['repository']} ({document['branch']}) at {document['commit'] or 'no commit yet'}",
        f"engine      {engine['name']} {engine['version']}",
    ]
    if error := document["error"]:
        lines.append(
            f"error       {error['message']} ({error['code']}, exit code {error['exitCode']})"
        )
    if document["cancelRequested"]:
        lines.append("cancel      requested")
    rows = [
        [
            f"  {one['step']} {one['stage']}",
            one["state"],
            _count(one),
            seconds(one["seconds"]),
            _tries(one),
        ]
        for one in document["stages"]
    ]
    pending, rejected = document["pendingCallbacks"], document["rejectedCallbacks"]
    said = [
        f"pending     callback {one['sequence']}: {one['type']} {one['status']}"
        for one in pending
    ]
    if trouble := document["callbackTrouble"]:
        said.append(f"webhook     {trouble}")
    refused = [
        f"rejected    callback {one['sequence']}, with status {one['statusCode']}"
        for one in rejected
    ]
    runs = [f"platform    {_run(one)}" for one in document.get("platformRuns") or []]
    return [*lines, *table(rows), *said, *refused, *runs]


def _run(one: dict[str, Any]) -> str:
    code = "none" if one["exitCode"] is None else one["exitCode"]
    reason = f" ({one['reason']})" if one["reason"] else ""
    return f"run {one['id']}: {one['state']}{reason}, exit code {code}, {one['attempts'] or 1} attempts"


def _count(stage: dict[str, Any]) -> str:
    total = stage["total"]
    return (
        f"{stage['items']}/{total}" if total is not None else str(stage["items"] or "")
    )


def _tries(stage: dict[str, Any]) -> str:
    return f"{stage['attempts']} tries" if stage["attempts"] > 1 else ""

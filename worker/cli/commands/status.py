"""`status` and `list`: the state of one job, and of all jobs of a store."""

from collections.abc import Mapping
from typing import Any

from worker.cli.options import JobOptions, ListOptions
from worker.cli.output import Output, counted, seconds, table, warn
from worker.errors import DamagedCheckpointError, DataError
from worker.services.deployment import optional_platform
from worker.services.describe import describe_with_runs
from worker.services.view import View, open_view

_LIST_COLUMNS = ("jobId", "state", "run", "updatedAt", "repository")


def status(options: JobOptions, environment: Mapping[str, str]) -> Output:
    """Show the state of a job."""
    view = open_view(options.store, environment)
    platform = optional_platform(options.definition, environment)
    manifest = view.manifest(options.job_id)
    document = describe_with_runs(view, platform, manifest, warn)
    return Output(document=document, lines=_lines(document))


def list_jobs(options: ListOptions, environment: Mapping[str, str]) -> Output:
    """List the jobs of a store, in the order of their ids."""
    view = open_view(options.store, environment)
    documents = [_summary(view, job_id) for job_id in view.job_ids()]
    if not documents:
        return Output(document=[], lines=[f"no jobs in {view.store.url}"])
    rows = [["JOB", "STATE", "RUN", "SINCE", "REPOSITORY"]]
    for document in documents:
        cells = [document[column] for column in _LIST_COLUMNS]
        rows.append([str(cell or "") for cell in cells])
    return Output(document=documents, lines=table(rows))


def _summary(view: View, job_id: str) -> dict[str, Any]:
    """Return one job of the list; an unreadable one is shown, and does not hide the others."""
    try:
        manifest = view.manifest(job_id)
    except (DataError, DamagedCheckpointError) as error:
        return {
            "jobId": job_id,
            "state": f"unreadable: {error.code}",
            "run": None,
            "updatedAt": None,
            "repository": None,
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
    rows = [_stage_row(stage) for stage in document["stages"]]
    runs = document.get("platformRuns") or []
    return [
        *_job_lines(document),
        *table(rows),
        *_callback_lines(document),
        *(f"platform    {_platform_run(run)}" for run in runs),
    ]


def _job_lines(document: dict[str, Any]) -> list[str]:
    collected = " (collected)" if document["collected"] else ""
    commit = document["commit"] or "no commit yet"
    engine = document["engine"]
    lines = [
        f"job         {document['jobId']}",
        f"state       {document['state']}{collected}, run {document['run']}",
        f"repository  {document['repository']} ({document['branch']}) at {commit}",
        f"engine      {engine['name']} {engine['version']}",
    ]
    error = document["error"]
    if error is not None:
        cause = f"{error['code']}, exit code {error['exitCode']}"
        lines.append(f"error       {error['message']} ({cause})")
    if document["cancelRequested"]:
        lines.append("cancel      requested")
    return lines


def _stage_row(stage: dict[str, Any]) -> list[str]:
    items, total, attempts = stage["items"], stage["total"], stage["attempts"]
    count = str(items or "") if total is None else f"{items}/{total}"
    return [
        f"  {stage['step']} {stage['stage']}",
        stage["state"],
        count,
        seconds(stage["seconds"]),
        f"{attempts} tries" if attempts > 1 else "",
    ]


def _callback_lines(document: dict[str, Any]) -> list[str]:
    lines = []
    for event in document["pendingCallbacks"]:
        callback = f"callback {event['sequence']}"
        lines.append(f"pending     {callback}: {event['type']} {event['status']}")
    trouble = document["callbackTrouble"]
    if trouble is not None:
        lines.append(f"webhook     {trouble}")
    for event in document["rejectedCallbacks"]:
        callback = f"callback {event['sequence']}"
        lines.append(f"rejected    {callback}, with status {event['statusCode']}")
    return lines


def _platform_run(run: dict[str, Any]) -> str:
    code = "none" if run["exitCode"] is None else run["exitCode"]
    reason = f" ({run['reason']})" if run["reason"] else ""
    attempts = counted(run["attempts"] or 1, "attempt")
    return f"run {run['id']}: {run['state']}{reason}, exit code {code}, {attempts}"

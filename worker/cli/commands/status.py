"""`status` and `list`: where jobs stand."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from worker.cli.output import Output, seconds, table, warn
from worker.errors import DamagedCheckpointError, DataError
from worker.services.deployment import optional_platform
from worker.services.describe import describe_with_runs
from worker.services.view import View, open_view


def status(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Say where a job stands."""
    view = open_view(arguments.store, environment)
    platform = optional_platform(arguments.definition, environment)
    manifest = view.manifest(arguments.job_id)
    document = describe_with_runs(view, platform, manifest, warn)
    return Output(document=document, lines=_lines(document))


def list_jobs(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """List the jobs of a store, in the order of their names."""
    view = open_view(arguments.store, environment)
    job_ids = list(view.job_ids())
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

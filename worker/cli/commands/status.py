"""`status` and `list`: the state of one job, and of all jobs of a store."""

from states.codec import JsonObject
from worker.cli.options import JobOptions, ListOptions
from worker.cli.output import Output, counted, seconds, table, warn
from worker.errors import DamagedCheckpointError, DataError
from worker.services.deployment import optional_platform
from worker.services.describe import describe_with_runs
from worker.services.view import View, open_view
from worker.system.environment import Environment

_LIST_COLUMNS = ("jobId", "state", "run", "updatedAt", "repository")


def status(options: JobOptions, environment: Environment) -> Output:
    """Show the state of a job."""
    view = open_view(options.store, environment)
    platform = optional_platform(options.definition, environment)
    manifest = view.manifest(options.job_id)
    document = describe_with_runs(view, platform, manifest, warn)
    return Output(document=document, lines=_lines(document))


def list_jobs(options: ListOptions, environment: Environment) -> Output:
    """List the jobs of a store, in the order of their ids."""
    view = open_view(options.store, environment)
    documents = []
    for job_id in view.job_ids():
        document = _summary(view, job_id)
        documents.append(document)
    if not documents:
        return Output(document=[], lines=[f"no jobs in {view.store.url}"])
    rows = [["JOB", "STATE", "RUN", "SINCE", "REPOSITORY"]]
    for document in documents:
        cells = []
        for column in _LIST_COLUMNS:
            cell = document[column] or ""
            cells.append(cell)
        rows.append(list(map(str, cells)))
    return Output(document=documents, lines=table(rows))


def _summary(view: View, job_id: str) -> JsonObject:
    """Return a job's row; an unreadable job gets a row, too."""
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


def _lines(document: JsonObject) -> list[str]:
    stages = []
    for stage in document["stages"]:
        row = _stage_row(stage)
        stages.append(row)
    return [
        *_job_lines(document),
        *table(stages),
        *_callback_lines(document),
        *_platform_lines(document),
    ]


def _job_lines(document: JsonObject) -> list[str]:
    commit = document["commit"] or "no commit yet"
    lines = [
        "job         {jobId}".format_map(document),
        _state_line(document),
        "repository  {repository} ({branch}) at ".format_map(document) + commit,
        _engine_line(document["engine"]),
        *_update_lines(document["update"]),
        *_usage_lines(document["usage"]),
    ]
    waiting = document["waiting"]
    if waiting is not None:
        line = "waiting     for {reason}, until {notBefore}"
        lines.append(line.format_map(waiting))
    error = document["error"]
    if error is not None:
        template = "error       {message} ({code}, exit code {exitCode})"
        lines.append(template.format_map(error))
    if document["cancelRequested"]:
        lines.append("cancel      requested")
    return lines


def _state_line(document: JsonObject) -> str:
    collected = ""
    if document["collected"]:
        collected = " (files deleted by `gc`)"
    run = document["run"]
    return f"state       {document['state']}{collected}, run {run}"


def _engine_line(engine: JsonObject) -> str:
    line = "engine      {name} {version}".format_map(engine)
    if engine["model"] is not None:
        line += ", {model}, in {language}".format_map(engine)
    return line


def _update_lines(update: JsonObject | None) -> list[str]:
    if update is None:
        return []
    kept = counted(update["kept"], "file")
    line = "update      of {from}: ".format_map(update)
    line += f"{kept} kept, {update['made']} made"
    if update["why"] is not None:
        line += " ({why})".format_map(update)
    return [line]


def _usage_lines(usage: JsonObject | None) -> list[str]:
    if usage is None:
        return []
    calls = counted(usage["calls"], "call")
    repairs = counted(usage["repairs"], "repair")
    fallbacks = counted(usage["fallbacks"], "page")
    extra = f"{repairs}, {fallbacks} without the model"
    tokens = (
        "{inputTokens:,} in, {cacheWriteTokens:,} written to the cache, "
        "{cacheReadTokens:,} read from it, {outputTokens:,} out"
    ).format_map(usage)
    cost = _cost(usage)
    lines = [
        f"calls       {calls} ({extra})",
        f"tokens      {tokens}",
        f"cost        {cost}",
    ]
    if usage["unknownCalls"]:
        unknown = counted(usage["unknownCalls"], "call")
        most = "${unknownUsd:.4f}, {unknownTokens:,} tokens".format_map(usage)
        lines.append(
            f"unknown     {unknown} without an answer, counted at most: {most}"
        )
    return lines


def _cost(usage: JsonObject) -> str:
    limits = []
    if usage["budgetUsd"] is not None:
        limits.append("${budgetUsd:.2f}".format_map(usage))
    if usage["budgetTokens"] is not None:
        limits.append("{budgetTokens:,} tokens".format_map(usage))
    limit = " and ".join(limits) or "no limit"
    if usage["pricesDated"] is None:
        return f"unknown: no prices are known for this model (limit: {limit})"
    cost = "${costUsd:.4f} by the prices of {pricesDated}".format_map(usage)
    return f"{cost} (limit: {limit})"


def _stage_row(stage: JsonObject) -> list[str]:
    attempts = stage["attempts"]
    tries = ""
    if attempts > 1:
        tries = f"{attempts} tries"
    return [
        "  {step} {stage}".format_map(stage),
        stage["state"],
        _item_count(stage),
        seconds(stage["seconds"]),
        tries,
    ]


def _item_count(stage: JsonObject) -> str:
    if stage["total"] is not None:
        return "{items}/{total}".format_map(stage)
    return str(stage["items"] or "")


def _callback_lines(document: JsonObject) -> list[str]:
    lines = []
    for event in document["pendingCallbacks"]:
        template = "pending     callback {sequence}: {type} {status}"
        lines.append(template.format_map(event))
    trouble = document["callbackTrouble"]
    if trouble is not None:
        lines.append(f"webhook     {trouble}")
    for rejection in document["rejectedCallbacks"]:
        template = "rejected    callback {sequence}, with status {statusCode}"
        lines.append(template.format_map(rejection))
    return lines


def _platform_lines(document: JsonObject) -> list[str]:
    lines = []
    for run in document.get("platformRuns") or []:
        reason = ""
        if run["reason"]:
            reason = f" ({run['reason']})"
        exit_code = run["exitCode"]
        if exit_code is None:
            exit_code = "none"
        values = {
            **run,
            "reason": reason,
            "exitCode": exit_code,
            "attempts": counted(run["attempts"] or 1, "attempt"),
        }
        template = "platform    run {id}: {state}{reason}, exit code {exitCode}, {attempts}"
        lines.append(template.format_map(values))
    return lines

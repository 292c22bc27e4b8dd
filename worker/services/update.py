"""Updates of a course: finds the earlier job, and reports what was kept."""

import logging

from states.manifest import Identity, Manifest
from states.update import unusable
from states.usage import NANODOLLARS
from worker.errors import DataError
from worker.ownership.preconditions import no_such_job
from worker.services.view import View
from worker.wiring import new_engine

LOG = logging.getLogger(__name__)


def earlier_job(view: View, identity: Identity, asked: str) -> str | None:
    """Return the job that a new job can update: the given one, else the newest suitable one.

    Raises DataError if the given job cannot be updated. If none is given and none is suitable, logs
    this and returns None.
    """
    if not asked:
        return _newest(view, identity)
    earlier = view.newest(asked)
    if earlier is None:
        raise no_such_job(asked)
    reason = unusable(earlier, identity, new_engine(view.settings))
    if reason is not None:
        raise DataError(
            f"the course cannot be updated: {reason}; name another job, or none "
            "(`run REPO --update` then takes the newest that can be updated)",
            code="update_from",
        )
    return asked


def earlier_job_of_new(
    view: View, identity: Identity, asked: str
) -> str | None:
    """Return the job that a job can update, unless it exists already: then it is resumed.

    Raises DataError if the given job cannot be updated.
    """
    existing = view.newest(identity.job_id)
    if existing is None:
        return earlier_job(view, identity, asked)
    followed = None
    if existing.update:
        followed = existing.update.from_
    if asked not in {"", identity.job_id, followed}:
        LOG.warning(
            "--update is ignored: the job exists already, and is resumed as it began",
            extra={"job_id": identity.job_id, "update": asked},
        )
    return None


def _newest(view: View, identity: Identity) -> str | None:
    """Return the newest completed job of the same repository and engine, or None."""
    engine = new_engine(view.settings)
    newest: Manifest | None = None
    for job_id in view.job_ids():
        if job_id == identity.job_id:
            continue
        manifest = view.newest(job_id)
        if manifest is None or unusable(manifest, identity, engine):
            continue
        if newest is None or manifest.written_at > newest.written_at:
            newest = manifest
    if newest is None:
        LOG.warning(
            "no completed course of this repository and engine is in the "
            "store: making a new course",
            extra={"store": view.store.url},
        )
        return None
    return newest.job_id


def update_lines(view: View, manifest: Manifest) -> list[str]:
    """Return the lines that say how much of an earlier course was kept."""
    update = manifest.update
    if update is None:
        return []
    if update.why is not None:
        return [f"update  nothing kept of {update.from_}: {update.why}"]
    counts = f"{_files(update.kept)} kept of {update.from_}, {update.made} made"
    changed = f"{_files(update.changed or 0)} changed in the repository"
    lines = [f"update  {counts}; {changed}"]
    earlier = view.newest(update.from_)
    saved = 0 if earlier is None else cost_of_kept(earlier, manifest)
    if saved:
        amount = saved / NANODOLLARS
        lines.append(
            f"saved   about ${amount:.2f}, which the kept files had cost"
        )
    return lines


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def cost_of_kept(earlier: Manifest, manifest: Manifest) -> int:
    """Return the kept files' original cost in nanodollars: their share of each stage's cost."""
    usage = earlier.usage
    if usage is None:
        return 0
    total = 0.0
    for row in usage.by_model:
        files = earlier.record(row.stage).artifact_count
        kept = manifest.record(row.stage).kept or 0
        if files:
            total += row.nanodollars * kept / files
    return round(total)

"""The document of `urls --json`, also returned by the gateway."""

from states.codec import JsonObject
from worker.course.artifacts import TRANSFERS, Artifacts
from worker.outbox.links import Linker
from worker.services.view import View


def signed_files(
    view: View, job_id: str, expires_seconds: int
) -> list[JsonObject]:
    """Return the stored files of a course, finished or not, each with a fresh URL."""
    manifest = view.manifest(job_id)
    artifacts = Artifacts(view.store, job_id, view.runtime.executor(TRANSFERS))
    linker = Linker(
        view.store, artifacts, view.runtime, expires_seconds=expires_seconds
    )
    documents = []
    for file in view.inventory(manifest).course():
        link = linker.link_key(file.key, file.artifact)
        documents.append(link.document)
    return documents

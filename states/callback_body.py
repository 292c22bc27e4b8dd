"""The JSON body of a callback to the web app's webhook."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from states.codec import JsonObject
from states.manifest import CallbackEvent, EventType
from states.stages import TOTAL_STEPS
from states.usage import Usage, usage_document

MAX_BODY_BYTES: Final = 512 * 1024
"""The largest body that is sent; the platforms of receivers accept little more."""
_SMALLEST_LINK_BYTES: Final = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLink:
    """A file of the course, by reference; the URL gives access to it until it expires."""

    path: str
    type: str
    """`yaml` or `markdown`."""
    size: int
    sha256: str
    url: str
    uri: str
    expires_at: str

    @property
    def document(self) -> JsonObject:
        """The file as callbacks, `urls --json` and the gateway show it."""
        return {
            "path": self.path,
            "type": self.type,
            "size": self.size,
            "sha256": self.sha256,
            "url": self.url,
            "uri": self.uri,
            "expiresAt": self.expires_at,
        }


def idempotency_key(job_id: str, event: CallbackEvent) -> str:
    """Return the key by which a receiver recognises an event that is sent again."""
    return f"{job_id}-{event.sequence}"


def fits(files: int) -> bool:
    """Whether this many files can fit into a body; if not, no URLs need to be signed."""
    return files * _SMALLEST_LINK_BYTES <= MAX_BODY_BYTES


def body(
    job_id: str,
    event: CallbackEvent,
    links: Sequence[FileLink],
    *,
    files_count: int,
    manifest_url: str,
    usage: Usage | None = None,
) -> bytes:
    """Return a callback's JSON body, with `usage` if it is given.

    Files that would make it too large are left out; `filesTruncated` then says so.
    """
    document = _document(job_id, event, files_count, manifest_url)
    if usage is not None:
        document["usage"] = usage_document(usage)
    full = _encoded({**document, "files": [link.document for link in links]})
    if len(links) == files_count and len(full) <= MAX_BODY_BYTES:
        return full
    return _encoded({**document, "filesTruncated": True})


def _document(
    job_id: str, event: CallbackEvent, files_count: int, manifest_url: str
) -> JsonObject:
    document: JsonObject = {
        "jobId": job_id,
        "type": event.type,
        "status": event.status,
        "step": event.step,
        "totalSteps": TOTAL_STEPS,
        "message": event.message,
        "progress": event.message,
        "timestamp": event.timestamp,
        "sequence": event.sequence,
        "run": event.run,
    }
    if event.type is EventType.COMPLETE:
        document |= {
            "duration": event.duration or 0.0,
            "filesCount": files_count,
            "manifestUrl": manifest_url,
        }
    if event.error is not None:
        document |= {
            "error": event.error.message,
            "errorCode": event.error.code,
            "retryable": event.error.retryable,
        }
    return document


def _encoded(document: JsonObject) -> bytes:
    return json.dumps(
        document, ensure_ascii=False, separators=(",", ":")
    ).encode("utf-8", "replace")

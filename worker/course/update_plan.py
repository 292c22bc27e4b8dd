"""The plan of an update, a stored object: which items of an earlier course a job keeps."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final

from states.manifest import Artifact

PLAN: Final = "update.json"
"""The plan's path, below the objects of stage `clone`."""


@dataclass(frozen=True, kw_only=True)
class UpdatePlan:
    """The items of the earlier course that were copied into the job."""

    kept: tuple[Artifact, ...] = ()
    """The items that are still true."""
    earlier: tuple[Artifact, ...] = ()
    """The other items, unchanged, for the engine to read."""
    diffs: Mapping[str, str] = field(default_factory=dict)
    """The diffs of text files, by path."""

    @cached_property
    def kept_by_path(self) -> Mapping[str, Artifact]:
        return {artifact.path: artifact for artifact in self.kept}

    @cached_property
    def by_path(self) -> Mapping[str, Artifact]:
        everything = (*self.earlier, *self.kept)
        return {artifact.path: artifact for artifact in everything}


def copied(artifact: Artifact) -> Artifact:
    """Return the artifact of the job that is the copy of an item of the earlier course."""
    return Artifact(
        path=f"earlier/{artifact.path}",
        size=artifact.size,
        sha256=artifact.sha256,
        media_type=artifact.media_type,
    )


def encode_plan(plan: UpdatePlan) -> bytes:
    document = {
        "kept": [asdict(artifact) for artifact in plan.kept],
        "earlier": [asdict(artifact) for artifact in plan.earlier],
        "diffs": plan.diffs,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii")


def decode_plan(data: bytes) -> UpdatePlan:
    """Read a plan that this program has written; its digest has been checked."""
    document = json.loads(data)
    return UpdatePlan(
        kept=_artifacts(document["kept"]),
        earlier=_artifacts(document["earlier"]),
        diffs=document["diffs"],
    )


def _artifacts(documents: list[dict[str, Any]]) -> tuple[Artifact, ...]:
    return tuple(Artifact(**document) for document in documents)

"""The digest of a stage's inputs: runs with the same inputs may share items."""

import hashlib
import json

from states.keys import DIGEST_LENGTH
from states.manifest import Artifact, Manifest, StageRecord
from states.stages import Stage, before


def inputs_digest(manifest: Manifest, stage: Stage) -> str:
    """Return 12 hexadecimal digits that identify everything that a stage's output depends on.

    It depends on the engine's name and version, its model and language if it has them, the stage
    and its generation, the commit, and the path and SHA-256 of every artifact of the earlier
    stages, or of the list of these artifacts.
    """
    earlier_artifacts = [
        [
            [artifact.path, artifact.sha256]
            for artifact in _named(manifest.record(earlier))
        ]
        for earlier in before(stage)
    ]
    ref = manifest.engine
    engine = [ref.name, ref.version, ref.model, ref.language]
    document = {
        "engine": [part for part in engine if part is not None],
        "stage": stage,
        "generation": manifest.record(stage).generation,
        "commit": manifest.commit,
        "before": earlier_artifacts,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGEST_LENGTH]


def _named(record: StageRecord) -> tuple[Artifact, ...]:
    if record.listed is not None:
        return (record.listed.file,)
    return record.artifacts

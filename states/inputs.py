"""The digest of what a stage works from: two runs with the same inputs may use each other's items."""

import hashlib
import json

from states.keys import DIGEST_LENGTH
from states.manifest import Manifest
from states.stages import Stage, before


def inputs_digest(manifest: Manifest, stage: Stage) -> str:
    """Return 12 hexadecimal digits over all that a stage's output may depend on.

    These are the engine's name and version, the stage and its generation, the commit, and
    path and SHA-256 of everything that the stages before it wrote.
    """
    document = {
        "engine": [manifest.engine.name, manifest.engine.version],
        "stage": stage,
        "generation": manifest.record(stage).generation,
        "commit": manifest.commit,
        "before": [
            [
                [artifact.path, artifact.sha256]
                for artifact in manifest.record(earlier).artifacts
            ]
            for earlier in before(stage)
        ],
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGEST_LENGTH]

"""`verify`: whether all that a job has stored is there and whole."""

from argparse import Namespace
from collections.abc import Iterator, Mapping

from states.exits import Exit
from states.keys import checkpoint_key
from states.manifest import Manifest
from worker.checkpoint import Checkpoint, CheckpointLog
from worker.commands.reading import View, open_view
from worker.errors import MissingError, NoInputError
from worker.inventory import Inventory
from worker.job import TRANSFERS
from worker.output import Output


def verify(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Check every artifact's size and SHA-256, and the chain of checkpoints."""
    view = open_view(arguments, environment)
    manifest = view.manifest(arguments.job_id)
    inventory = Inventory(view.store, view.runtime.executor(TRANSFERS), manifest)
    holdings = inventory.finished(course_only=False)
    faults = [
        *_broken_links(view, manifest),
        *(f"{holding.key} is missing or damaged" for holding, body in inventory.read(holdings) if body is None),
    ]
    document = {
        "jobId": manifest.job_id,
        "artifacts": len(holdings),
        "checkpoints": manifest.sequence,
        "faults": faults,
    }
    if faults:
        return Output(document=document, lines=faults, exit_code=Exit.NO_INPUT)
    return Output(document=document, lines=[f"{len(holdings)} artifacts and {manifest.sequence} checkpoints are whole"])


def _broken_links(view: View, newest: Manifest) -> Iterator[str]:
    log = CheckpointLog(view.store, newest.job_id, view.runtime)
    before: Checkpoint | None = None
    for sequence in range(1, newest.sequence + 1):
        key = checkpoint_key(newest.job_id, sequence)
        try:
            checkpoint = log.read(sequence)
        except MissingError:
            yield f"{key} is missing"
            before = None
            continue
        except NoInputError as error:
            yield str(error)
            before = None
            continue
        if before is not None and checkpoint.manifest.previous != before.sha256:
            yield f"{key} does not follow from the checkpoint before it: its hash of that differs"
        before = checkpoint

"""`verify`: whether all that a job has stored is there and whole."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from itertools import pairwise

from states.exits import Exit
from states.invariants import violations
from states.keys import checkpoint_key
from states.manifest import Manifest
from states.stages import Stage
from worker.cli.output import Output
from worker.course.artifacts import Artifacts
from worker.course.formats import InvalidItemError, Rules
from worker.course.inventory import Inventory
from worker.errors import DamagedCheckpointError, MissingError
from worker.ownership.log import Checkpoint, CheckpointLog
from worker.run.run import TRANSFERS
from worker.services.view import View, open_view


def verify(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Check every artifact's size and SHA-256, and the chain of checkpoints.

    Deeply, also what is in them.
    """
    view = open_view(arguments.store, environment)
    manifest = view.manifest(arguments.job_id)
    inventory = Inventory(view.store, view.runtime.executor(TRANSFERS), manifest)
    chain, faults = _read_chain(view, manifest)
    read = list(inventory.read(inventory.finished(course_only=False)))
    faults += [
        f"{holding.key} is missing or damaged" for holding, body in read if body is None
    ]
    if arguments.deep:
        faults += _broken_rules(chain)
        faults += _invalid_files(
            {
                holding.path: (holding.stage, body)
                for holding, body in read
                if body is not None
            }
        )
        faults += _lost_generations(view, chain, manifest)
    document = {
        "jobId": manifest.job_id,
        "artifacts": len(read),
        "checkpoints": manifest.sequence,
        "faults": faults,
    }
    if faults:
        return Output(document=document, lines=faults, exit_code=Exit.DATA_ERROR)
    return Output(
        document=document,
        lines=[f"{len(read)} artifacts and {manifest.sequence} checkpoints are whole"],
    )


def _read_chain(view: View, newest: Manifest) -> tuple[list[Checkpoint], list[str]]:
    """Return the checkpoints up to the newest, and what is wrong with the chain that they should be."""
    log = CheckpointLog(view.store, newest.job_id, view.runtime)
    chain: list[Checkpoint] = []
    faults = []
    for sequence in range(1, newest.sequence + 1):
        key = checkpoint_key(newest.job_id, sequence)
        try:
            checkpoint = log.read(sequence)
        except MissingError:
            faults.append(f"{key} is missing")
            continue
        except DamagedCheckpointError as error:
            faults.append(str(error))
            continue
        follows = bool(chain) and chain[-1].manifest.sequence == sequence - 1
        if follows and checkpoint.manifest.previous != chain[-1].sha256:
            faults.append(
                f"{key} does not follow from the checkpoint before it: its hash of that differs"
            )
        chain.append(checkpoint)
    return chain, faults


def _broken_rules(chain: list[Checkpoint]) -> Iterator[str]:
    for before, after in pairwise(chain):
        for rule in violations(before.manifest, after.manifest):
            yield f"checkpoint {after.manifest.sequence}: {rule}"


def _invalid_files(files: dict[str, tuple[Stage, bytes]]) -> Iterator[str]:
    outputs = {path: body for path, (_, body) in files.items()}
    for path, (stage, body) in files.items():
        if stage is not Stage.CLONE and (fault := _fault(stage, path, body, outputs)):
            yield fault


def _fault(
    stage: Stage, path: str, body: bytes, outputs: dict[str, bytes]
) -> str | None:
    try:
        return Rules(stage, outputs).fault(path, body)
    except (KeyError, InvalidItemError) as error:
        return f"{path} cannot be checked: {error}"


def _lost_generations(
    view: View, chain: list[Checkpoint], newest: Manifest
) -> Iterator[str]:
    """Name what earlier checkpoints name (of generations that were done anew) and the store does not have."""
    artifacts = Artifacts(view.store, newest.job_id, view.runtime.executor(TRANSFERS))
    records = {
        record
        for checkpoint in chain
        for record in checkpoint.manifest.stages
        if record.artifacts
    }
    for stage, artifact in artifacts.missing(
        sorted(records - set(newest.stages), key=lambda one: str(one.inputs))
    ):
        yield f"{artifact.path} of an earlier {stage} is missing"

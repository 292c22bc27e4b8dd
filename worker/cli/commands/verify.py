"""`verify`: checks that everything a job has stored is present and intact."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from states.exits import Exit
from states.invariants import violations
from states.keys import checkpoint_key
from states.manifest import Manifest, StageRecord
from states.stages import STAGES, Stage
from worker.cli.options import VerifyOptions
from worker.cli.output import Output, counted
from worker.course.artifacts import TRANSFERS, Artifacts
from worker.course.formats import InvalidItemError, Rules
from worker.course.inventory import CourseFile, Inventory
from worker.errors import DamagedCheckpointError, DataError, MissingError
from worker.ownership.log import Checkpoint
from worker.services.view import View, open_view
from worker.system.environment import Environment

Contents = list[tuple[CourseFile, bytes]]


def verify(options: VerifyOptions, environment: Environment) -> Output:
    """Check the size and SHA-256 of every artifact, and the chain of checkpoints.

    With `--deep`, also check their contents.
    """
    view = open_view(options.store, environment)
    manifest = view.manifest(options.job_id)
    inventory = view.inventory(manifest)
    chain = _Chain(view, manifest)
    faults = chain.faults
    files = _finished(inventory, faults)
    contents = _read(inventory, files, faults)
    if options.deep:
        faults += _broken_rules(chain.checkpoints)
        faults += _invalid_files(contents)
        faults += _lost_generations(view, chain.checkpoints, manifest)
    document = {
        "jobId": manifest.job_id,
        "artifacts": len(files),
        "checkpoints": manifest.sequence,
        "faults": faults,
    }
    if faults:
        return Output(
            document=document, lines=faults, exit_code=Exit.DATA_ERROR
        )
    intact = _intact(len(files), manifest.sequence)
    return Output(document=document, lines=[intact])


def _intact(artifacts: int, checkpoints: int) -> str:
    first = counted(artifacts, "artifact")
    second = counted(checkpoints, "checkpoint")
    return f"{first} and {second} are intact"


def _finished(inventory: Inventory, faults: list[str]) -> list[CourseFile]:
    """Return the files of the finished stages; add damaged lists of them to `faults`."""
    files = []
    for info in STAGES:
        try:
            files += inventory.of(info.stage)
        except DataError as error:
            faults.append(str(error))
    return files


def _read(
    inventory: Inventory, files: list[CourseFile], faults: list[str]
) -> Contents:
    """Return the contents of the intact files; add the others to `faults`."""
    contents = []
    for file, body in inventory.read(files):
        if body is None:
            faults.append(f"{file.key} is missing or damaged")
        else:
            contents.append((file, body))
    return contents


class _Chain:
    """A job's checkpoints up to the newest, and the faults in their chain."""

    def __init__(self, view: View, newest: Manifest) -> None:
        self.checkpoints: Final[list[Checkpoint]] = []
        self.faults: Final[list[str]] = []
        self._job_id = newest.job_id
        self._log = view.log(newest.job_id)
        for sequence in range(1, newest.sequence + 1):
            self._read(sequence)

    def _read(self, sequence: int) -> None:
        key = checkpoint_key(self._job_id, sequence)
        try:
            checkpoint = self._log.read(sequence)
        except MissingError:
            self.faults.append(f"{key} is missing")
        except DamagedCheckpointError as error:
            self.faults.append(str(error))
        else:
            if not self._follows(checkpoint):
                self.faults.append(
                    f"{key} does not match the hash of the previous checkpoint"
                )
            self.checkpoints.append(checkpoint)

    def _follows(self, checkpoint: Checkpoint) -> bool:
        """Compare with the previous checkpoint, unless that is missing or damaged."""
        if not self.checkpoints:
            return True
        before = self.checkpoints[-1]
        manifest = checkpoint.manifest
        if before.manifest.sequence != manifest.sequence - 1:
            return True
        return manifest.previous == before.sha256


def _broken_rules(checkpoints: list[Checkpoint]) -> Iterator[str]:
    manifests = [checkpoint.manifest for checkpoint in checkpoints]
    for before, after in pairwise(manifests):
        for rule in violations(before, after):
            yield f"checkpoint {after.sequence}: {rule}"


def _invalid_files(contents: Contents) -> Iterator[str]:
    outputs = {file.path: body for file, body in contents}
    for file, body in contents:
        if file.stage is Stage.CLONE:
            continue
        fault = _fault(file, body, outputs)
        if fault is not None:
            yield fault


def _fault(
    file: CourseFile, body: bytes, outputs: dict[str, bytes]
) -> str | None:
    try:
        rules = Rules(file.stage, outputs)
        return rules.fault(file.path, body)
    except (KeyError, InvalidItemError) as error:
        return f"{file.path} cannot be checked: {error}"


def _lost_generations(
    view: View, checkpoints: list[Checkpoint], newest: Manifest
) -> Iterator[str]:
    """List the missing artifacts of earlier generations."""
    earlier: set[StageRecord] = set()
    for checkpoint in checkpoints:
        earlier.update(checkpoint.manifest.stages)
    earlier.difference_update(newest.stages)
    records = sorted(earlier, key=lambda record: str(record.inputs))
    executor = view.runtime.executor(TRANSFERS)
    artifacts = Artifacts(view.store, newest.job_id, executor)
    for stage, artifact in artifacts.missing(records):
        yield f"{artifact.path} of an earlier {stage} is missing"

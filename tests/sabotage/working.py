"""Guards of what a job has made and sent: items, outbox, commit, failures, children."""

from typing import Final

from tests.sabotage.guard import (
    COLLECTING,
    CRASHES,
    DAMAGE,
    FAILURES,
    LISTS,
    PROCESSES,
    RUNS,
    SHARING,
    TAKEOVER,
    Sabotage,
)

WORKING: Final = (
    Sabotage(
        guard="checksums on restore: of items and of finished stages",
        expression="not digest.startswith(sha256) or size not in {None, length}",
        new="False",
        tests=(DAMAGE,),
    ),
    Sabotage(
        guard="checksums on restore: of the snapshot",
        expression="not digest.startswith(sha256)",
        new="False",
        tests=(DAMAGE, "tests/unit/course/test_artifacts.py"),
    ),
    Sabotage(
        guard="damage: confirmed by further reads",
        expression="LOOKS",
        new="1",
        tests=(DAMAGE,),
    ),
    Sabotage(
        guard="damage: an object that a listing lacks is looked up",
        expression="self._is_there(key, size)",
        new="False",
        tests=("tests/unit/course/test_artifacts.py",),
    ),
    Sabotage(
        guard="lists of artifacts: stored before a checkpoint names them",
        expression="self.store(stage, inputs, ARTIFACT_LIST, body)",
        new="_artifact(ARTIFACT_LIST, body)",
        tests=(LISTS,),
    ),
    Sabotage(
        guard="lists of artifacts: checked against their digest",
        expression="self.read(record, file)",
        new="self._store.get(self.key(record, file))",
        tests=(LISTS,),
    ),
    Sabotage(
        guard="lists of artifacts: no job is completed with a damaged one",
        new="yield from ()",
        tests=(LISTS,),
    ),
    Sabotage(
        guard="validation on restore",
        expression="validate(name.path, body)",
        new="None",
        tests=(DAMAGE,),
    ),
    Sabotage(
        guard="paid calls: a record is never overwritten",
        expression="store.create",
        new="store.put",
        tests=("tests/unit/run/test_calls.py",),
    ),
    Sabotage(
        guard="paid calls: one wrong answer makes no record damaged",
        expression="LOOKS - 1",
        new="0",
        tests=("tests/unit/run/test_calls.py",),
    ),
    Sabotage(
        guard="paid calls: one that is listed and not found is the store's fault",
        new="raise",
        tests=("tests/unit/run/test_calls.py",),
    ),
    Sabotage(
        guard="an update: the earlier job is not given up at the first look",
        expression="self._context.inbox.wait(pause)",
        new="None",
        tests=(
            "tests/simulation/test_updates.py::test_an_earlier_job_may_be_missing_from_the_first_listing",
        ),
    ),
    Sabotage(
        guard="an update: what is kept is validated like any item",
        expression="items.rules.fault(artifact.path, body)",
        new="None",
        tests=(
            "tests/simulation/test_updates.py::test_an_item_that_is_no_longer_valid_is_made_again",
        ),
    ),
    Sabotage(
        guard="an update: nothing that depends on a remade item is kept",
        expression="still_kept(kept, made)",
        new="kept",
        tests=(
            "tests/simulation/test_updates.py::test_an_item_that_is_no_longer_valid_is_made_again",
            "tests/simulation/test_updates.py::test_nothing_that_depends_on_a_remade_yaml_file_is_kept",
        ),
    ),
    Sabotage(
        guard="waiting: a stage is not tried again while only waiting helps",
        new="pass",
        tests=(
            f"{FAILURES}::test_a_run_that_can_only_wait_ends_at_once_and_is_never_fruitless",
        ),
    ),
    Sabotage(
        guard="waiting: a sweep leaves a job alone until its time",
        expression="waits(candidate.manifest, self._view.runtime.now())",
        new="None",
        tests=("tests/platform/test_sweep.py",),
    ),
    Sabotage(
        guard="waiting: a run that only waited is no attempt",
        expression="manifest is not None and manifest.waiting is not None",
        new="False",
        tests=("tests/platform/test_sweep.py",),
    ),
    Sabotage(
        guard="storing items as they come",
        expression="self._engine.produce(items.stage, workspace)",
        new="list(self._engine.produce(items.stage, workspace))",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the outbox in the manifest: what a dead run left is sent",
        new="pass",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="the outbox in the manifest: a claim keeps final events",
        expression="tuple((event for event in manifest.outbox.pending if event.final))",
        new="()",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="the outbox in the manifest: a claim drops progress",
        expression="tuple((event for event in manifest.outbox.pending if event.final))",
        new="manifest.outbox.pending",
        tests=("tests/unit/states/test_decisions.py",),
    ),
    Sabotage(
        guard="the outbox in the manifest: an event is written with its checkpoint",
        expression="replace(manifest.outbox, pending=(*manifest.outbox.pending, event))",
        new="manifest.outbox",
        tests=("tests/unit/states/test_decisions.py",),
    ),
    Sabotage(
        guard="the mark of a final acknowledgement",
        expression="self._append",
        new="self._context.owned.append",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="the mark of an acknowledgement: nothing settled is sent again",
        expression="tuple(pending)",
        new="manifest.outbox.pending",
        tests=("tests/unit/states/test_decisions.py",),
    ),
    Sabotage(
        guard="the pinned commit: pinned once",
        expression="context.owned.manifest.commit is None",
        new="not self._has_tree",
        tests=(
            f"{CRASHES}::test_a_branch_that_moves_between_two_runs_does_not_change_the_course",
        ),
    ),
    Sabotage(
        guard="the pinned commit: checked out again",
        expression="context.owned.manifest.commit",
        new="None",
        tests=(
            f"{CRASHES}::test_a_branch_that_moves_between_two_runs_does_not_change_the_course",
        ),
    ),
    Sabotage(
        guard="the identity check",
        new="pass",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the memory of permanent failures",
        new="return self._interrupt(TemporaryError(str(error)))",
        tests=(FAILURES,),
    ),
    Sabotage(
        guard="the memory of permanent failures: retries end with the same code",
        expression="manifest.error.exit_code",
        new="Exit.SOFTWARE",
        tests=("tests/unit/states/test_takeover.py", FAILURES),
    ),
    Sabotage(
        guard="the memory of permanent failures: a third fruitless run is the last",
        expression="fruitless >= MAX_TRIES",
        new="False",
        tests=(FAILURES,),
    ),
    Sabotage(
        guard="the end of children: with their run",
        new="waiting.unregister(control)",
        tests=(PROCESSES,),
    ),
    Sabotage(
        guard="the end of children: the rest of a group whose leader has ended",
        new="pass",
        tests=(PROCESSES,),
    ),
    Sabotage(
        guard="the end of children: those that have left the group",
        new="pass",
        tests=(PROCESSES,),
    ),
    Sabotage(
        guard="the end of children: also when the guardian is killed",
        new="pass",
        tests=(PROCESSES,),
    ),
    Sabotage(
        guard="the end of children: an engine is stopped with its run",
        new="pass",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="completed only when all artifacts exist",
        expression="missing",
        new="False",
        tests=(DAMAGE,),
    ),
    Sabotage(
        guard="an operator's request to cancel before completion",
        expression="base.cancel_requested",
        new="False",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="the invariants at every append",
        expression="violations(base.manifest, stamped)",
        new="()",
        tests=("tests/unit/ownership/test_log.py",),
    ),
    Sabotage(
        guard="a collected job is fenced off by its tombstone",
        expression="log.append(newest, _tombstone(view, newest), Writer.OPERATOR)",
        new="newest",
        tests=(SHARING,),
    ),
    Sabotage(
        guard="gc leaves a job with unacknowledged events",
        expression="manifest.outbox.pending",
        new="()",
        tests=("tests/integration/test_operating.py",),
    ),
    Sabotage(
        guard="gc leaves a job while a replaced run may not know that it was replaced",
        expression="lease and age <= lease + HIDDEN_SECONDS",
        new="False",
        tests=("tests/simulation/test_collected.py",),
    ),
    Sabotage(
        guard="gc deletes only what is the job's own",
        expression="key != kept and job_of(key)",
        new="key != kept",
        tests=(SHARING,),
    ),
    Sabotage(
        guard="gc deletes artifacts, and the lists of them",
        expression="_ARTIFACT",
        new="_CHECKPOINT",
        tests=(LISTS,),
    ),
    Sabotage(
        guard="gc deletes no newer tombstone than its own",
        expression="max(sequences) > tombstone.sequence",
        new="False",
        tests=(COLLECTING,),
    ),
    Sabotage(
        guard="gc deletes checkpoints last",
        expression="sequence_of(key) is not None",
        new="sequence_of(key) is None",
        tests=(COLLECTING,),
    ),
    Sabotage(
        guard="a job has no place among another store's objects",
        new="pass",
        tests=(
            f"{SHARING}::test_a_job_is_refused_where_another_store_has_its_jobs",
        ),
    ),
    Sabotage(
        guard="a store has no place inside a job",
        new="pass",
        tests=(f"{SHARING}::test_a_store_is_refused_that_lies_inside_a_job",),
    ),
    Sabotage(
        guard="the gateway keeps a request until its webhook was told",
        expression="Standing.OVER if is_settled(manifest) else Standing.UNDELIVERED",
        new="Standing.OVER",
        tests=("tests/gateway/test_job_status.py",),
    ),
    Sabotage(
        guard="the gateway never gives up a job whose webhook was not told",
        expression="standing is Standing.UNDELIVERED",
        new="False",
        tests=("tests/gateway/test_queue.py",),
    ),
    Sabotage(
        guard="the gateway decides nothing about a job that cannot be read",
        expression="standing is Standing.UNREADABLE or job.given_up",
        new="job.given_up",
        tests=("tests/gateway/test_queue.py",),
    ),
)

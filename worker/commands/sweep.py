"""`sweep`: starts runs for the jobs that need one, and that nobody else will start. Made to be run by cron."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from states.exits import Exit
from states.keys import artifact_name, artifacts_prefix, valid_job_id
from states.stages import Stage
from worker.checkpoint import CheckpointLog
from worker.commands.platform import Deployment, open_deployment, operators_view, runs_of, warn
from worker.commands.reading import View
from worker.commands.status import all_jobs
from worker.commands.unbegun import identity_by
from worker.errors import DamagedCheckpointError, UnknownFormatError, UsageError, WorkerError
from worker.heartbeat import read_silence
from worker.job import TRANSFERS
from worker.output import Output
from worker.platform import mark
from worker.platform.environment import job_environment
from worker.platform.port import LostAnswerError
from worker.platform.triage import Action, Finding, Patient, attempts_since, first_look
from worker.runtime import SystemRuntime


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A job, and what a sweep did about it; `run_id` of the run that it has started."""

    job_id: str
    finding: Finding
    run_id: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """What is said of it."""
        return {"jobId": self.job_id, "reason": self.finding.reason}


def sweep(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Look at all jobs of a store, and start runs for those that are neither over nor alive."""
    for option in ("max_attempts", "max_parallel"):
        if getattr(arguments, option) < 1:
            raise UsageError(f"--{option.replace('_', '-')} must be at least 1")
    deployment = open_deployment(arguments, environment, SystemRuntime())
    view = operators_view(arguments, environment, deployment.definition)
    theirs = deployment.definition.environment.get("STORE_URL", view.store.url)
    if theirs.rstrip("/") != view.store.url.rstrip("/"):
        warn([f"looking for jobs in {view.store.url}, while the definition's runs write to {theirs}"])
    looking = Sweep(view, deployment, arguments)
    cases = looking.cases()
    return _said(cases, looking.failure, dry_run=arguments.dry_run)


class Sweep:
    """One look at all jobs, and what is done about them."""

    def __init__(self, view: View, deployment: Deployment, arguments: Namespace) -> None:
        """Ask the platform for its runs."""
        self._view = view
        self._deployment = deployment
        self._max_attempts: int = arguments.max_attempts
        self._max_parallel: int = arguments.max_parallel
        self._dry_run: bool = arguments.dry_run
        # The runs come first: a job that is begun after this look is not known, and left alone.
        self._runs = deployment.runs()
        self._live = sum(run.live for run in self._runs)
        self.failure: WorkerError | None = None
        """What makes the sweep end with another code than 0: a run could not be started, or a format is not known."""

    def cases(self) -> list[Case]:
        """Look at all jobs, and then, one by one, start what is needed; nothing if the store refuses a look."""
        job_ids = set(all_jobs(self._view)) | {run.job_id for run in self._runs if valid_job_id(run.job_id or "")}
        names = sorted(job_id for job_id in job_ids if job_id)
        patients = list(self._view.runtime.executor(TRANSFERS).map(self._examine, names))
        return [self._treat(patient, finding) for patient, finding in patients]

    def _examine(self, job_id: str) -> tuple[Patient, Finding]:
        """Look at one job; what cannot be read is left alone, and said."""
        log = CheckpointLog(self._view.store, job_id, self._view.runtime)
        try:
            newest = log.newest()
            manifest = newest.manifest if newest else None
            patient = Patient(job_id=job_id, manifest=manifest, runs=runs_of(self._runs, job_id, manifest))
            finding = first_look(patient)
            if finding.action is Action.START:
                finding = self._sign_of_life(log, patient) or self._in_vain(patient) or finding
        except (DamagedCheckpointError, UnknownFormatError) as error:
            if isinstance(error, UnknownFormatError):
                self.failure = error
            return Patient(job_id=job_id, manifest=None, runs=()), _skip(str(error))
        return patient, finding

    def _sign_of_life(self, log: CheckpointLog, patient: Patient) -> Finding | None:
        manifest = patient.manifest
        if manifest is None or manifest.released:
            return None
        silent, lease = read_silence(self._view.store, log, manifest)
        return _skip(f"run {manifest.run} was heard of {silent}s ago") if silent <= lease else None

    def _in_vain(self, patient: Patient) -> Finding | None:
        attempts = attempts_since(patient, self._last_item(patient.job_id))
        if attempts < self._max_attempts:
            return None
        return Finding(
            action=Action.GIVE_UP,
            reason=f"{attempts} runs since its last finished item were in vain: see `status`, and `resume` it by hand",
        )

    def _last_item(self, job_id: str) -> datetime | None:
        """Return when the job's last item was stored; the snapshot of its source is none."""
        entries = self._view.store.entries(artifacts_prefix(job_id))
        named = ((artifact_name(entry.key), entry.modified) for entry in entries)
        moments = [modified for name, modified in named if name is not None and name.stage is not Stage.CLONE]
        return datetime.fromtimestamp(max(moments), UTC) if moments else None

    def _treat(self, patient: Patient, finding: Finding) -> Case:
        """Do what a finding asks for."""
        case = Case(job_id=patient.job_id, finding=finding)
        last = patient.last
        if finding.action is not Action.START or last is None:
            return case
        if self._live >= self._max_parallel:
            said = f"{self._live} runs of the definition are live, and --max-parallel is {self._max_parallel}"
            return replace(case, finding=_skip(said))
        identity = patient.manifest.identity if patient.manifest else identity_by(patient.job_id, last)
        variables = job_environment(identity, last.environment)
        if faults := self._deployment.faults([variables])[0]:
            return replace(case, finding=_skip(f"a run would be refused: {'; '.join(faults)}"))
        if self._dry_run:
            self._live += 1
            return case
        return self._start(case, variables, patient)

    def _start(self, case: Case, variables: Mapping[str, str], patient: Patient) -> Case:
        store, last = self._view.store, patient.runs[-1]
        key = mark.take(store, self._view.runtime, case.job_id, last.id)
        if key is None:
            return replace(case, finding=_skip("another sweep is starting a run of it"))
        try:
            run = self._deployment.start(variables, [run.id for run in patient.runs])
        except WorkerError as error:
            self.failure = error
            if not isinstance(error, LostAnswerError):
                mark.withdraw(store, key)
            return replace(case, finding=_skip(str(error)))
        self._live += 1
        return replace(case, run_id=run.id)


def _skip(reason: str) -> Finding:
    return Finding(action=Action.SKIP, reason=reason)


def _said(cases: list[Case], failure: WorkerError | None, *, dry_run: bool) -> Output:
    kinds = {action: [case for case in cases if case.finding.action is action] for action in Action}
    started = "would start a run" if dry_run else "started run"
    lines = [
        f"{case.job_id}: {' '.join(filter(None, (started, case.run_id)))}, since {case.finding.reason}"
        for case in kinds[Action.START]
    ]
    lines += [f"{case.job_id}: skipped, since {case.finding.reason}" for case in kinds[Action.SKIP]]
    lines += [f"{case.job_id}: given up, since {case.finding.reason}" for case in kinds[Action.GIVE_UP]]
    document = {
        "swept": [{**case.document, "runId": case.run_id} for case in kinds[Action.START]],
        "skipped": [case.document for case in kinds[Action.SKIP]],
        "givenUp": [case.document for case in kinds[Action.GIVE_UP]],
    }
    code = Exit.OK if failure is None else failure.exit
    return Output(document=document, lines=lines or ["nothing to sweep"], exit_code=code)

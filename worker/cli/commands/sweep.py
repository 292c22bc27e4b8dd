"""`sweep`: starts runs for the jobs that need one, and that nobody else will start.

Made to be run by cron.
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from states.exits import Exit
from states.keys import artifact_name, artifacts_prefix, valid_job_id
from states.stages import Stage
from worker.cli.output import Output, warn
from worker.errors import (
    DamagedCheckpointError,
    UnknownFormatError,
    UsageError,
    WorkerError,
)
from worker.ownership.heartbeat import read_silence
from worker.ownership.log import CheckpointLog
from worker.platform.environment import job_environment
from worker.platform.port import LostAnswerError
from worker.platform.sweep_decision import (
    Action,
    SweepCandidate,
    SweepDecision,
    attempts_since,
    decide_by_runs,
)
from worker.run.run import TRANSFERS
from worker.services import sweep_mark as mark
from worker.services.deployment import (
    Deployment,
    open_deployment,
    operators_view,
)
from worker.services.platform_runs import runs_of
from worker.services.unstarted import identity_of_run
from worker.services.view import View
from worker.system.runtime import SystemRuntime


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepResult:
    """A job, and what a sweep did about it; `run_id` of the run that it has started."""

    job_id: str
    finding: SweepDecision
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
    deployment = open_deployment(
        arguments.definition, environment, SystemRuntime(), warn
    )
    view = operators_view(arguments.store, environment, deployment.definition)
    theirs = deployment.definition.environment.get("STORE_URL", view.store.url)
    if theirs.rstrip("/") != view.store.url.rstrip("/"):
        warn(
            [
                f"looking for jobs in {view.store.url}, while the definition's runs write to {theirs}"
            ]
        )
    looking = Sweep(
        view,
        deployment,
        max_attempts=arguments.max_attempts,
        max_parallel=arguments.max_parallel,
        dry_run=arguments.dry_run,
    )
    cases = looking.cases()
    return _said(cases, looking.failure, dry_run=arguments.dry_run)


class Sweep:
    """One look at all jobs, and what is done about them."""

    def __init__(
        self,
        view: View,
        deployment: Deployment,
        *,
        max_attempts: int,
        max_parallel: int,
        dry_run: bool,
    ) -> None:
        """Ask the platform for its runs."""
        self._view = view
        self._deployment = deployment
        self._max_attempts = max_attempts
        self._max_parallel = max_parallel
        self._dry_run = dry_run
        # The runs come first: a job that is begun after this look is not known, and left alone.
        self._runs = deployment.runs()
        self._live = sum(run.live for run in self._runs)
        self.failure: WorkerError | None = None
        """What makes the sweep end with another code than 0: a run could not be started, or a format is not known."""

    def cases(self) -> list[SweepResult]:
        """Look at all jobs, then start the runs that are needed, one by one.

        If the store refuses a look, no run is started.
        """
        job_ids = set(self._view.job_ids()) | {
            run.job_id for run in self._runs if valid_job_id(run.job_id or "")
        }
        names = sorted(job_id for job_id in job_ids if job_id)
        # guard: a sweep that is refused a look starts nothing
        candidates = list(
            self._view.runtime.executor(TRANSFERS).map(self._examine, names)
        )
        return [self._treat(candidate, finding) for candidate, finding in candidates]

    def _examine(self, job_id: str) -> tuple[SweepCandidate, SweepDecision]:
        """Look at one job; what cannot be read is left alone, and said."""
        log = CheckpointLog(self._view.store, job_id, self._view.runtime)
        try:
            newest = log.newest()
            manifest = newest.manifest if newest else None
            candidate = SweepCandidate(
                job_id=job_id,
                manifest=manifest,
                runs=runs_of(self._runs, job_id, manifest),
            )
            finding = decide_by_runs(candidate)
            if finding.action is Action.START:
                finding = (
                    self._sign_of_life(log, candidate)
                    or self._in_vain(candidate)
                    or finding
                )
        except (DamagedCheckpointError, UnknownFormatError) as error:
            if isinstance(error, UnknownFormatError):
                self.failure = error
            return SweepCandidate(job_id=job_id, manifest=None, runs=()), _skip(
                str(error)
            )
        return candidate, finding

    def _sign_of_life(
        self, log: CheckpointLog, candidate: SweepCandidate
    ) -> SweepDecision | None:
        manifest = candidate.manifest
        if manifest is None or manifest.released:
            return None
        silent, lease = read_silence(self._view.store, log, manifest)
        return (
            _skip(f"run {manifest.run} was heard of {silent}s ago")
            if silent <= lease
            else None
        )

    def _in_vain(self, candidate: SweepCandidate) -> SweepDecision | None:
        attempts = attempts_since(candidate, self._last_item(candidate.job_id))
        if attempts < self._max_attempts:
            return None
        return SweepDecision(
            action=Action.GIVE_UP,
            reason=f"{attempts} runs since its last finished item were in vain: see `status`, and `resume` it by hand",
        )

    def _last_item(self, job_id: str) -> datetime | None:
        """Return when the job's last item was stored; the snapshot of its source is none."""
        entries = self._view.store.entries(artifacts_prefix(job_id))
        named = ((artifact_name(entry.key), entry.modified) for entry in entries)
        moments = [
            modified
            for name, modified in named
            if name is not None and name.stage is not Stage.CLONE
        ]
        return datetime.fromtimestamp(max(moments), UTC) if moments else None

    def _treat(self, candidate: SweepCandidate, finding: SweepDecision) -> SweepResult:
        """Do what a finding asks for."""
        case = SweepResult(job_id=candidate.job_id, finding=finding)
        last = candidate.last
        if finding.action is not Action.START or last is None:
            return case
        if self._live >= self._max_parallel:
            said = f"{self._live} runs of the definition are live, and --max-parallel is {self._max_parallel}"
            return replace(case, finding=_skip(said))
        identity = (
            candidate.manifest.identity
            if candidate.manifest
            else identity_of_run(candidate.job_id, last)
        )
        variables = job_environment(identity, last.environment)
        if faults := self._deployment.faults([variables])[0]:
            return replace(
                case, finding=_skip(f"a run would be refused: {'; '.join(faults)}")
            )
        if self._dry_run:
            self._live += 1
            return case
        return self._start(case, variables, candidate)

    def _start(
        self, case: SweepResult, variables: Mapping[str, str], candidate: SweepCandidate
    ) -> SweepResult:
        store, last = self._view.store, candidate.runs[-1]
        key = mark.take(store, self._view.runtime, case.job_id, last.id)
        if key is None:
            return replace(case, finding=_skip("another sweep is starting a run of it"))
        try:
            run = self._deployment.start(variables, [run.id for run in candidate.runs])
        except WorkerError as error:
            self.failure = error
            if not isinstance(error, LostAnswerError):
                mark.withdraw(store, key)
            return replace(case, finding=_skip(str(error)))
        self._live += 1
        return replace(case, run_id=run.id)


def _skip(reason: str) -> SweepDecision:
    return SweepDecision(action=Action.SKIP, reason=reason)


def _said(
    cases: list[SweepResult], failure: WorkerError | None, *, dry_run: bool
) -> Output:
    kinds = {
        action: [case for case in cases if case.finding.action is action]
        for action in Action
    }
    started = "would start a run" if dry_run else "started run"
    lines = [
        f"{case.job_id}: {' '.join(filter(None, (started, case.run_id)))}, since {case.finding.reason}"
        for case in kinds[Action.START]
    ]
    lines += [
        f"{case.job_id}: skipped, since {case.finding.reason}"
        for case in kinds[Action.SKIP]
    ]
    lines += [
        f"{case.job_id}: given up, since {case.finding.reason}"
        for case in kinds[Action.GIVE_UP]
    ]
    document = {
        "swept": [
            {**case.document, "runId": case.run_id} for case in kinds[Action.START]
        ],
        "skipped": [case.document for case in kinds[Action.SKIP]],
        "givenUp": [case.document for case in kinds[Action.GIVE_UP]],
    }
    code = Exit.OK if failure is None else failure.exit
    return Output(
        document=document, lines=lines or ["nothing to sweep"], exit_code=code
    )

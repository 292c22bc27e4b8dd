"""`sweep`: starts a run for each job that needs one and has none; meant for cron."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from states.codec import JsonObject
from states.course_paths import ARTIFACT_LIST
from states.exits import Exit
from states.keys import artifact_name, artifacts_prefix, valid_job_id
from states.manifest import Manifest
from states.stages import Stage
from worker.cli.options import SweepOptions
from worker.cli.output import Output, counted, warn
from worker.course.artifacts import TRANSFERS
from worker.errors import (
    DamagedCheckpointError,
    UnknownFormatError,
    UsageError,
    WorkerError,
)
from worker.ownership.heartbeat import read_silence
from worker.platform.environment import job_environment
from worker.platform.port import LostAnswerError
from worker.platform.sweep_decision import (
    Action,
    SweepCandidate,
    SweepDecision,
    attempts_since,
    decide_by_runs,
    waits,
)
from worker.services import sweep_mark
from worker.services.deployment import (
    Deployment,
    open_deployment,
    operators_view,
)
from worker.services.platform_runs import live_runs, runs_of
from worker.services.unstarted import identity_of_run
from worker.services.view import View
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepResult:
    """A job, and what a sweep did with it."""

    job_id: str
    decision: SweepDecision
    run_id: str | None = None
    """The id of the run that the sweep started."""

    @property
    def document(self) -> JsonObject:
        """The result as `--json` shows it."""
        return {"jobId": self.job_id, "reason": self.decision.reason}


def sweep(options: SweepOptions, environment: Environment) -> Output:
    """Examine all jobs of a store, and start runs for those that are neither over nor alive."""
    if options.max_attempts < 1:
        raise UsageError("--max-attempts must be at least 1")
    if options.max_parallel < 1:
        raise UsageError("--max-parallel must be at least 1")
    runtime = SystemRuntime()
    deployment = open_deployment(options.definition, environment, runtime, warn)
    definition = deployment.definition
    view = operators_view(options.store, environment, definition)
    _warn_of_other_store(view, definition.environment)
    looking = Sweep(
        view,
        deployment,
        max_attempts=options.max_attempts,
        max_parallel=options.max_parallel,
        dry_run=options.dry_run,
    )
    results = looking.results()
    return _answer(results, looking.failure, dry_run=options.dry_run)


def _warn_of_other_store(view: View, definition: Mapping[str, str]) -> None:
    here = view.store.url
    there = definition.get("STORE_URL", here)
    if there.rstrip("/") != here.rstrip("/"):
        warn(
            [
                f"sweeping the jobs of {here}, but the definition's runs write to {there}"
            ]
        )


class Sweep:
    """Examines all jobs once, and starts the runs that are needed."""

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
        # The runs are listed before the jobs: a job that begins in between is left alone.
        self._runs = deployment.runs()
        self._live = len(live_runs(self._runs))
        self.failure: WorkerError | None = None
        """The first reason not to exit with 0: a run was not started, or a format is unknown."""

    def results(self) -> list[SweepResult]:
        """Examine all jobs, then start the runs that are needed, one by one.

        If the store refuses a read, no run is started.
        """
        executor = self._view.runtime.executor(TRANSFERS)
        # guard: a sweep whose read is refused starts no run
        decisions = list(executor.map(self._examine, self._job_ids()))
        results = []
        for candidate, decision in decisions:
            result = self._act(candidate, decision)
            results.append(result)
        return results

    def _job_ids(self) -> list[str]:
        """Return the ids of all jobs in the store, and of those that only the platform knows."""
        job_ids = set(self._view.job_ids())
        for run in self._runs:
            if run.job_id is not None and valid_job_id(run.job_id):
                job_ids.add(run.job_id)
        return sorted(job_ids)

    def _examine(self, job_id: str) -> tuple[SweepCandidate, SweepDecision]:
        """Decide about one job; an unreadable one is skipped."""
        try:
            manifest = self._view.newest(job_id)
            runs = runs_of(self._runs, job_id, manifest)
            candidate = SweepCandidate(
                job_id=job_id, manifest=manifest, runs=runs
            )
            return candidate, self._judge(candidate)
        except (DamagedCheckpointError, UnknownFormatError) as error:
            if isinstance(error, UnknownFormatError):
                self.failure = error
            unknown = SweepCandidate(job_id=job_id, manifest=None, runs=())
            return unknown, _skip(str(error))

    def _judge(self, candidate: SweepCandidate) -> SweepDecision:
        decision = decide_by_runs(candidate)
        if decision.action is not Action.START:
            return decision
        # guard: waiting: a sweep leaves a job alone until its time
        waiting = waits(candidate.manifest, self._view.runtime.now())
        if waiting is not None:
            return waiting
        alive = self._sign_of_life(candidate.manifest)
        if alive is not None:
            return alive
        return self._give_up(candidate) or decision

    def _sign_of_life(self, manifest: Manifest | None) -> SweepDecision | None:
        if manifest is None or manifest.released:
            return None
        log = self._view.log(manifest.job_id)
        silent, lease = read_silence(self._view.store, log, manifest)
        if silent > lease:
            return None
        return _skip(f"run {manifest.run}: last heartbeat {silent}s ago")

    def _give_up(self, candidate: SweepCandidate) -> SweepDecision | None:
        manifest = candidate.manifest
        # guard: waiting: a run that only waited is no attempt
        if manifest is not None and manifest.waiting is not None:
            return None
        last_item = self._last_item(candidate.job_id)
        attempts = attempts_since(candidate, last_item)
        if attempts < self._max_attempts:
            return None
        runs = counted(attempts, "run")
        return SweepDecision(
            action=Action.GIVE_UP,
            reason=f"{runs} produced no new item: see `status`, and `resume` it by hand",
        )

    def _last_item(self, job_id: str) -> datetime | None:
        """Return when the job's last item was stored; the source snapshot does not count."""
        newest: float | None = None
        prefix = artifacts_prefix(job_id)
        for entry in self._view.store.entries(prefix):
            name = artifact_name(entry.key)
            if name is None or name.stage is Stage.CLONE:
                continue
            if name.path == ARTIFACT_LIST:
                continue
            if newest is None or entry.modified > newest:
                newest = entry.modified
        if newest is None:
            return None
        return datetime.fromtimestamp(newest, UTC)

    def _act(
        self, candidate: SweepCandidate, decision: SweepDecision
    ) -> SweepResult:
        """Start a run if the decision says so and nothing prevents it."""
        result = SweepResult(job_id=candidate.job_id, decision=decision)
        last = candidate.last
        if decision.action is not Action.START or last is None:
            return result
        if self._live >= self._max_parallel:
            live = counted(self._live, "live run")
            limit = f"--max-parallel is {self._max_parallel}"
            return _skipped(result, f"the definition has {live}, and {limit}")
        manifest = candidate.manifest
        identity = (
            identity_of_run(candidate.job_id, last)
            if manifest is None
            else manifest.identity
        )
        variables = job_environment(identity, last.environment)
        faults = self._deployment.faults(variables)
        if faults:
            return _skipped(
                result, f"a run would be refused: {'; '.join(faults)}"
            )
        if self._dry_run:
            self._live += 1
            return result
        return self._start(result, variables, candidate)

    def _start(
        self,
        result: SweepResult,
        variables: Environment,
        candidate: SweepCandidate,
    ) -> SweepResult:
        store = self._view.store
        runtime = self._view.runtime
        last = candidate.runs[-1]
        mark = sweep_mark.take(store, runtime, result.job_id, last.id)
        if mark is None:
            return _skipped(result, "another sweep is starting a run of it")
        known = [run.id for run in candidate.runs]
        try:
            run = self._deployment.start(variables, known)
        except WorkerError as error:
            self.failure = error
            if not isinstance(error, LostAnswerError):
                sweep_mark.withdraw(store, mark)
            return _skipped(result, str(error))
        self._live += 1
        return replace(result, run_id=run.id)


def _skip(reason: str) -> SweepDecision:
    return SweepDecision(action=Action.SKIP, reason=reason)


def _skipped(result: SweepResult, reason: str) -> SweepResult:
    return replace(result, decision=_skip(reason))


def _answer(
    results: list[SweepResult], failure: WorkerError | None, *, dry_run: bool
) -> Output:
    swept = _with_action(results, Action.START)
    skipped = _with_action(results, Action.SKIP)
    given_up = _with_action(results, Action.GIVE_UP)
    lines = []
    for result in swept:
        action = "would start a run"
        if not dry_run:
            action = f"started run {result.run_id}"
        lines.append(_line(result, action))
    for result in skipped:
        line = _line(result, "skipped")
        lines.append(line)
    for result in given_up:
        line = _line(result, "given up")
        lines.append(line)
    document = {
        "swept": [
            {**result.document, "runId": result.run_id} for result in swept
        ],
        "skipped": [result.document for result in skipped],
        "givenUp": [result.document for result in given_up],
    }
    code = Exit.OK
    if failure is not None:
        code = failure.exit
    return Output(
        document=document, lines=lines or ["nothing to sweep"], exit_code=code
    )


def _with_action(
    results: list[SweepResult], action: Action
) -> list[SweepResult]:
    return [result for result in results if result.decision.action is action]


def _line(result: SweepResult, action: str) -> str:
    return f"{result.job_id}: {action}, since {result.decision.reason}"

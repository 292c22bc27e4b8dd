"""`check`: tests everything that a job needs, without starting one."""

from dataclasses import replace

from states.codec import JsonObject
from states.exits import Exit
from states.manifest import Identity
from worker.cli.options import CheckOptions
from worker.cli.output import Output, seconds
from worker.job_request import DEFAULT_BRANCH, VARIABLES, Field, fault_lines
from worker.services.check import CheckResult, Checks
from worker.services.view import store_settings
from worker.settings.reader import EnvironmentReader
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime


def check(options: CheckOptions, environment: Environment) -> Output:
    """Test store, webhook, repository and engine; exit with the code of the first fault."""
    settings = store_settings(options.store, environment)
    if options.engine is not None:
        engine = replace(settings.engine, name=options.engine)
        settings = replace(settings, engine=engine)
    reader = EnvironmentReader(environment)
    repository = _repository(reader, allow_http=settings.allow_http_git)
    reader.finish()
    checks = Checks(
        settings=settings,
        environment=environment,
        runtime=SystemRuntime(),
        repository=repository,
    )
    findings = checks.findings()
    faults = [finding for finding in findings if finding.fault is not None]
    code = Exit.OK
    if faults:
        code = faults[0].exit_code
    return Output(
        document=[_document(finding) for finding in findings],
        lines=[_line(finding) for finding in findings],
        exit_code=code,
    )


def _repository(
    reader: EnvironmentReader, *, allow_http: bool
) -> Identity | None:
    repository = reader.text("REPOSITORY_URL")
    if repository is None:
        return None
    branch = reader.text("BRANCH", DEFAULT_BRANCH) or DEFAULT_BRANCH
    fields = {Field.REPOSITORY: repository, Field.BRANCH: branch}
    reader.faults += fault_lines(fields, VARIABLES, allow_http=allow_http)
    return Identity(job_id="", repository=repository, branch=branch)


def _line(finding: CheckResult) -> str:
    verdict = "ok"
    text = finding.tried
    if finding.fault is not None:
        verdict = "FAULT"
        text = finding.fault
    took = seconds(finding.seconds)
    return f"{verdict:<6} {finding.part:<11} {text} ({took})"


def _document(finding: CheckResult) -> JsonObject:
    return {
        "part": finding.part,
        "ok": finding.fault is None,
        "tried": finding.tried,
        "fault": finding.fault,
        "seconds": finding.seconds,
        "exitCode": int(finding.exit_code),
    }

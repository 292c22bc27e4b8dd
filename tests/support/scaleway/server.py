"""The API over HTTP, with faults on demand.

with ScalewayServer() as scaleway:
    scaleway.environment                               # SCW_API_URL and the like, for a command
    scaleway.fault(Fault(status=503, times=2))              # the next two requests
    scaleway.fault(Fault(lost=True, on="/start"))           # it is done, and the answer gets lost
    scaleway.jobs.definitions, scaleway.requests, ...
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from tests.support.http_server import HttpServer, QuietHandler
from tests.support.scaleway.jobs import (
    Document,
    Jobs,
    RefusalError,
    invalid,
    new_id,
    not_found,
)

ROOT: Final = "/serverless-jobs/v1alpha2/regions/"
MAX_PAGE: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault of the next `times` requests whose method and path contain `on`."""

    status: int | None = None
    """Answer with this status, without an effect."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"<html>an error page</html>"
    lost: bool = False
    """Carry out the request, and close the connection without an answer."""
    trickle: bool = False
    """Send the body byte by byte, more slowly than any client waits."""
    silent: bool = False
    """Do not answer until the server is closed."""
    times: int = 1
    on: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A request as the API sees it."""

    method: str
    path: tuple[str, ...]
    """The path below the region's."""
    params: Mapping[str, list[str]]
    body: Document

    def param(self, name: str) -> str | None:
        return self.params.get(name, [None])[0]


class ScalewayServer(HttpServer):
    """One project's view of one region."""

    def __init__(self, jobs: Jobs | None = None) -> None:
        super().__init__(_Handler)
        self.jobs = jobs or Jobs()
        self.secret_key = new_id()
        self.project_id = new_id()
        self.requests: list[str] = []
        """Method and path of each request."""
        self.page_limit = MAX_PAGE
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.url = self.origin

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a command needs."""
        return {
            "SCW_API_URL": self.url,
            "SCW_ACCESS_KEY": "SCW00000000000000000",
            "SCW_SECRET_KEY": self.secret_key,
            "SCW_DEFAULT_PROJECT_ID": self.project_id,
            "SCW_DEFAULT_REGION": self.jobs.region,
        }

    def fault(self, fault: Fault) -> None:
        self._faults += [fault] * fault.times

    def define(
        self, name: str = "fondation-worker", **environment: str
    ) -> Document:
        """Create a definition without a request."""
        body = {
            "name": name,
            "project_id": self.project_id,
            "description": "",
            "cpu_limit": 2000,
            "memory_limit": 4096,
            "local_storage_capacity": 10000,
            "image_uri": "registry.example/worker:1",
            "environment_variables": environment,
        }
        return self.jobs.create_definition(body)

    def take_fault(self, what: str) -> Fault | None:
        """Take the fault of a request."""
        with self._lock:
            self.requests.append(what)
            fault = next(
                (fault for fault in self._faults if fault.on in what), None
            )
            if fault is not None:
                self._faults.remove(fault)
            return fault

    def answer(self, query: Query) -> Any:  # noqa: ANN401 - any value of JSON
        """Return the answer to a request."""
        with self._lock:
            if query.method != "GET":
                self.jobs.writes.append(
                    f"{query.method} {'/'.join(query.path)}"
                )
            answers: dict[str, Callable[[Query], Any]] = {
                "job-definitions": self._definitions,
                "job-runs": self._runs,
                "secrets": self._secrets,
                "job-limits": lambda _: {"secrets_per_job_definition": 20},
            }
            if query.path[0] not in answers:
                raise not_found("path", "/".join(query.path))
            return json.loads(json.dumps(answers[query.path[0]](query)))

    def _definitions(self, query: Query) -> Any:  # noqa: ANN401 - any value of JSON
        jobs = self.jobs
        match query.method, query.path[1:]:
            case "POST", ():
                return jobs.create_definition(query.body)
            case "GET", ():
                return self._page(
                    query, "job_definitions", list(jobs.definitions.values())
                )
            case "GET", (definition_id,):
                return jobs.definition(definition_id)
            case "PATCH", (definition_id,):
                return jobs.update_definition(
                    jobs.definition(definition_id), query.body
                )
            case "DELETE", (definition_id,):
                return jobs.delete_definition(jobs.definition(definition_id))
            case "POST", (definition_id, "start"):
                return {
                    "job_runs": jobs.start(
                        jobs.definition(definition_id), query.body
                    )
                }
        raise RefusalError(405, type="unknown", message="method not allowed")

    def _runs(self, query: Query) -> Any:  # noqa: ANN401 - any value of JSON
        match query.method, query.path[1:]:
            case "GET", ():
                wanted, states = (
                    query.param("job_definition_id"),
                    query.params.get("states"),
                )
                runs = [
                    run
                    for run in self.jobs.runs.values()
                    if wanted in {None, run["job_definition_id"]}
                ]
                return self._page(
                    query,
                    "job_runs",
                    [
                        run
                        for run in runs
                        if not states or run["state"] in states
                    ],
                )
            case "GET", (run_id,):
                return self.jobs.run(run_id)
            case "POST", (run_id, "stop"):
                return self.jobs.stop(self.jobs.run(run_id))
        raise RefusalError(405, type="unknown", message="method not allowed")

    def _secrets(self, query: Query) -> Any:  # noqa: ANN401 - any value of JSON
        held = self.jobs.secrets
        match query.method, query.path[1:]:
            case "POST", ():
                return {"secrets": self.jobs.create_secrets(query.body)}
            case "GET", ():
                secrets = self.jobs.secrets_of(
                    query.param("job_definition_id") or ""
                )
                return {"secrets": secrets, "total_count": len(secrets)}
            case _, (secret_id,) if secret_id not in held:
                raise not_found("secret", secret_id)
            case "PATCH", (secret_id,):
                held[secret_id] |= query.body
                return held[secret_id]
            case "DELETE", (secret_id,):
                return held.pop(secret_id) and None
        raise RefusalError(405, type="unknown", message="method not allowed")

    def _page(
        self, query: Query, name: str, resources: list[Document]
    ) -> Document:
        """Return one page of the resources of the project."""
        project, order = (
            query.param("project_id"),
            query.param("order_by") or "created_at_asc",
        )
        if order not in {"created_at_asc", "created_at_desc"}:
            raise invalid("order_by", "is not known")
        mine = [
            resource
            for resource in resources
            if project in {None, self._project_of(resource)}
        ]
        mine.sort(
            key=lambda resource: resource["created_at"],
            reverse=order.endswith("desc"),
        )
        size = min(int(query.param("page_size") or 20), self.page_limit)
        first = (int(query.param("page") or 1) - 1) * size
        return {name: mine[first : first + size], "total_count": len(mine)}

    def _project_of(self, resource: Document) -> str:
        definition = self.jobs.definitions.get(
            resource.get("job_definition_id", ""), resource
        )
        return str(definition["project_id"])


class _Handler(QuietHandler):
    api: ClassVar[ScalewayServer]

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.api.take_fault(f"{self.command} {self.path}") or Fault()
        if fault.silent:
            self.api.closing.wait()
        if fault.status is not None:
            self._send(
                fault.status, fault.body, fault.headers, slowly=fault.trickle
            )
            return
        status, document = self._answer(json.loads(content or b"{}"))
        if fault.lost:
            self.close_connection = True
            return
        self._send(
            status,
            b"" if document is None else json.dumps(document).encode(),
            {},
        )

    def _answer(self, body: Document) -> tuple[int, Any]:
        parts = urlsplit(self.path)
        region, _, rest = parts.path.removeprefix(ROOT).partition("/")
        query = Query(
            method=self.command,
            path=tuple(rest.split("/")),
            params=parse_qs(parts.query),
            body=body,
        )
        if self.headers.get("X-Auth-Token") != self.api.secret_key:
            return 401, {
                "type": "denied_authentication",
                "method": "api_key",
                "reason": "not_found",
                "message": "denied",
            }
        if not parts.path.startswith(ROOT) or region != self.api.jobs.region:
            return 404, not_found("path", parts.path).document
        try:
            document = self.api.answer(query)
        except RefusalError as refusal:
            return refusal.status, refusal.document
        return (204 if document is None else 200), document

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
        *,
        slowly: bool = False,
    ) -> None:
        self.send_response(status)
        kind = (
            "application/json" if body.startswith((b"{", b"[")) else "text/html"
        )
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        for part in (
            (body[at : at + 1] for at in range(len(body)))
            if slowly
            else (body,)
        ):
            self.wfile.write(part)
            if slowly and self.api.closing.wait(0.01):
                return

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - as the library has it

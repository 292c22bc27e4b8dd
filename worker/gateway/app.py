"""The gateway's HTTP endpoints: access, limits, and the format of the answers."""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakValueDictionary

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from states.keys import valid_job_id
from worker import __version__
from worker.errors import StoreError, WorkerError
from worker.gateway.openapi import description
from worker.gateway.port import Backend, JobConflictError, UnknownJobError
from worker.gateway.request import FaultyRequestError, read_request
from worker.settings.reader import Secret

LOG = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024
"""The largest body of a request, in bytes."""
_TOO_LARGE: Final = (
    f"the body is too large: at most {MAX_BODY} bytes are accepted"
)

Endpoint = Callable[[HttpRequest], Awaitable[Response]]


class Gateway:
    """The HTTP endpoints for a backend."""

    def __init__(
        self, backend: Backend, token: Secret | None, *, allow_http: bool
    ) -> None:
        """Require `token`, if it is set, for all requests except `GET /`."""
        self._backend = backend
        self._token = token
        self._allow_http = allow_http
        self._turns: WeakValueDictionary[str, asyncio.Lock] = (
            WeakValueDictionary()
        )

    def app(self) -> Starlette:
        app = Starlette(
            routes=[
                Route("/", self._health, methods=["GET"]),
                self._route("GET", "/openapi.json", self._description),
                self._route("GET", "/status", self._status),
                self._route("POST", "/analyze", self._analyze),
                self._route("GET", "/jobs/{job_id}", self._job),
                self._route("GET", "/jobs/{job_id}/files", self._files),
                self._route("POST", "/cancel/{job_id}", self._cancel),
            ],
            exception_handlers={HTTPException: _failed, Exception: _bug},
        )
        app.router.redirect_slashes = False
        return app

    def _route(self, method: str, path: str, endpoint: Endpoint) -> Route:
        return Route(path, self._guarded(endpoint), methods=[method])

    async def _health(self, _: HttpRequest) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    async def _description(self, _: HttpRequest) -> Response:
        guarded = self._token is not None
        return JSONResponse(
            description(guarded=guarded, allow_http=self._allow_http)
        )

    async def _status(self, _: HttpRequest) -> Response:
        status = await run_in_threadpool(self._backend.status)
        common = {"mode": self._backend.mode, "version": __version__}
        return JSONResponse({**common, **status})

    async def _analyze(self, http: HttpRequest) -> Response:
        request = read_request(
            await _document(http), allow_http=self._allow_http
        )
        async with self._turn(request.identity.job_id):
            details = await run_in_threadpool(self._backend.analyze, request)
        document = {
            "status": "accepted",
            "jobId": request.identity.job_id,
            "mode": self._backend.mode,
            **details,
        }
        return JSONResponse(document, status_code=202)

    async def _job(self, http: HttpRequest) -> Response:
        job = await run_in_threadpool(self._backend.job, _job_id(http))
        return JSONResponse(job)

    async def _files(self, http: HttpRequest) -> Response:
        files = await run_in_threadpool(self._backend.files, _job_id(http))
        return JSONResponse(files)

    async def _cancel(self, http: HttpRequest) -> Response:
        job_id = _job_id(http)
        async with self._turn(job_id):
            await run_in_threadpool(self._backend.cancel, job_id)
        return JSONResponse(
            {"status": "accepted", "jobId": job_id}, status_code=202
        )

    def _turn(self, job_id: str) -> asyncio.Lock:
        """Return the lock that serialises requests that change a job."""
        return self._turns.setdefault(job_id, asyncio.Lock())

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Check the token before calling an endpoint, and turn its errors into answers."""

        async def guarded(http: HttpRequest) -> Response:
            self._check_access(http)
            try:
                return await endpoint(http)
            except ClientDisconnect:
                return _error(400, "the request is incomplete")
            except FaultyRequestError as error:
                return _error(400, str(error), fields=error.fields)
            except JobConflictError as error:
                return _error(409, str(error))
            except UnknownJobError:
                return _error(
                    404, f"there is no job {http.path_params.get('job_id')}"
                )
            except (WorkerError, StoreError) as error:
                LOG.warning(
                    "a request failed",
                    extra={"path": http.url.path, "reason": str(error)},
                )
                return _error(502, str(error))

        return guarded

    def _check_access(self, http: HttpRequest) -> None:
        """Reject unauthenticated or oversized requests."""
        if not self._is_authenticated(http):
            raise HTTPException(
                401,
                "the gateway's token is required, as `Authorization: Bearer …`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if int(http.headers.get("Content-Length", "0")) > MAX_BODY:
            raise HTTPException(413, _TOO_LARGE)

    def _is_authenticated(self, http: HttpRequest) -> bool:
        if self._token is None:
            return True
        header = http.headers.get("Authorization", "")
        scheme, _, given = header.partition(" ")
        # Starlette decodes header bytes as Latin-1, whatever their encoding.
        given_bytes = given.strip().encode("latin-1")
        token = self._token.reveal().encode()
        same = hmac.compare_digest(given_bytes, token)
        return scheme.lower() == "bearer" and same


def _job_id(http: HttpRequest) -> str:
    job_id: str = http.path_params["job_id"]
    if not valid_job_id(job_id):
        raise UnknownJobError
    return job_id


async def _document(http: HttpRequest) -> Any:  # noqa: ANN401 - any value of JSON
    """Read a body of limited size as JSON."""
    body = b""
    async for chunk in http.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, _TOO_LARGE)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FaultyRequestError(
            {"body": f"it is not JSON: {error}"}
        ) from error


def _error(status: int, message: str, **more: object) -> Response:
    return JSONResponse({"error": message, **more}, status_code=status)


async def _failed(_: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return JSONResponse(
        {"error": error.detail},
        status_code=error.status_code,
        headers=error.headers,
    )


async def _bug(_: HttpRequest, error: Exception) -> Response:
    return _error(
        500, f"a bug: {type(error).__name__}; the traceback is in the log"
    )

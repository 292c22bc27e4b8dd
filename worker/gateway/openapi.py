"""The gateway's description of itself, as OpenAPI 3.1."""

from typing import Any, Final

from states.stages import State
from worker import __version__

_JOB_ID: Final = {"type": "string", "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$"}
_SURPLUS: Final = (
    r"\s\x00-\x20\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\"'`\u2018\u2019\u201c\u201d\xab\xbb"
)
"""What no text begins or ends with, as far as a pattern of JSON schema can say it: quotes, and what cannot be seen."""
_BEGIN: Final = f"(?![{_SURPLUS}])"
_END: Final = f"(?<![{_SURPLUS}])"
_TOKEN: Final = {"type": "string", "pattern": f"^{_BEGIN}[!-~]+{_END}$"}
_OPTIONAL_TOKEN: Final = {"type": ["string", "null"], "pattern": f"^$|^{_BEGIN}[!-~]+{_END}$"}
_PART: Final = r"[^\x00-\x20\x7f-\x9f~^:?*\[\\/]+"
_BRANCH: Final = rf"^$|^{_BEGIN}(?!-)(?!.*(\.\.|@\{{|\.$))(?!(.*/)?\.)(?!.*\.lock(/|$)){_PART}(/{_PART})*{_END}$"
_NO_PAGE: Final = r"(?!https://[^/]+(/+[^/]+){2,}/+-(/|$))"
"""GitLab's pages of a repository are no repositories."""
_URL: Final = rf"{_NO_PAGE}https://[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)+"
_SHORT: Final = "[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}

_SCHEMAS: Final[dict[str, Any]] = {
    "Request": {
        "type": "object",
        "required": ["jobId", "repositoryUrl", "callbackUrl", "callbackToken"],
        "properties": {
            "jobId": _JOB_ID,
            "repositoryUrl": {
                "type": "string",
                "description": "https://host/path, or owner/name for GitHub",
                "pattern": f"^({_URL}|{_SHORT})$",
            },
            "branch": {"type": ["string", "null"], "pattern": _BRANCH, "default": "main"},
            "callbackUrl": {
                "type": "string",
                "pattern": r"^https?://[a-z0-9]{1,40}(\.[a-z]{2,9})?(:[1-9][0-9]{1,3})?/[!-~]{0,200}"
                rf"{_END}$",
            },
            "callbackToken": _TOKEN,
            "githubToken": _OPTIONAL_TOKEN,
        },
    },
    "Accepted": {
        "type": "object",
        "required": ["status", "jobId"],
        "properties": {
            "status": {"const": "accepted"},
            "jobId": _JOB_ID,
            "mode": {"enum": ["local-worker", "scaleway-job"]},
            "runId": {"type": "string", "description": "of the platform's run"},
        },
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": _TEXT,
            "fields": {"type": "object", "additionalProperties": _TEXT, "description": "what is wrong, by field"},
        },
    },
    "Health": {
        "type": "object",
        "required": ["status", "version"],
        "properties": {"status": {"const": "ok"}, "version": _TEXT},
    },
    "Status": {
        "type": "object",
        "required": ["mode", "version", "running", "waiting"],
        "properties": {
            "mode": {"enum": ["local-worker", "scaleway-job"]},
            "version": _TEXT,
            "running": _TEXTS,
            "waiting": _TEXTS,
            "givenUp": _TEXTS,
            "maxRuns": {"type": "integer"},
            "definition": _TEXT,
        },
    },
    "Job": {
        "type": "object",
        "required": ["jobId", "state", "run", "stages", "error", "pendingCallbacks"],
        "properties": {
            "jobId": _JOB_ID,
            "state": {"enum": [str(state) for state in State]},
            "run": {"type": "integer"},
            "stages": {"type": "array", "items": {"type": "object"}},
            "error": {"type": ["object", "null"]},
            "pendingCallbacks": {"type": "array", "items": {"type": "object"}},
        },
    },
    "File": {
        "type": "object",
        "required": ["path", "type", "size", "sha256", "url", "uri", "expiresAt"],
        "properties": {
            "path": _TEXT,
            "type": {"enum": ["yaml", "markdown"]},
            "size": {"type": "integer"},
            "sha256": _TEXT,
            "url": {"type": "string", "description": "signed; a secret for as long as it lives"},
            "uri": _TEXT,
            "expiresAt": {"type": "string", "format": "date-time"},
        },
    },
}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(summary: str, answers: dict[str, dict[str, Any]], *errors: str, **more: object) -> dict[str, Any]:
    return {"summary": summary, "responses": {**answers, **{code: _ERRORS[code] for code in errors}}, **more}


_ERRORS: Final = {
    code: _answer(description, _ref("Error"))
    for code, description in {
        "400": "something is missing or wrong: all of it is said",
        "401": "the token is missing or wrong",
        "404": "there is no such job",
        "409": "the job is about another repository or branch",
        "413": "the body is larger than 64 KiB",
        "502": "the platform or the store does not do what it should now",
    }.items()
}
_ONE_JOB: Final = [{"name": "job_id", "in": "path", "required": True, "schema": _JOB_ID}]

_DESCRIPTION: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "fondation-worker gateway", "version": __version__},
    "paths": {
        "/": {"get": _operation("Health", {"200": _answer("it is there", _ref("Health"))}, security=[])},
        "/openapi.json": {
            "get": _operation("This description", {"200": _answer("OpenAPI", {"type": "object"})}, "401")
        },
        "/status": {"get": _operation("Mode, version, local runs", {"200": _answer("now", _ref("Status"))}, "401")},
        "/analyze": {
            "post": _operation(
                "Begin a job, or take it up again",
                {"202": _answer("accepted", _ref("Accepted"))},
                *("400", "401", "409", "413", "502"),
                requestBody={"required": True, "content": {"application/json": {"schema": _ref("Request")}}},
            )
        },
        "/jobs/{job_id}": {
            "parameters": _ONE_JOB,
            "get": _operation("Where a job stands", {"200": _answer("now", _ref("Job"))}, "401", "404", "502"),
        },
        "/jobs/{job_id}/files": {
            "parameters": _ONE_JOB,
            "get": _operation(
                "The files of its course, with fresh URLs",
                {"200": _answer("what is finished so far", {"type": "array", "items": _ref("File")})},
                *("401", "404", "502"),
            ),
        },
        "/cancel/{job_id}": {
            "parameters": _ONE_JOB,
            "post": _operation(
                "Cancel a job", {"202": _answer("asked for", _ref("Accepted"))}, *("401", "404", "413", "502")
            ),
        },
    },
    "components": {"schemas": _SCHEMAS},
}


def description(*, guarded: bool) -> dict[str, Any]:
    """Return the description of a gateway that asks for its token, or of one that has none."""
    if not guarded:
        return _DESCRIPTION
    schemes = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
    return {
        **_DESCRIPTION,
        "security": [{"bearer": []}],
        "components": {**_DESCRIPTION["components"], **schemes},
    }

"""The gateway's description of itself, as OpenAPI 3.1."""

from typing import Final

from states.codec import JsonObject
from states.keys import JOB_ID
from states.stages import State
from states.url_patterns import HTTP_URL, repository_pattern
from worker import __version__
from worker.settings.checks import SECRET
from worker.settings.stray_characters import stray_class

_NO_SURPLUS: Final = stray_class()
_BEGIN: Final = f"^(?![{_NO_SURPLUS}])"
_EMPTY: Final = r"(?![\s\S])"
"""The end of a text; in some validators, `$` also matches before a final line break."""
_END: Final = f"(?<![{_NO_SURPLUS}]){_EMPTY}"
_PART: Final = r"[^\x00-\x20\x7f-\x9f~^:?*\[\\/]+"
_BRANCH: Final = (
    r"(?!-)(?![\s\S]*(?:\.\.|@\{|\.$))(?!(?:[\s\S]*/)?\.)(?![\s\S]*\.lock(?:/|$))"
    rf"{_PART}(?:/{_PART})*"
)


def _whole(pattern: str) -> str:
    """Return the pattern of a whole text without surrounding white space or quotes."""
    return f"{_BEGIN}(?:{pattern}){_END}"


def _text(pattern: str, **more: object) -> JsonObject:
    return {"type": "string", "pattern": _whole(pattern), **more}


def _optional(pattern: str, **more: object) -> JsonObject:
    """Return the schema of an optional text; null and an empty text mean that it is missing."""
    return {
        "type": ["string", "null"],
        "pattern": f"^{_EMPTY}|{_whole(pattern)}",
        **more,
    }


_JOB_ID: Final = {
    "type": "string",
    "pattern": rf"^(?!\.{{1,2}}{_EMPTY}){JOB_ID.pattern}{_EMPTY}",
}
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}


def _request(*, allow_http: bool) -> JsonObject:
    return {
        "type": "object",
        "required": ["jobId", "repositoryUrl", "callbackUrl", "callbackToken"],
        "properties": {
            "jobId": _JOB_ID,
            "repositoryUrl": _text(
                repository_pattern(allow_http=allow_http),
                description="https://host/path, or owner/name for GitHub",
            ),
            "branch": _optional(_BRANCH, default="main"),
            "callbackUrl": _text(
                HTTP_URL, description="the address of the web app's webhook"
            ),
            "callbackToken": _text(SECRET),
            "githubToken": _optional(SECRET),
            "updateFrom": _optional(
                rf"(?!\.{{1,2}}{_END}){JOB_ID.pattern}",
                description="keep the pages of this earlier job's course that are still true",
            ),
        },
    }


_SCHEMAS: Final[JsonObject] = {
    "Accepted": {
        "type": "object",
        "required": ["status", "jobId"],
        "properties": {
            "status": {"const": "accepted"},
            "jobId": _JOB_ID,
            "mode": {"enum": ["local-worker", "scaleway-job"]},
            "runId": {
                "type": "string",
                "description": "the id of the platform's run",
            },
        },
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": _TEXT,
            "fields": {
                "type": "object",
                "additionalProperties": _TEXT,
                "description": "the faults, by field",
            },
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
        "required": [
            "jobId",
            "state",
            "run",
            "stages",
            "error",
            "pendingCallbacks",
        ],
        "properties": {
            "jobId": _JOB_ID,
            "state": {"enum": [str(state) for state in State]},
            "run": {"type": "integer"},
            "stages": {"type": "array", "items": {"type": "object"}},
            "error": {"type": ["object", "null"]},
            "pendingCallbacks": {"type": "array", "items": {"type": "object"}},
            "callbackTrouble": {"type": ["string", "null"]},
        },
    },
    "File": {
        "type": "object",
        "required": [
            "path",
            "type",
            "size",
            "sha256",
            "url",
            "uri",
            "expiresAt",
        ],
        "properties": {
            "path": _TEXT,
            "type": {"enum": ["yaml", "markdown"]},
            "size": {"type": "integer"},
            "sha256": _TEXT,
            "url": {
                "type": "string",
                "description": "signed; keep it secret until it expires",
            },
            "uri": _TEXT,
            "expiresAt": {"type": "string", "format": "date-time"},
        },
    },
}


def _answer(description: str, schema: JsonObject) -> JsonObject:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }


def _ref(name: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(
    summary: str,
    answers: dict[str, JsonObject],
    *errors: str,
    **more: object,
) -> JsonObject:
    return {
        "summary": summary,
        "responses": {**answers, **{code: _ERRORS[code] for code in errors}},
        **more,
    }


_MEANINGS: Final = {
    "400": "fields are missing or wrong; all of them are listed",
    "401": "the token is missing or wrong",
    "404": "there is no such job",
    "409": "the job is about another repository or branch",
    "413": "the body is larger than 64 KiB",
    "502": "the platform or the store fails",
}
_ERRORS: Final = {
    code: _answer(meaning, _ref("Error")) for code, meaning in _MEANINGS.items()
}
_ONE_JOB: Final = [
    {"name": "job_id", "in": "path", "required": True, "schema": _JOB_ID}
]

_DESCRIPTION: Final[JsonObject] = {
    "openapi": "3.1.0",
    "info": {"title": "fondation-worker gateway", "version": __version__},
    "paths": {
        "/": {
            "get": _operation(
                "Health",
                {"200": _answer("the gateway runs", _ref("Health"))},
                security=[],
            )
        },
        "/openapi.json": {
            "get": _operation(
                "This description",
                {"200": _answer("OpenAPI", {"type": "object"})},
                "401",
            )
        },
        "/status": {
            "get": _operation(
                "Mode, version and local runs",
                {"200": _answer("the current status", _ref("Status"))},
                "401",
            )
        },
        "/analyze": {
            "post": _operation(
                "Start a job, or resume it",
                {"202": _answer("accepted", _ref("Accepted"))},
                *("400", "401", "409", "413", "502"),
                requestBody={
                    "required": True,
                    "content": {
                        "application/json": {"schema": _ref("Request")}
                    },
                },
            )
        },
        "/jobs/{job_id}": {
            "parameters": _ONE_JOB,
            "get": _operation(
                "A job's status",
                {"200": _answer("the current status", _ref("Job"))},
                "401",
                "404",
                "502",
            ),
        },
        "/jobs/{job_id}/files": {
            "parameters": _ONE_JOB,
            "get": _operation(
                "The files of its course, with fresh URLs",
                {
                    "200": _answer(
                        "the files that are finished so far",
                        {"type": "array", "items": _ref("File")},
                    )
                },
                *("401", "404", "502"),
            ),
        },
        "/cancel/{job_id}": {
            "parameters": _ONE_JOB,
            "post": _operation(
                "Cancel a job",
                {"202": _answer("requested", _ref("Accepted"))},
                *("401", "404", "413", "502"),
            ),
        },
    },
}


def description(*, guarded: bool, allow_http: bool) -> JsonObject:
    """Return the description of a gateway, `guarded` by a token or not.

    Its patterns accept what the checks of a request accept. The checks also refuse what no
    pattern can express: a host that only looks like an IPv6 address, the address of a page
    instead of a repository, half of a surrogate pair.
    """
    components: JsonObject = {
        "schemas": {"Request": _request(allow_http=allow_http), **_SCHEMAS}
    }
    described = {**_DESCRIPTION, "components": components}
    if guarded:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"}
        }
        described["security"] = [{"bearer": []}]
    return described

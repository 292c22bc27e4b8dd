"""Requests to an S3 server, over the SDK's HTTP connections alone.

The SDK itself builds requests from a description of the service. It takes longer to load than
everything else that a run needs, and more time for a request than connection and kernel together.
It is asked only where a bucket on AWS is.

Nothing retries a request here: a conditional PUT whose answer was lost would meet its own object,
and no one could tell.

No configuration file and no metadata service is read: `S3Access` is the whole configuration, except
for proxies and certificates, which are read from the environment as the SDK reads them.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import IO, Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

from botocore.utils import get_environ_proxies
from urllib3 import BaseHTTPResponse

from worker import __version__
from worker.errors import StoreConfigError
from worker.store.s3_connection import Connections
from worker.store.s3_errors import ErrorResponse, inspect
from worker.store.s3_signer import Signer
from worker.system.runtime import SystemRuntime

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
"""How long a server may be silent before it counts as unavailable."""
CONNECTIONS: Final = 32
"""How many connections are kept open: one for each thread that uses the store."""
_BUCKET: Final = re.compile(r"[a-zA-Z0-9._-]{1,255}")
_REGION: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_ELSEWHERE: Final = {
    "301",
    "302",
    "307",
    "400",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "Redirect",
    "TemporaryRedirect",
}
"""Codes of errors that may name the bucket's region; answers without a body have a number."""
_PORTS: Final = {"http": 80, "https": 443}
_USER_AGENT: Final = f"fondation-worker/{__version__}"


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Access:
    """How to reach an S3 server; without an endpoint it is AWS in that region."""

    endpoint_url: str | None
    public_endpoint_url: str | None
    """The endpoint in signed URLs, if it differs from `endpoint_url`."""
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class S3Request:
    """A request about a bucket, or about one of its objects."""

    operation: str
    """Its name in S3's API."""
    method: str
    key: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | IO[bytes] = b""
    sha256: str = (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    """The body's digest, in hexadecimal; by default that of an empty body."""
    is_streamed: bool = False
    """Whether the caller reads the answer's body from `S3Response.stream`."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class S3Response:
    """A server's successful answer."""

    headers: Mapping[str, str]
    """By name; upper and lower case are the same."""
    body: bytes
    document: ET.Element | None
    """The parsed body, if the operation answers in XML."""
    stream: Any
    """The body of a streamed answer, as urllib3 reads it."""


class AnsweredError(Exception):
    """The server has answered with an error."""

    def __init__(self, answer: ErrorResponse) -> None:
        super().__init__(f"{answer.status} {answer.code}")
        self.answer = answer


class S3Client:
    """Signs and sends requests about one bucket; threads share it."""

    def __init__(self, access: S3Access, bucket: str) -> None:
        """Prepare; this sends nothing."""
        self._access = access
        self._bucket = bucket
        self._region = access.region
        self._places: dict[tuple[str | None, str], _Place] = {}
        self._now = SystemRuntime().now
        self._signer = Signer(
            access.access_key, access.secret_key, access.session_token
        )
        place = self._place(access.endpoint_url)
        self._connections = _connections(access, place.origin)

    def send(self, request: S3Request) -> S3Response:
        """Return the answer to a request; raise AnsweredError for an error.

        If a bucket on AWS turns out to be in another region, the request is sent there.
        """
        try:
            return self._exchange(request)
        except AnsweredError as error:
            region = error.answer.region
            is_region = _REGION.fullmatch(region)
            is_elsewhere = error.answer.code in _ELSEWHERE
            if region == self._region or not (is_region and is_elsewhere):
                raise
        self._region = region
        if not isinstance(request.body, bytes):
            request.body.seek(0)
        return self._exchange(request)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL, for the public endpoint, that gives access to an object."""
        access = self._access
        endpoint = access.public_endpoint_url or access.endpoint_url
        place = self._place(endpoint)
        path = place.path_of(key)
        query = self._signer.query(
            path,
            host=place.host,
            region=self._region,
            at=self._now(),
            expires_seconds=expires_seconds,
        )
        return f"{place.origin}{path}?{query}"

    def _exchange(self, request: S3Request) -> S3Response:
        response = self._response(request)
        status = response.status
        headers = response.headers
        is_error = status >= 300  # noqa: PLR2004 - HTTP's own number
        body = b""
        if is_error or not request.is_streamed:
            body = response.data
        content: bytes | None = body
        if request.operation == "GetObject" and not is_error:
            content = None
        # guard: a server that is not a store: a web page with 200
        document = inspect(request.operation, status, headers, content)
        if is_error:
            raise AnsweredError(_error(status, headers, body))
        return S3Response(
            headers=headers,
            body=body,
            document=document,
            stream=response,
        )

    def _response(self, request: S3Request) -> BaseHTTPResponse:
        place = self._place(self._access.endpoint_url)
        target = place.path_of(request.key)
        if request.query:
            target = f"{target}?{request.query}"
        headers = self._signer.headers(
            request.method,
            target,
            {"Host": place.host, **request.headers},
            sha256=request.sha256,
            region=self._region,
            at=self._now(),
        )
        headers |= _unsigned(request)
        return self._connections.exchange(
            place.origin,
            request.method,
            target,
            headers,
            request.body,
            is_streamed=request.is_streamed,
        )

    def _place(self, endpoint: str | None) -> "_Place":
        """Return where the bucket is."""
        name = (endpoint, self._region)
        place = self._places.get(name)
        if place is None:
            place = _place_of(self._root(endpoint))
            self._places[name] = place
        return place

    def _root(self, endpoint: str | None) -> str:
        """Return the URL of the bucket, without a slash at its end."""
        if not _BUCKET.fullmatch(self._bucket):
            raise StoreConfigError(
                f"Invalid bucket name {self._bucket!r}: correct STORE_URL"
            )
        if endpoint is None:
            return _root_on_aws(self._bucket, self._region)
        host = endpoint.rstrip("/")
        return f"{host}/{self._bucket}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """The address of a bucket."""

    origin: str
    """Scheme, host and port."""
    host: str
    """The header `Host`."""
    path: str
    """Without a slash at its end."""

    def path_of(self, key: str) -> str:
        """Return the path of an object, or of the bucket."""
        if not key:
            return self.path or "/"
        return f"{self.path}/{quote(key, safe='/~')}"


def _place_of(url: str) -> _Place:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in {None, _PORTS.get(parts.scheme)}:
        host = f"{host}:{parts.port}"
    return _Place(
        origin=f"{parts.scheme}://{parts.netloc}", host=host, path=parts.path
    )


def _unsigned(request: S3Request) -> dict[str, Any]:
    """Return the headers that are not signed, because proxies may change them."""
    headers: dict[str, Any] = {
        "User-Agent": _USER_AGENT,
        "Accept-Encoding": "identity",
    }
    body = request.body
    if not isinstance(body, bytes):
        headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        # The SDK waits for consent only if this is bytes, not text.
        headers["Expect"] = b"100-continue"
    elif request.method in {"PUT", "POST"}:
        headers["Content-Length"] = str(len(body))
    return headers


def _connections(access: S3Access, url: str) -> Connections:
    certificates = os.environ.get("AWS_CA_BUNDLE")
    return Connections(
        certificates=certificates or os.environ.get("REQUESTS_CA_BUNDLE"),
        proxies=get_environ_proxies(url),
        timeout=(access.connect_seconds, access.read_seconds),
        most=CONNECTIONS,
    )


def _root_on_aws(bucket: str, region: str) -> str:
    """Return the URL of a bucket on AWS, whose partitions the SDK knows.

    AWS expects the bucket in the host name, but has no certificate for names with dots.
    """
    import boto3  # noqa: PLC0415 - takes long to load, and only AWS needs it
    import botocore.session  # noqa: PLC0415 - the same
    from botocore.config import Config  # noqa: PLC0415 - the same

    style: Literal["path", "virtual"] = "virtual"
    if "." in bucket:
        style = "path"
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ignore_configured_endpoint_urls": (None, None, True, None),
        }
    )
    client: Any = boto3.Session(botocore_session=session).client(
        "s3",
        region_name=region,
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106 - it signs a URL that no one opens
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )
    url = client.generate_presigned_url("head_bucket", {"Bucket": bucket})
    return str(url).partition("?")[0].rstrip("/")


def _error(
    status: int, headers: Mapping[str, str], body: bytes
) -> ErrorResponse:
    """Read an error; one without a document has only its status."""
    try:
        document = ET.fromstring(body)  # noqa: S314 - as the SDK reads it
    except ET.ParseError:
        document = ET.Element("none")
    fields: dict[str, str] = {}
    for element in document.iter():
        name = element.tag.rpartition("}")[2]
        fields.setdefault(name, element.text or "")
    ours = fields.get("RequestTime")
    theirs = fields.get("ServerTime")
    return ErrorResponse(
        status=status,
        code=fields.get("Code", str(status)),
        message=fields.get("Message", responses.get(status, "")),
        sent_at=headers.get("date", "another time"),
        times=(ours, theirs) if ours and theirs else None,
        region=headers.get("x-amz-bucket-region") or fields.get("Region", ""),
    )


def query(**parameters: str) -> str:
    """Encode parameters as S3 signs them; `_` in their names becomes a hyphen."""
    pairs = [
        (name.replace("_", "-"), parameters[name])
        for name in sorted(parameters)
    ]
    return urlencode(pairs, quote_via=quote, safe="~")

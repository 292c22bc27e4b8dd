"""Settings of a store on S3, under Amazon's or Scaleway's names."""

from dataclasses import dataclass

from worker.settings.checks import http_fault, region_fault
from worker.settings.proxies import check_store_proxy
from worker.settings.reader import EnvironmentReader, Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Settings:
    """The address and the credentials of a store on S3."""

    endpoint_url: str | None
    public_endpoint_url: str | None
    region: str
    access_key: str
    secret_key: Secret
    session_token: Secret | None


def read_s3(reader: EnvironmentReader) -> S3Settings:
    scaleway = _has_only_scaleway_key(reader)
    access_key, secret_key = _keys(reader, scaleway=scaleway)
    _check_certificates(reader)
    region = _region(reader, scaleway=scaleway)
    endpoint = _endpoint(reader, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    if endpoint is None and scaleway:
        region = region or "fr-par"
        endpoint = f"https://s3.{region}.scw.cloud"
    _check_proxy(reader, endpoint, region)
    public_endpoint = _endpoint(reader, "STORE_PUBLIC_ENDPOINT_URL")
    session_token = None
    if not scaleway:
        session_token = reader.credential("AWS_SESSION_TOKEN")
    return S3Settings(
        endpoint_url=endpoint,
        public_endpoint_url=public_endpoint,
        region=region or "us-east-1",
        access_key=access_key.reveal(),
        secret_key=secret_key,
        session_token=session_token,
    )


def _has_only_scaleway_key(reader: EnvironmentReader) -> bool:
    if reader.text("AWS_ACCESS_KEY_ID") is not None:
        return False
    return reader.text("SCW_ACCESS_KEY") is not None


def _keys(
    reader: EnvironmentReader, *, scaleway: bool
) -> tuple[Secret, Secret]:
    access = "SCW_ACCESS_KEY" if scaleway else "AWS_ACCESS_KEY_ID"
    secret = "SCW_SECRET_KEY" if scaleway else "AWS_SECRET_ACCESS_KEY"
    access_key = reader.credential(access)
    secret_key = reader.credential(secret)
    if access_key is None:
        reader.faults.append(
            f"{access} is missing: a store on S3 needs it (or SCW_ACCESS_KEY and SCW_SECRET_KEY)"
        )
    if secret_key is None:
        reader.faults.append(f"{secret} is missing: a store on S3 needs it")
    return access_key or Secret(""), secret_key or Secret("")


def _check_certificates(reader: EnvironmentReader) -> None:
    reader.certificates("AWS_CA_BUNDLE")
    if not reader.text("AWS_CA_BUNDLE"):
        reader.certificates("REQUESTS_CA_BUNDLE")


def _check_proxy(
    reader: EnvironmentReader, endpoint: str | None, region: str | None
) -> None:
    url = endpoint or f"https://s3.{region}.amazonaws.com"
    # A malformed address is reported already.
    if http_fault(url) is None:
        check_store_proxy(reader, url)


def _region(reader: EnvironmentReader, *, scaleway: bool) -> str | None:
    """Return the region by the first of its names that is set."""
    names = ["SCW_DEFAULT_REGION"]
    if not scaleway:
        names = ["AWS_REGION", "AWS_DEFAULT_REGION", *names]
    for name in names:
        region = reader.text(name)
        if region is not None:
            return reader.checked(name, region, region_fault)
    return None


def _endpoint(reader: EnvironmentReader, *names: str) -> str | None:
    """Return the address of a server by the first of its names that is set."""
    for name in names:
        url = reader.text(name)
        if url is not None:
            return reader.checked(name, url, http_fault)
    return None

"""A stand-in for the base image where none can be pulled: Debian with Python, as an OCI layout."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

from tests.support.servers.process import run

SUITE: Final = "trixie"
PACKAGES: Final = "python3,python3-pip,python3-venv,ca-certificates"
MIRROR: Final = "http://deb.debian.org/debian"
LEFT_OUT: Final = ("doc", "groff", "info", "linda", "lintian", "locale", "man")
"""Folders of /usr/share that Debian's slim images leave out."""


def base_image(folder: Path, log: Path) -> Path:
    """Make the image if it is missing; return the folder of its layout (tag `latest`)."""
    layout = folder / SUITE
    if not (layout / "index.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        root = folder / "root"
        mirror = _mirror()
        run(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include={PACKAGES}",
                SUITE,
                str(root),
                mirror,
            ],
            log,
        )
        _settle(root, mirror)
        _write(layout, root)
        shutil.rmtree(root)
    return layout


def _mirror() -> str:
    """Return the Debian mirror that this machine uses."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
        capture_output=True,
        check=False,
    )
    packages = [
        uri.rstrip("/")
        for uri in listed.stdout.decode().split()
        if re.search(r"/debian/?$", uri)
    ]
    return packages[0] if packages else MIRROR


def _settle(root: Path, mirror: str) -> None:
    """Let builds in the image reach the package registries as this machine does."""
    security = f"{mirror}-security"
    sources = [
        f"deb {mirror} {suite} main" for suite in (SUITE, f"{SUITE}-updates")
    ]
    (root / "etc/apt/sources.list").write_text(
        "\n".join([*sources, f"deb {security} {SUITE}-security main", ""])
    )
    bundle = "etc/ssl/certs/ca-certificates.crt"
    if (Path("/") / bundle).is_file():
        shutil.copyfile(Path("/") / bundle, root / bundle)
    index = os.environ.get("PIP_INDEX_URL")
    lines = [
        "[global]",
        f"cert = /{bundle}",
        *([f"index-url = {index}"] if index else []),
        "",
    ]
    (root / "etc/pip.conf").write_text("\n".join(lines))
    shutil.rmtree(root / "var/cache/apt")
    for name in LEFT_OUT:
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)
    excludes = "".join(
        f"path-exclude /usr/share/{name}/*\n" for name in LEFT_OUT
    )
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(excludes)


def _write(layout: Path, root: Path) -> None:
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    archive = layout / "layer"
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(root, arcname=".")
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    archive.rename(blobs / digest)
    layer = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        **_named(digest, blobs),
    }
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            ],
            "Cmd": ["python3"],
        },
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        "history": [{"created_by": "debootstrap"}],
    }
    described = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        **_put(blobs, config),
    }
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {
        "mediaType": kind,
        **_put(
            blobs,
            {
                "schemaVersion": 2,
                "mediaType": kind,
                "config": described,
                "layers": [layer],
            },
        ),
    }
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [manifest]})
    )


def _put(blobs: Path, document: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(document).encode()
    digest = hashlib.sha256(body).hexdigest()
    (blobs / digest).write_bytes(body)
    return _named(digest, blobs)


def _named(digest: str, blobs: Path) -> dict[str, Any]:
    return {
        "digest": f"sha256:{digest}",
        "size": (blobs / digest).stat().st_size,
    }

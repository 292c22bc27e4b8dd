"""Ceph's RADOS gateway, from Debian's packages: a monitor, a store in memory, and the gateway."""

import os
import shutil
import uuid
from pathlib import Path
from typing import Final

from tests.support.servers.process import (
    Daemon,
    UnavailableError,
    answers,
    free_port,
    run,
)
from tests.support.servers.server import S3Server

PACKAGES: Final = ("ceph-mon", "ceph-osd", "radosgw", "ceph-common")
_CONFIG: Final = """\
[global]
fsid = {fsid}
mon host = {monitor}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
# The monitor would else collect changes for a second each, and starting takes a dozen of them.
paxos propose interval = 0.05
run dir = {folder}
log file = {folder}/$name.log
admin socket =
public addr = 127.0.0.1
cluster addr = 127.0.0.1
[mon]
mon data = {folder}/mon
mon cluster log file = {folder}/cluster.log
mon initial members = a
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4G
[client.rgw]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
"""
_KEYS: Final = {
    "mon.": ("--cap", "mon", "allow *"),
    "client.admin": (
        "--cap",
        "mon",
        "allow *",
        "--cap",
        "osd",
        "allow *",
        "--cap",
        "mgr",
        "allow *",
    ),
    "client.rgw": ("--cap", "mon", "allow rwx", "--cap", "osd", "allow rwx"),
    "osd.0": ("--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"),
}


class Ceph:
    """A cluster of one node, in a folder and in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "ceph.log"
        self._environment = os.environ | {
            "CEPH_CONF": str(folder / "ceph.conf")
        }
        self._daemons: list[Daemon] = []

    def start(self) -> S3Server:
        """Start it; the first time on a machine, installing it takes a minute."""
        if not shutil.which("radosgw"):
            self._install()
        port, fsid = (
            free_port(),
            str(uuid.uuid5(uuid.NAMESPACE_URL, str(self._folder))),
        )
        monitor = f"[v2:127.0.0.1:{free_port()},v1:127.0.0.1:{free_port()}]"
        server = S3Server(
            name="ceph",
            endpoint_url=f"http://127.0.0.1:{port}",
            log=str(self._folder),
        )
        for name in ("mon", "osd", "rgw"):
            (self._folder / name).mkdir()
        config = _CONFIG.format(
            folder=self._folder, fsid=fsid, monitor=monitor, port=port
        )
        (self._folder / "ceph.conf").write_text(config)
        self._start_cluster(fsid, monitor)
        keys = (
            f"--access-key={server.access_key}",
            f"--secret-key={server.secret_key}",
        )
        self._run(
            "radosgw-admin",
            "user",
            "create",
            "--uid=test",
            "--display-name=test",
            *keys,
        )
        gateway = self._spawn("radosgw", "-f", "-n", "client.rgw")
        gateway.wait_until(lambda: answers(server.endpoint_url))
        return server

    def stop(self) -> None:
        """Stop it, the gateway first."""
        for daemon in reversed(self._daemons):
            daemon.stop()

    def _start_cluster(self, fsid: str, monitor: str) -> None:
        keyring, monmap = (
            str(self._folder / "keyring"),
            str(self._folder / "monmap"),
        )
        self._run("ceph-authtool", "--create-keyring", keyring)
        for name, capabilities in _KEYS.items():
            self._run(
                "ceph-authtool", keyring, "--gen-key", "-n", name, *capabilities
            )
        self._run(
            "monmaptool",
            "--create",
            "--fsid",
            fsid,
            "--addv",
            "a",
            monitor,
            monmap,
        )
        self._run(
            "ceph-mon",
            "--mkfs",
            "-i",
            "a",
            "--monmap",
            monmap,
            "--keyring",
            keyring,
        )
        self._spawn("ceph-mon", "-f", "-i", "a")
        self._run("ceph", "osd", "create")
        self._run("ceph", "auth", "import", "-i", keyring)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--no-mon-config")
        self._run(
            "ceph",
            "osd",
            "crush",
            "add",
            "osd.0",
            "1",
            "root=default",
            "host=localhost",
        )
        self._spawn("ceph-osd", "-f", "-i", "0")

    def _install(self) -> None:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise UnavailableError(
                f"radosgw is not installed (apt-get install {' '.join(PACKAGES)})"
            )
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        options = (
            "-y",
            "-qq",
            "--no-install-recommends",
            "-o",
            "DPkg::Lock::Timeout=120",
        )
        run(["apt-get", "update", "-qq"], self._log, quiet)
        run(["apt-get", "install", *options, *PACKAGES], self._log, quiet)

    def _run(self, *argv: str) -> None:
        run(argv, self._log, self._environment)

    def _spawn(self, *argv: str) -> Daemon:
        self._daemons.append(Daemon(argv, self._log, self._environment))
        return self._daemons[-1]

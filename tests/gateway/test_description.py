"""The gateway against its OpenAPI description, by thousands of generated requests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.conftest import GatewayHost
from tests.support.platform_job import ROOT
from tests.support.scaleway.server import ScalewayServer

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.mark.parametrize("token", ["right", ""])
def test_no_request_finds_a_fault_with_the_description(
    gateway: GatewayHost, token: str
) -> None:
    with ScalewayServer() as scaleway:
        scaleway.define(STORE_URL=gateway.environment["STORE_URL"])
        # On the platform's stand-in, runs do nothing.
        gateway.start(
            "--mode", "scaleway", GATEWAY_TOKEN=token, **scaleway.environment
        )
        command = [
            *(
                str(SCHEMATHESIS),
                "run",
                f"{gateway.url}/openapi.json",
                "--phases",
                "coverage,fuzzing",
            ),
            *(
                "--max-examples",
                "8",
                "--seed",
                "1",
                "--suppress-health-check",
                "all",
                "--no-color",
            ),
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
        ]
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.gateway.fuzzing",
            "PYTHONPATH": str(ROOT),
        }
        completed = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=gateway.folder,
            env=environment,
        )
    assert completed.returncode == 0, (
        completed.stdout[-6000:] + completed.stderr
    )
    assert "Tested: 6" in completed.stdout

"""A plugin of pytest for mutation runs: it stops at the first file that cannot be collected.

For a file of which many tests are named, pytest would try again for each of them.
"""

import pytest


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """End with exit code 1, as for a test that fails."""
    if report.failed:
        pytest.exit("a file cannot be collected", returncode=1)

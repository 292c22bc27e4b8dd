"""The output of the receiver for trying out the worker."""

import json

from tests.support.receiver import Delivery, describe


def test_a_callback_is_printed_with_the_job_that_it_is_about() -> None:
    document = {
        "jobId": "my-job",
        "sequence": 5,
        "run": 1,
        "step": 3,
        "totalSteps": 7,
    }
    delivery = Delivery(
        path="/",
        headers={"x-job-token": "s3cret"},
        body=json.dumps(document).encode(),
    )
    assert describe(delivery).startswith("my-job #5 run 1 3/7")
    assert "s3cret" not in describe(delivery)

"""The modules that `python -m tests.sabotage.mutants` changes, with their fast tests."""

from typing import Final

LEASE: Final = (
    "tests/unit/ownership/test_lease.py",
    "tests/unit/ownership/test_heartbeat.py",
)
DECISIONS: Final = (
    "tests/unit/states/test_decisions.py",
    "tests/unit/states/test_invariants.py",
    "tests/unit/states/test_machine.py",
    "tests/unit/states/test_takeover.py",
    "tests/unit/states/test_update.py",
)
CODEC: Final = "tests/unit/states/test_codec.py"
RUNS: Final = (
    "tests/simulation/test_runs.py",
    "tests/simulation/test_failures.py",
    "tests/simulation/test_letting_go.py",
    "tests/simulation/test_answers.py",
    "tests/simulation/test_damage.py",
)
LISTED: Final = "tests/unit/states/test_listed.py"
_LISTS: Final = "tests/simulation/test_lists.py"
_UPDATES: Final = "tests/simulation/test_updates.py"
UPDATES: Final = (
    f"{_UPDATES}::test_only_what_has_changed_is_made",
    f"{_UPDATES}::test_an_item_that_is_no_longer_valid_is_made_again",
    f"{_UPDATES}::test_an_earlier_job_may_be_missing_from_the_first_listing",
)
"""The tests of updates, without the slow ones."""
CLAIMS: Final = (
    "tests/simulation/test_takeover.py",
    "tests/simulation/test_collected.py",
    "tests/simulation/test_refusals.py",
)
POSTING: Final = (
    "tests/integration/test_webhook.py",
    "tests/integration/test_webhook_deadline.py",
)

OPERATING: Final = (
    "tests/integration/test_operating.py",
    "tests/integration/test_commands.py",
    "tests/integration/test_collecting.py",
    "tests/integration/test_verifying.py",
)
ALL: Final = (*CLAIMS, *RUNS, *UPDATES)

TESTS: Final[dict[str, tuple[str, ...]]] = {
    "worker/ownership/claim.py": (
        "tests/unit/ownership/test_claim.py",
        *ALL,
        *OPERATING,
    ),
    "worker/ownership/log.py": (
        "tests/unit/ownership/test_log.py",
        "tests/unit/ownership/test_claim.py",
        *LEASE,
        *ALL,
        *OPERATING,
    ),
    "worker/ownership/lease.py": (*LEASE, *ALL),
    "worker/ownership/fence.py": ("tests/unit/ownership", *CLAIMS),
    "worker/ownership/keep_alive.py": LEASE,
    "worker/ownership/heartbeat.py": LEASE,
    "worker/ownership/clocks.py": (
        *LEASE,
        "tests/unit/ownership/test_claim.py",
    ),
    "worker/ownership/placement.py": (
        "tests/unit/ownership/test_placement.py",
    ),
    "worker/ownership/preconditions.py": (
        "tests/unit/ownership/test_preconditions.py",
    ),
    "worker/ownership/predecessors.py": (
        "tests/unit/ownership/test_predecessors.py",
    ),
    "worker/outbox/sender.py": (
        "tests/unit/outbox",
        "tests/simulation/test_answers.py",
        "tests/simulation/test_letting_go.py",
    ),
    "worker/outbox/webhook.py": POSTING,
    "worker/run/runner.py": (
        "tests/unit/run/test_run.py",
        *RUNS,
        *CLAIMS,
        *UPDATES,
    ),
    "states/machine.py": ("tests/unit/states/test_machine.py",),
    "states/decisions.py": (*DECISIONS, *RUNS, *UPDATES),
    "states/invariants.py": (*DECISIONS,),
    "states/takeover.py": DECISIONS,
    "states/manifest.py": (*DECISIONS, CODEC),
    "worker/outbox/announcer.py": ("tests/unit/outbox/test_announcer.py",),
    "worker/outbox/exchange.py": (
        "tests/unit/outbox/test_exchange.py",
        *POSTING,
    ),
    "worker/outbox/transport.py": (
        "tests/unit/outbox/test_transport.py",
        *POSTING,
    ),
    "worker/run/produce.py": ("tests/unit/run/test_produce.py",),
    "worker/run/update.py": ("tests/unit/run/test_update.py",),
    "worker/run/earlier.py": (
        "tests/unit/run/test_update.py",
        f"{_LISTS}::test_an_earlier_course_whose_list_is_damaged_is_not_kept",
    ),
    "worker/run/calls.py": ("tests/unit/run/test_calls.py",),
    "worker/run/clone.py": ("tests/unit/run/test_clone.py",),
    "worker/run/run.py": ("tests/unit/run/test_run.py", *CLAIMS, *RUNS),
    "worker/run/inbox.py": ("tests/unit/run/test_inbox.py",),
    "worker/run/workspace.py": ("tests/unit/run/test_workspace.py",),
    "worker/store/s3_client.py": ("tests/unit/store/test_s3.py",),
    "worker/store/s3_signer.py": ("tests/unit/store/test_s3_signer.py",),
    "worker/system/files.py": ("tests/unit/system/test_files.py",),
    "states/codec.py": (CODEC, *DECISIONS),
    "states/update.py": ("tests/unit/states/test_update.py",),
    "states/places.py": ("tests/unit/states/test_places.py",),
    "states/keys.py": ("tests/unit/states/test_keys.py",),
    "states/stages.py": (*DECISIONS, "tests/unit/states/test_keys.py"),
    "states/addresses.py": ("tests/unit/states/test_addresses.py",),
    "states/callback_body.py": ("tests/unit/states/test_callback_body.py",),
    "states/course_paths.py": (
        "tests/unit/states/test_course_paths.py",
        LISTED,
    ),
    "states/inputs.py": ("tests/unit/states/test_inputs.py", LISTED),
    "states/repository_url.py": ("tests/unit/states/test_repository_url.py",),
    "states/url_patterns.py": ("tests/unit/states/test_repository_url.py",),
    "states/usage.py": ("tests/unit/states/test_usage.py", *DECISIONS),
}

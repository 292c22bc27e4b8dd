"""Guards of owning a job: the log, the lease, the release."""

from typing import Final

from tests.sabotage.guard import COMMANDS, CONTRACT, CRASHES, ON_S3, RIVALS, RUNS, Sabotage

OWNING: Final = (
    Sabotage(
        guard="create-only PUT: of checkpoints",
        file="worker/checkpoint.py",
        old="            self._store.create(checkpoint_key(self._job_id, sequence), checkpoint.body, MEDIA_TYPE)",
        new="            self._store.put(checkpoint_key(self._job_id, sequence), checkpoint.body, MEDIA_TYPE)",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="create-only PUT: in S3",
        file="worker/store/s3.py",
        old=', media_type, IfNoneMatch="*")',
        new=", media_type)",
        tests=(CONTRACT,),
    ),
    Sabotage(
        guard="create-only PUT: in folders",
        file="worker/store/folder.py",
        old="                _name(os.link, written, path)",
        new="                _name(os.replace, written, path)",
        tests=(CONTRACT,),
    ),
    Sabotage(
        guard="proof of the store",
        file="worker/claim.py",
        old="        if not self._log.prove(checkpoint):",
        new="        if False:",
        tests=(ON_S3,),
    ),
    Sabotage(
        guard="own-write detection",
        file="worker/checkpoint.py",
        old="            if found.body != checkpoint.body:",
        new="            if found:",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="own-write detection: another's write taken for one's own",
        file="worker/checkpoint.py",
        old="            if found.body != checkpoint.body:",
        new="            if not found:",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="own-write detection: what cannot be read taken for another's",
        file="worker/checkpoint.py",
        old='            raise StoreUnavailableError(f"{where} exists, and cannot be read: try again") from error',
        new='            raise ReplacedError(f"{where} exists, and cannot be read") from error',
        tests=("tests/unit",),
    ),
    Sabotage(
        guard="the look for newer checkpoints",
        file="worker/lease.py",
        old="        self.refresh()\n        self.look()\n",
        new="        self.refresh()\n",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease check before callbacks",
        file="worker/callbacks/courier.py",
        old="        while not self._lease.held:",
        new="        while False:",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease: counted from before a heartbeat is sent",
        file="worker/lease.py",
        old="        self._refreshed = sent",
        new="        self._refreshed = self._runtime.monotonic()",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="the lease: an append after a silence",
        file="worker/lease.py",
        old="        return not self._revoked and not self._suspended and self.remaining > 0",
        new="        return not self._revoked and self.remaining > 0",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease: a newcomer waits for it",
        file="states/takeover.py",
        old="    if manifest.released or silent_seconds > lease_seconds:",
        new="    if True:",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease: whole seconds must exceed it",
        file="states/takeover.py",
        old="silent_seconds > lease_seconds",
        new="silent_seconds >= lease_seconds",
        tests=("tests/unit/states/test_takeover.py", RIVALS),
    ),
    Sabotage(
        guard="the lease: a live owner is not resumed from under",
        file="worker/claim.py",
        old="            if not (word.takeover or manifest.released) and self._is_alive(manifest):",
        new="            if False:",
        tests=(COMMANDS,),
    ),
    Sabotage(
        guard="the lease: the engine stands still when it is lost",
        file="worker/job.py",
        old="on_lost=engine.pause)",
        new="on_lost=lambda: None)",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease: time is the store's",
        file="worker/store/s3.py",
        old='            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])',
        new='            now = __import__("datetime").datetime.now(answer["LastModified"].tzinfo)',
        tests=("tests/unit/test_store_s3.py",),
    ),
    Sabotage(
        guard="the release",
        file="states/decisions.py",
        old="    return manifest.with_owner(replace(manifest.owner, ended_at=at, exit_code=exit_code))",
        new="    return manifest",
        tests=("tests/unit/states/test_decisions.py", RUNS),
    ),
    Sabotage(
        guard="the release: silence before it",
        file="worker/runner.py",
        old="        self._announcer.close()\n        self._maker.settle(",
        new="        self._maker.settle(",
        tests=(RIVALS,),
    ),
)

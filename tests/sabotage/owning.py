"""Guards of owning a job: the log, the lease, the release."""

from typing import Final

from tests.sabotage.guard import CONTRACT, CRASHES, ON_S3, REFUSALS, RIVALS, RUNS, TAKEOVER, TELLING, Sabotage

OWNING: Final = (
    Sabotage(
        guard="create-only PUT: of checkpoints",
        file="worker/checkpoint.py",
        old="            store.create(checkpoint_key(self._job_id, sequence), checkpoint.body, MEDIA_TYPE)",
        new="            store.put(checkpoint_key(self._job_id, sequence), checkpoint.body, MEDIA_TYPE)",
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
        old="        proof = self._log.prove(checkpoint)",
        new="        proof = Proof.FENCE",
        tests=(ON_S3,),
    ),
    Sabotage(
        guard="proof of the store: what it created is read back",
        file="worker/checkpoint.py",
        old="            return Proof.FENCE if found.body == checkpoint.body else Proof.LET_A_RIVAL_OVERWRITE",
        new="            return Proof.FENCE",
        tests=("tests/unit/test_checkpoint.py",),
    ),
    Sabotage(
        guard="proof of the store: what is another's is not withdrawn",
        file="worker/claim.py",
        old="        if lost:\n            pass",
        new="        if False:\n            pass",
        tests=("tests/simulation/test_unfenced.py",),
    ),
    Sabotage(
        guard="a newcomer: goes up from what its refused claim has met",
        file="worker/checkpoint.py",
        old="        return self._read_on(known)",
        new="        return newest",
        tests=("tests/simulation/test_unfenced.py",),
    ),
    Sabotage(
        guard="a newcomer: gives up what others claim again and again",
        file="worker/claim.py",
        old="        if self._overtaken > _OVERTAKEN:",
        new="        if False:",
        tests=("tests/simulation/test_unfenced.py",),
    ),
    Sabotage(
        guard="own-write detection",
        file="worker/checkpoint.py",
        old="        if found.body != checkpoint.body:",
        new="        if found is not checkpoint:",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="own-write detection: another's write taken for one's own",
        file="worker/checkpoint.py",
        old="        if found.body != checkpoint.body:",
        new="        if not found:",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="own-write detection: what cannot be read taken for another's",
        file="worker/checkpoint.py",
        old='        raise StoreUnavailableError(f"{store.uri(key)} exists, and cannot be read: try again") from error',
        new='        raise ReplacedError(f"{store.uri(key)} exists, and cannot be read") from error',
        tests=("tests/unit/test_checkpoint.py",),
    ),
    Sabotage(
        guard="the lease check before callbacks",
        file="worker/callbacks/courier.py",
        old="        while not self._lease.held:",
        new="        while False:",
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
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="the release",
        file="states/decisions.py",
        old="    return manifest.with_owner(replace(manifest.owner, ended_at=at, exit_code=exit_code))",
        new="    return manifest",
        tests=("tests/unit/states/test_decisions.py", RUNS),
    ),
    Sabotage(
        guard="the release: a stopped run is silent before it",
        file="worker/runner.py",
        old="        self._announcer.close()\n        self._maker.settle(",
        new="        self._maker.settle(",
        tests=(TELLING,),
    ),
    Sabotage(
        guard="the release: an interrupted run is silent before it",
        file="worker/runner.py",
        old="        self._announcer.close()\n        self._append(self._interruption(",
        new="        self._append(self._interruption(",
        tests=(TELLING,),
    ),
    Sabotage(
        guard="a store's refusal: tried again after a claim",
        file="worker/claim.py",
        old="        self._store.persevere()\n",
        new="",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: said at once before a claim",
        file="worker/store/retrying.py",
        old="        self._policy = Policy(on=(StoreUnavailableError, ConflictError), give_up_seconds=give_up_seconds)",
        new="        self._policy = Policy(on=(StoreFaultError, ConflictError), give_up_seconds=give_up_seconds)",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: never the job's failure",
        file="worker/runner.py",
        old="        except (ReplacedError, StoreFaultError, BugError):",
        new="        except (ReplacedError, BugError):",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: a job that is over is not interrupted by it",
        file="worker/runner.py",
        old="            if base.over:\n                return decisions.release",
        new="            if False:\n                return decisions.release",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store that is none: a page that comes with 200",
        file="worker/store/s3.py",
        old='    client.meta.events.register("before-parse.*.*", _inspect)\n',
        new="",
        tests=("tests/unit/test_store_s3.py",),
    ),
    Sabotage(
        guard="a listing: an empty page that goes on is not its end",
        file="worker/store/s3.py",
        old="""                if entries or not page["IsTruncated"]:
                    return entries, not page["IsTruncated"]
""",
        new="""                if True:
                    return entries, not entries or not page["IsTruncated"]
""",
        tests=("tests/unit/test_store_s3.py",),
    ),
)

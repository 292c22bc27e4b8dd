"""Faults and other disturbances of a simulated world, drawn at random."""

from dataclasses import dataclass
from random import Random
from typing import ClassVar, Final, Protocol, Self

from states.exits import Exit
from tests.simulation import operators
from tests.simulation.network import REFUSALS, Fault
from tests.simulation.scheduler import Process
from tests.simulation.simulation import SimulatedRun, Simulation
from worker.outbox.port import WebhookResponse
from worker.ownership.claim import OperatorRequest
from worker.run.inbox import Stop

HOUR: Final = 3600.0
HOSTS: Final = ("p1", "p1", "p1", "p2", "p3")
"""Chosen from at random; the first run is the most likely owner."""

Window = tuple[float, float]


class Disturbance(Protocol):
    """A fault, or a kind of fault, in a simulated world."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        """Draw the parameters; `span` is roughly how many seconds the job takes."""

    def inject(self, simulation: Simulation, chance: Random) -> None:
        """Schedule the disturbance in a simulation."""


def moment(chance: Random, span: float) -> float:
    """Draw a time."""
    return round(chance.random() * span, 2)


def window(chance: Random, span: float, longest: float) -> Window:
    """Draw the start and the end of a period."""
    begin = moment(chance, span)
    return begin, round(begin + longest * chance.random(), 2)


def is_within(windows: tuple[Window, ...], time: float) -> bool:
    return any(begin <= time < end for begin, end in windows)


@dataclass(frozen=True)
class RandomFaults:
    """Faults of a share of all operations."""

    rate: float
    faults: tuple[Fault, ...]
    of: tuple[str, ...] = ("",)
    """Prefixes of the names of the operations concerned."""

    def inject(self, simulation: Simulation, chance: Random) -> None:
        def policy(name: str, _: Process) -> Fault | None:
            hit = name.startswith(self.of) and chance.random() < self.rate
            return chance.choice(self.faults) if hit else None

        simulation.conditions.policies.append(policy)

    @classmethod
    def drawn(cls, chance: Random, *faults: Fault) -> Self:
        """Draw the rate."""
        return cls(chance.choice([0.01, 0.05, 0.2]), faults)


class LostAnswers(RandomFaults):
    """Requests that do not arrive, or whose answers do not arrive."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls.drawn(chance, Fault.LOST, Fault.FAILED)


class Deaths(RandomFaults):
    """Processes that die before or after an operation."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(
            chance.choice([0.01, 0.03]), (Fault.DIE_BEFORE, Fault.DIE_AFTER)
        )


class LateRequests(RandomFaults):
    """Requests that arrive after their senders stopped waiting for answers."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls.drawn(chance, Fault.LATE)


class DoubledRequests(RandomFaults):
    """Requests that arrive twice."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls.drawn(chance, Fault.TWICE)


class Conflicts(RandomFaults):
    """Writes that are answered 409."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(
            chance.choice([0.01, 0.05, 0.2]),
            (Fault.CONFLICT,),
            ("create", "put"),
        )


class BriefRefusals(RandomFaults):
    """Refusals of valid requests, at random."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        faults = chance.choice([REFUSALS, *((fault,) for fault in REFUSALS)])
        of = chance.choice(
            [
                ("create", "put", "get", "head", "list", "download"),
                ("list",),
                ("create", "put"),
            ]
        )
        return cls(chance.choice([0.01, 0.05, 0.2]), faults, of)


class BadReads(RandomFaults):
    """Reads that miss an object, or return half of its content."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(chance.choice([0.01, 0.05]), (Fault.MISSING, Fault.TORN))


@dataclass(frozen=True)
class TimedFaults:
    """A fault of the operations of one host, or of all hosts, in some periods."""

    host: str | None
    windows: tuple[Window, ...]
    fault: Fault
    of: tuple[str, ...]

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        def policy(name: str, process: Process) -> Fault | None:
            there = self.host in {None, process.name} and name.startswith(
                self.of
            )
            return (
                self.fault
                if there and is_within(self.windows, simulation.scheduler.time)
                else None
            )

        simulation.conditions.policies.append(policy)


STORE: Final = ("create", "put", "get", "head", "list", "download", "delete")


class Partition(TimedFaults):
    """A host loses store, resolver and receiver together, several times for some seconds."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        begin, windows = moment(chance, span / 2), []
        for _ in range(chance.randint(1, 4)):
            end = begin + chance.choice([2.5, 5.0, 15.0]) * (
                0.5 + chance.random() / 2
            )
            windows.append((round(begin, 2), round(end, 2)))
            begin = end + 0.2 + 3 * chance.random()
        return cls(chance.choice(HOSTS), tuple(windows), Fault.FAILED, STORE)

    def inject(self, simulation: Simulation, chance: Random) -> None:
        super().inject(simulation, chance)

        def connecting(process: Process) -> float:
            now = simulation.scheduler.time
            waits = [
                end - now for begin, end in self.windows if begin <= now < end
            ]
            return (
                waits[0] + chance.random()
                if waits and process.name == self.host
                else 0.0
            )

        simulation.conditions.connecting.append(connecting)


class StoreOutage(TimedFaults):
    """The store is unavailable, to one host or to all; the receiver is not."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        windows = (window(chance, span, 15.0),)
        return cls(
            chance.choice([*HOSTS, None]),
            windows,
            chance.choice([Fault.FAILED, Fault.LOST]),
            STORE,
        )


class ListingOutage(TimedFaults):
    """Objects cannot be listed, but can be written and read."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        fault = chance.choice([Fault.FAILED, Fault.STUCK])
        return cls(
            chance.choice([*HOSTS, None]),
            (window(chance, span, 15.0),),
            fault,
            ("list",),
        )


class RefusalPeriod(TimedFaults):
    """The store refuses every request of a kind for some seconds."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        of = chance.choice(
            [STORE, ("list",), ("create", "put"), ("put job-1/runs",)]
        )
        return cls(
            chance.choice([*HOSTS, None]),
            (window(chance, span, 6.0),),
            chance.choice(REFUSALS),
            of,
        )


@dataclass(frozen=True)
class StuckRequest:
    """One request of a host hangs, while its other requests are answered."""

    OPERATIONS: ClassVar[tuple[str, ...]] = (
        "put job-1/runs",
        "list",
        "create",
        "put job-1/artifacts",
        "post",
        "get",
    )
    host: str
    since: float
    of: str
    fault: Fault

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(
            chance.choice(HOSTS),
            moment(chance, span),
            chance.choice(cls.OPERATIONS),
            chance.choice([Fault.STUCK, Fault.HUNG]),
        )

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        done: list[str] = []

        def policy(name: str, process: Process) -> Fault | None:
            due = (
                process.name == self.host
                and name.startswith(self.of)
                and simulation.scheduler.time >= self.since
            )
            if done or not due:
                return None
            done.append(name)
            return self.fault

        simulation.conditions.policies.append(policy)


@dataclass(frozen=True)
class LaggingLists:
    """Listings do not show recent writes."""

    rate: float
    seconds: float

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(chance.choice([0.1, 0.5]), chance.choice([1.0, 2.0]))

    def inject(self, simulation: Simulation, chance: Random) -> None:
        simulation.conditions.lag = lambda: (
            self.seconds if chance.random() < self.rate else 0.0
        )
        simulation.may_redo = True
        simulation.observer.lag = self.seconds


@dataclass(frozen=True)
class SlowConnections:
    """At random, a host needs seconds to resolve the receiver's name or to connect."""

    host: str
    rate: float
    seconds: float

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(
            chance.choice(HOSTS),
            chance.choice([0.15, 0.5]),
            chance.choice([2.0, 12.0]),
        )

    def inject(self, simulation: Simulation, chance: Random) -> None:
        def connecting(process: Process) -> float:
            slow = process.name == self.host and chance.random() < self.rate
            return 0.5 + self.seconds * chance.random() if slow else 0.0

        simulation.conditions.connecting.append(connecting)


@dataclass(frozen=True)
class UnreliableReceiver:
    """The receiver answers a share of all events with an error."""

    rate: float
    statuses: tuple[int, ...] = (500, 503, 429, 302)

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(chance.choice([0.1, 0.5, 0.8]))

    def inject(self, simulation: Simulation, chance: Random) -> None:
        def answer(_: dict[str, object]) -> WebhookResponse:
            return WebhookResponse(
                status_code=chance.choice(self.statuses)
                if chance.random() < self.rate
                else 200
            )

        simulation.receiver.answer = answer


@dataclass(frozen=True)
class ReceiverOutage:
    """The receiver accepts no event for some seconds."""

    away: Window

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(window(chance, span, 30.0))

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        answered = simulation.receiver.answer

        def answer(document: dict[str, object]) -> WebhookResponse:
            return (
                WebhookResponse(status_code=503)
                if is_within((self.away,), simulation.scheduler.time)
                else answered(document)
            )

        simulation.receiver.answer = answer


@dataclass(frozen=True)
class RunDisturbance:
    """A disturbance of one run, if it is running at that time."""

    host: str
    at: float

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        def disturb_run() -> None:
            for run in simulation.runs:
                if run.process.name == self.host:
                    self.disturb(simulation, run)

        simulation.scheduler.at(self.at, disturb_run)

    def disturb(self, simulation: Simulation, run: SimulatedRun) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Suspension(RunDisturbance):
    """A process takes no step for some seconds."""

    LONGEST: ClassVar[tuple[float, ...]]
    seconds: float

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(
            chance.choice(HOSTS),
            moment(chance, span),
            round(chance.choice(cls.LONGEST) * chance.random(), 2),
        )


@dataclass(frozen=True)
class Freeze(Suspension):
    """A process is frozen, while its machine's clock runs."""

    LONGEST = (12.0,)

    def disturb(self, simulation: Simulation, run: SimulatedRun) -> None:
        run.process.freeze(simulation.scheduler.time + self.seconds)


@dataclass(frozen=True)
class MachineSuspension(Suspension):
    """A process is suspended with its machine, whose clocks stop too."""

    LONGEST = (2.0, 12.0, 100.0)

    def disturb(self, simulation: Simulation, run: SimulatedRun) -> None:
        simulation.scheduler.stop_machine(run.process, self.seconds)


@dataclass(frozen=True)
class Kill(RunDisturbance):
    """A process is killed."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(chance.choice(HOSTS), moment(chance, span))

    def disturb(self, _simulation: Simulation, run: SimulatedRun) -> None:
        run.process.dead = True


@dataclass(frozen=True)
class Signal(RunDisturbance):
    """A run receives a signal to stop, or reaches its soft deadline."""

    code: Exit

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        code = chance.choice([Exit.SIGTERM, Exit.SIGINT, Exit.TEMPORARY])
        return cls(chance.choice(HOSTS), moment(chance, span), code)

    def disturb(self, _simulation: Simulation, run: SimulatedRun) -> None:
        run.job.inbox.mailbox.put(
            Stop(exit_code=self.code, reason=self.code.name)
        )


@dataclass(frozen=True)
class MachineClockChange(RunDisturbance):
    """A machine's wall clock is set."""

    by: float

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(
            chance.choice(HOSTS),
            moment(chance, span),
            chance.choice([-2 * HOUR, -3.0, 3.0, 5 * HOUR]),
        )

    def disturb(self, _simulation: Simulation, run: SimulatedRun) -> None:
        run.process.clock_offset += self.by


@dataclass(frozen=True)
class StoreClockChange:
    """The store's clock is set forward or back."""

    at: float
    by: float

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(
            moment(chance, span),
            chance.choice([-HOUR, -5.0, -1.0, 1.0, 5.0, HOUR]),
        )

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        def change_clock() -> None:
            simulation.conditions.store_ahead += self.by
            # A live owner looks silent until its next heartbeat shows the new time.
            if self.by > 0:
                simulation.observer.set_ahead.append(simulation.scheduler.time)

        simulation.scheduler.at(self.at, change_clock)


@dataclass(frozen=True)
class StoreClockSkew:
    """The store's `Date` and `Last-Modified` come from two clocks, less than a lease apart."""

    seconds: float

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(chance.choice([-2.0, 1.0, 2.0, 5.0, 20.0]))

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        simulation.conditions.dates_apart = min(
            self.seconds, simulation.lease - 1.0
        )


@dataclass(frozen=True)
class OperatorAction:
    """An action of an operator."""

    at: float

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(moment(chance, span))

    def inject(self, simulation: Simulation, _chance: Random) -> None:
        simulation.scheduler.at(self.at, lambda: self.operate(simulation))

    def operate(self, simulation: Simulation) -> None:
        raise NotImplementedError


class Cancel(OperatorAction):
    """An operator cancels the job."""

    def operate(self, simulation: Simulation) -> None:
        simulation.start(work=operators.cancel)


class Redo(OperatorAction):
    """An operator resets stages."""

    def operate(self, simulation: Simulation) -> None:
        simulation.start(work=operators.redo)


class TakeOver(OperatorAction):
    """An operator replaces a run, whether it is alive or not."""

    def inject(self, simulation: Simulation, chance: Random) -> None:
        super().inject(simulation, chance)
        simulation.observer.lawful_seconds = simulation.lease

    def operate(self, simulation: Simulation) -> None:
        simulation.start(work=operators.take_over)


class ResumeElsewhere(TakeOver):
    """An operator resumes the job on the platform, without waiting for its owner."""

    def operate(self, simulation: Simulation) -> None:
        operators.resume_elsewhere(simulation, OperatorRequest(takeover=True))


class CancelRequest(OperatorAction):
    """The gateway is asked to cancel the job."""

    def operate(self, simulation: Simulation) -> None:
        operators.request_to_cancel(simulation)


class GarbageCollection(OperatorAction):
    """`gc` collects finished jobs."""

    @classmethod
    def draw(cls, chance: Random, span: float) -> Self:
        return cls(moment(chance, 3 * span))

    def operate(self, simulation: Simulation) -> None:
        operators.collect_all(simulation)


class ConcurrentSweeps(OperatorAction):
    """Two sweeps look for jobs that need a run at the same time."""

    def operate(self, simulation: Simulation) -> None:
        operators.sweep(simulation)
        operators.sweep(simulation)

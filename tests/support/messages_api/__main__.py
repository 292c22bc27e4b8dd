"""The stand-in as a program: python -m tests.support.messages_api --port N --log FILE."""

import argparse
import signal
from pathlib import Path

from tests.support.messages_api.server import MessagesServer, plan


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--log", type=Path, help="a JSON line for each paid request"
    )
    parser.add_argument("--batch-seconds", type=float, default=0.0)
    parser.add_argument("--answer-seconds", type=float, default=0.0)
    parser.add_argument("--plan", type=Path, help="a JSON list of faults")
    options = parser.parse_args()
    server = MessagesServer(
        options.port,
        log=options.log,
        batch_seconds=options.batch_seconds,
        answer_seconds=options.answer_seconds,
    )
    for fault in plan(options.plan) if options.plan else ():
        server.fault(fault)
    with server:
        print(server.url, flush=True)  # noqa: T201 - its address
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()

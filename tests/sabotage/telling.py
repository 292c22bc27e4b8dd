"""Guards of what the receiver is told: by whom, until when, and what its answers mean."""

from typing import Final

from tests.sabotage.guard import TELLING, WEBHOOK, WEBHOOK_DEADLINE, Sabotage

SPEAKING: Final = (
    Sabotage(
        guard="speaking: the lease is asked for when the receiver is reached",
        file="worker/callbacks/courier.py",
        old="        return self._lease.remaining if self._lease.held else 0.0",
        new='        return float("inf")',
        tests=(TELLING,),
    ),
    Sabotage(
        guard="speaking: the webhook asks once it is connected",
        file="worker/callbacks/transport.py",
        old="        if event == _BEFORE_A_REQUEST:",
        new="        if False:",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: an exchange ends with the lease",
        file="worker/callbacks/exchange.py",
        old="        deadline = min(self._end, now + self._remaining())",
        new="        deadline = self._end if self._remaining() > 0 else now",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: an exchange has a limit of its own",
        file="worker/callbacks/exchange.py",
        old="        self._end = runtime.monotonic() + LIMIT_SECONDS",
        new='        self._end = float("inf")',
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: addresses share the time",
        file="worker/callbacks/exchange.py",
        old="        return left / attempts",
        new="        return left",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: what was not sent is discarded",
        file="worker/callbacks/exchange.py",
        old="                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)\n",
        new="",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: the system stops for a process that is frozen",
        file="worker/callbacks/exchange.py",
        old="            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)\n",
        new="",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: closing hangs up",
        file="worker/callbacks/webhook.py",
        old="        if self._exchange is not None:",
        new="        if False:",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: nothing is sent after closing",
        file="worker/callbacks/webhook.py",
        old="        if self._closed:",
        new="        if False:",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="speaking: an attempt is repeated only under a confirmed lease",
        file="worker/callbacks/courier.py",
        old="        if self._runtime.monotonic() > self._fresh_until and not self._lease.confirm():",
        new="        if False:",
        tests=(TELLING,),
    ),
    Sabotage(
        guard="answers: a redirect is no rejection",
        file="worker/callbacks/courier.py",
        old="_REJECTIONS: Final = frozenset(range(400, 500))",
        new="_REJECTIONS: Final = frozenset(range(300, 500))",
        tests=(TELLING,),
    ),
    Sabotage(
        guard="answers: the pause that a receiver asks for is bounded",
        file="worker/callbacks/webhook.py",
        old="            return min(pause, MAX_PAUSE_SECONDS)",
        new="            return pause",
        tests=(WEBHOOK,),
    ),
)

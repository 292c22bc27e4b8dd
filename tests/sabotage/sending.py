"""Guards of what is sent to the receiver: by which run, until when, and its answers."""

from typing import Final

from tests.sabotage.guard import ANSWERS, WEBHOOK, WEBHOOK_DEADLINE, Sabotage

SENDING: Final = (
    Sabotage(
        guard="sending: the lease is asked for when the receiver is reached",
        expression="self._lease.remaining if self._lease.held else 0.0",
        new="float('inf')",
        tests=(ANSWERS,),
    ),
    Sabotage(
        guard="sending: the webhook asks once it is connected",
        expression="event == _BEFORE_A_REQUEST",
        new="False",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: an exchange ends with the lease",
        expression="min(self._end, now + self._remaining())",
        new="self._end if self._remaining() > 0 else now",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: an exchange has a limit of its own",
        expression="runtime.monotonic() + LIMIT_SECONDS",
        new="float('inf')",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: addresses share the time",
        expression="left / attempts",
        new="left",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: what was not sent is discarded",
        new="pass",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: the kernel stops for a frozen process",
        new="pass",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: closing cuts the connection",
        expression="self._exchange is not None",
        new="False",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: nothing is sent after closing",
        expression="self._closed",
        new="False",
        tests=(WEBHOOK_DEADLINE,),
    ),
    Sabotage(
        guard="sending: an attempt is repeated only under a confirmed lease",
        expression="self._runtime.monotonic() > self._fresh_until and (not self._lease.confirm())",
        new="False",
        tests=(ANSWERS,),
    ),
    Sabotage(
        guard="answers: a redirect is no rejection",
        expression="400",
        new="300",
        tests=(ANSWERS,),
    ),
    Sabotage(
        guard="answers: the pause that a receiver asks for is bounded",
        expression="min(pause, MAX_PAUSE_SECONDS)",
        new="pause",
        tests=(WEBHOOK,),
    ),
)

"""All guards, in the order in which they are tried."""

from typing import Final

from tests.sabotage.ending import ENDING
from tests.sabotage.lease import LEASE
from tests.sabotage.lessons import LESSONS
from tests.sabotage.machine import MACHINE
from tests.sabotage.owning import OWNING
from tests.sabotage.paying import PAYING
from tests.sabotage.reading import READING
from tests.sabotage.sending import SENDING
from tests.sabotage.working import WORKING

GUARDS: Final = (
    *OWNING,
    *LEASE,
    *SENDING,
    *WORKING,
    *ENDING,
    *MACHINE,
    *PAYING,
    *READING,
    *LESSONS,
)

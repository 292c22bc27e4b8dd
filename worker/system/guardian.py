"""The guardian of a subprocess: a program that ends it with all its descendants.

    python -I -S guardian.py CONTROL PROGRAM ARGUMENT...

Each byte that comes through the file descriptor CONTROL is a signal for the process's
group. When the other end of CONTROL closes, which the kernel ensures however the worker
dies, all processes are killed. So are those that are left when PROGRAM has ended. The
guardian ends last, with PROGRAM's exit code, or 128 + the signal that ended it.

- The worker starts the guardian by plain exec: none of our code runs between fork and exec in a
  program with threads. The guardian has only one thread, so its fork is safe.
- PR_SET_PDEATHSIG kills the process if the guardian itself is killed. It depends on the
  thread that forked, which here lives as long as the guardian.
- The guardian adopts orphans (PR_SET_CHILD_SUBREAPER): a descendant that has left the
  group, as daemons do, becomes its child, is killed too, and leaves no zombie.
- The guardian is in a different group from the process, and can still act while that group is
  stopped.

It imports nothing from the worker, and little else: each millisecond here is added to every git
command.
"""

import ctypes
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    # The same without its enumerations, which take a quarter of the guardian's time to make.
    import _signal as signal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NOT_STARTED = 127


def main(control: int, argv: list[str]) -> int:
    """Run a program until it ends, or the worker does."""
    os.set_inheritable(control, False)  # noqa: FBT003 - it has no name for it
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeup = wakeup_pipe()
    leader = start(argv)
    relay(leader, control, wakeup)
    return end(leader)


def wakeup_pipe() -> int:
    """Return the end of a pipe that becomes readable whenever a child ends."""
    wakeup, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    signal.signal(signal.SIGCHLD, ignore)
    return wakeup


def ignore(*_: object) -> None:
    """Handle a signal by doing nothing: it has been written to the pipe."""


def prctl(option: int, value: int) -> None:
    """Set an option of this process, by the system call of that name."""
    libc = ctypes.CDLL(None)
    libc.prctl(option, value, 0, 0, 0)


def start(argv: list[str]) -> int:
    """Fork and execute; return the process's id once it leads its own group."""
    started, starting = os.pipe()
    guardian = os.getpid()
    leader = os.fork()
    if leader == 0:
        try:
            execute(argv, guardian)
        except OSError as error:
            message = f"{argv[0]}: {error.strerror}\n"
            line = message.encode(errors="surrogateescape")
            os.write(2, line)
        finally:
            os._exit(NOT_STARTED)
    os.close(starting)
    # This waits until exec closes the other end.
    os.read(started, 1)
    os.close(started)
    return leader


def execute(argv: list[str], guardian: int) -> None:
    """Become the program; return if the guardian is dead, and raise OSError if exec fails."""
    os.setsid()
    # guard: the end of children: also when the guardian is killed
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guardian:
        return
    # Python ignores these two signals, and a child would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvp(argv[0], argv)  # noqa: S606 - no shell, as it should be


def relay(leader: int, control: int, wakeup: int) -> None:
    """Pass signals on until the process ends, or the worker is gone."""
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(wakeup, select.POLLIN)
    while not ended(leader):
        ready = [descriptor for descriptor, _ in waiting.poll()]
        if wakeup in ready:
            os.read(wakeup, 4096)
        if control not in ready:
            continue
        signals = os.read(control, 64)
        for number in signals:
            os.killpg(leader, number)
        if not signals:
            # guard: the end of children: with their run
            return


def ended(leader: int) -> bool:
    """Reap ended orphans; tell whether the process has ended (its id stays reserved)."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while True:
        state = os.waitid(os.P_ALL, 0, options)
        if state is None:
            return False
        process = state.si_pid
        if process == leader:
            return True
        os.waitpid(process, 0)


def end(leader: int) -> int:
    """Kill all remaining processes, and return the process's exit code."""
    # guard: the end of children: the rest of a group whose leader has ended
    os.killpg(leader, signal.SIGKILL)
    _, status = os.waitpid(leader, 0)
    while adopted := children():
        # guard: the end of children: those that have left the group
        for child in adopted:
            os.kill(child, signal.SIGKILL)
            # From here on, its own children are ours.
            os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return 128 - code
    return code


def children() -> list[int]:
    """Return the guardian's children, or none if the kernel does not list them."""
    path = f"/proc/self/task/{os.getpid()}/children"
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow
            listed = file.read()
    except OSError:
        return []
    return [int(process) for process in listed.split()]


if __name__ == "__main__":
    _, control_fd, *command = sys.argv
    exit_code = main(int(control_fd), command)
    os._exit(exit_code)

"""The guardian of a subprocess: a program that ends it with all its descendants.

    python -I -S guardian.py CONTROL PROGRAM ARGUMENT...

Each byte that comes through the file descriptor CONTROL is a signal for the process's
group; when the other end of it closes, which the kernel sees to however the worker dies,
everything is killed. So is whatever is left when PROGRAM has ended. The guardian ends last,
with PROGRAM's exit code, or 128 + the signal that ended it.

- The worker starts it by plain exec, so that no code of ours runs between fork and exec in a program with threads;
  here there is only one thread, so the fork below is safe, and PR_SET_PDEATHSIG, which follows the thread that
  forked, follows the guardian. It is for the case that somebody kills the guardian itself.
- It adopts orphans (PR_SET_CHILD_SUBREAPER): a descendant that has left the group, as daemons do, becomes its child,
  is killed too, and does not stay behind as a zombie.
- It is in another group than the process, so that it can still act while that group is stopped.

It imports nothing of the worker, and little else: each millisecond here is paid for every
git command.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NOT_STARTED = 127


def main(control: int, argv: list[str]) -> int:
    """Run a program to its end, or to the worker's."""
    os.set_inheritable(control, False)  # noqa: FBT003 - it has no name for it
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    leader = start(argv)
    relay(leader, control, woken)
    return end(leader)


def prctl(option: int, value: int) -> None:
    """Set an option of this process, by the system's own call."""
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(argv: list[str]) -> int:
    """Fork and execute; return the process's id once it leads its own group."""
    started, starting = os.pipe()
    guardian = os.getpid()
    leader = os.fork()
    if leader == 0:
        try:
            os.setsid()
            # guard: the end of children: also when the guardian is killed
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == guardian:
                # Python ignores these two, and a child would inherit that.
                for inherited in (signal.SIGPIPE, signal.SIGXFSZ):
                    signal.signal(inherited, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.execvp(argv[0], argv)  # noqa: S606 - no shell, as it should be
        except OSError as error:
            os.write(
                2,
                f"{argv[0]}: {error.strerror}\n".encode(
                    errors="surrogateescape"
                ),
            )
        finally:
            os._exit(NOT_STARTED)
    os.close(starting)
    os.read(started, 1)  # ends when exec closes the other end
    os.close(started)
    return leader


def relay(leader: int, control: int, woken: int) -> None:
    """Pass signals on until the process ends, or the worker is gone."""
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(woken, select.POLLIN)
    while not ended(leader):
        ready = [descriptor for descriptor, _ in waiting.poll()]
        if woken in ready:
            os.read(woken, 4096)
        if control in ready:
            signals = os.read(control, 64)
            for number in signals:
                os.killpg(leader, number)
            if not signals:
                # guard: the end of children: with their run
                return


def ended(leader: int) -> bool:
    """Reap ended orphans; tell whether the process has ended (its id stays reserved)."""
    while True:
        state = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if state is None or state.si_pid == leader:
            return state is not None
        os.waitpid(state.si_pid, 0)


def end(leader: int) -> int:
    """Kill all remaining processes, and return the process's exit code."""
    # guard: the end of children: the rest of a group whose leader has ended
    os.killpg(leader, signal.SIGKILL)
    _, status = os.waitpid(leader, 0)
    while adopted := children():
        # guard: the end of children: those that have left the group
        for child in adopted:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)  # its own children are ours from here on
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def children() -> list[int]:
    """Return the guardian's children, or none if the kernel does not tell."""
    try:
        with open(  # noqa: PTH123 - pathlib is slow
            f"/proc/self/task/{os.getpid()}/children", encoding="ascii"
        ) as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1]), sys.argv[2:]))

"""Faults in calls that write: the n-th call of the process fails, or the process stops there.

As a program: ``python -m tests.faults <n> <command> <options>`` runs a command of fastcli that says
``<call>`` on stdout before its n-th call that changes a file, and then waits to be killed.
"""

import contextlib
import errno
import os
import sys

CALLS = ("write", "lseek", "ftruncate", "fsync", "close", "replace", "unlink", "open")
PREFIX = ".fastcli-"


class Fault:
    """Counts the calls that concern files being written, and lets the n-th do something else.

    The calls are those of fastcli.files, fastcli.temporary and of what uses the same ``os``, on
    descriptors that were opened to write in ``folder``, and on names in it.
    """

    def __init__(self, folder, n, happens, calls=CALLS):
        self.folder, self.n, self.happens = str(folder), n, happens
        self.names = calls
        self.count = 0
        self.seen = []  # the names of the calls that were counted
        self.happened = ""
        self.fds = set()
        self.real = {name: getattr(os, name) for name in {*CALLS, "dup"}}

    def __enter__(self):
        for name in self.names:
            setattr(os, name, self.wrapped(name))
        if "open" not in self.names:
            os.open = self.opened
        os.dup = self.duplicated
        return self

    def __exit__(self, *_):
        for name, function in self.real.items():
            setattr(os, name, function)

    def concerns(self, target):
        if isinstance(target, int):
            return target in self.fds
        path = os.fspath(target)
        return isinstance(path, str) and path.startswith(self.folder)

    def opened(self, path, flags, *more, **named):
        fd = self.real["open"](path, flags, *more, **named)
        self.fds.discard(fd)
        if self.concerns(path) and (flags & (os.O_WRONLY | os.O_RDWR) or os.path.isdir(path)):
            self.fds.add(fd)
        return fd

    def duplicated(self, fd):
        copy = self.real["dup"](fd)
        self.fds.discard(copy)
        if fd in self.fds:
            self.fds.add(copy)
        return copy

    def wrapped(self, name):
        def call(*args, **named):
            concerned = self.concerns(args[0])
            if name == "open" and concerned and not args[1] & (os.O_CREAT | os.O_WRONLY):
                concerned = False
            if concerned:
                self.count += 1
                self.seen.append(name)
                if self.count == self.n:
                    self.happened = name
                    if name == "close":  # Linux closes a file, whatever close says
                        self.real["close"](args[0])
                        self.fds.discard(args[0])
                    self.happens(name)
            if name == "open":
                return self.opened(*args, **named)
            if name == "close":
                self.fds.discard(args[0])
            return self.real[name](*args, **named)

        return call


def fails(name):
    """Let a call fail as on a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def waits(name):
    """Say that a call would come, and wait for the end."""
    os.write(1, name.encode() + b"\n")
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()
    os._exit(9)


def main():
    """Run a command that stops before its n-th call."""
    folder, n, *argv = sys.argv[1:]
    sys.argv = ["fastcli", *argv]
    from fastcli.cli import main as command

    with Fault(folder, int(n), waits):
        command()


if __name__ == "__main__":
    main()

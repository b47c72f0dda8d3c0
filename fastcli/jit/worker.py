"""The compiler process: answers requests with object code until its input ends."""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
from typing import Any

from fastcli.signals import ENDING

IDLE = 5.0  # seconds without a request after which the process ends, since it holds memory


def serve() -> None:
    """Answer requests on standard input until it is closed, which is when the parent has ended.

    A request is a line of module, qualified name and key; a reply is "+" or "-", the length in 8
    bytes and the object code or the reason.
    """
    for number in ENDING:  # they are the parent's to hear
        signal.signal(number, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries is not a reply
    requests: queue.Queue[bytes] = queue.Queue()

    def listen() -> None:
        for line in iter(sys.stdin.buffer.readline, b""):
            requests.put(line)
        os._exit(0)  # at once, also in the middle of a kernel

    threading.Thread(target=listen, daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=IDLE)
        except queue.Empty:
            os._exit(0)
        try:
            sign, reply = b"+", compiled(*request.decode().rstrip("\n").split("\t"))
        except Exception as error:
            sign, reply = b"-", f"{type(error).__name__}: {error}".encode("utf-8", "replace")
        replies.write(sign + len(reply).to_bytes(8, "little") + reply)
        replies.flush()


def compiled(module: str, qualname: str, key: str) -> bytes:
    """Return the object code of a kernel that is made when its module is imported."""
    from fastcli.jit import build, numba_compiler

    importlib.import_module(module)
    found: list[Any] = [
        kernel
        for kernel in build.kernels
        if (kernel.module, kernel.qualname) == (module, qualname) and kernel.key == key
    ]
    if not found:
        raise LookupError(f"{module} has no kernel {qualname} with the key {key}")
    return numba_compiler.compile_kernel(found[0])

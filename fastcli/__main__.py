"""The program, as ``fastcli`` and as ``python -m fastcli``.

Signals are listened to before anything large is imported, so that an interrupt ends a process that
is starting as quietly as one that works.
"""

import atexit
import gc
import os
import sys

try:
    from fastcli import signals

    signals.end_at_once()
    import warnings
except KeyboardInterrupt:
    os._exit(130)
gc.set_threshold(200_000)  # what is imported stays: looking for garbage in it slows the start
# NumPy's BLAS would start a thread for every processor, which spin for a while as they start and
# end; the little linear algebra here gains little by them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if not sys.warnoptions:
    warnings.simplefilter("ignore")  # they are for programmers: the commands say what matters
    sys.warnoptions.append("ignore")  # nor are they said by processes that this one starts


def main() -> None:
    """Run the command line and exit."""
    from fastcli.cli import main as run

    code: object = 0
    try:
        run()
    except SystemExit as end:
        code = end.code
    finally:
        signals.end_at_once()  # all is done, and Python may take a while to end
    if isinstance(code, int) and not _is_watched():
        _leave(code)
    sys.exit(code)  # type: ignore[arg-type]


def _is_watched() -> bool:
    """Tell whether somebody waits for Python to end: a debugger, a profiler, ``python -i``."""
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    tools = [monitoring.get_tool(i) for i in range(6)] if monitoring else []
    return bool(sys.gettrace() or sys.getprofile() or any(tools) or sys.flags.inspect)


def _leave(code: int) -> None:
    """End the process without the shutdown of the interpreter, which takes 25 ms.

    Returns where output that is still buffered cannot be written, which is Python's to report.
    """
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


if __name__ == "__main__":
    main()

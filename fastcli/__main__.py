"""The program, as ``fastcli`` and as ``python -m fastcli``.

Signals are listened to before anything large is imported, so that an interrupt ends a process that
is starting as quietly as one that works.
"""

import os
import sys

try:
    from fastcli import signals

    signals.end_at_once()
    import warnings
except KeyboardInterrupt:
    os._exit(130)
# NumPy's BLAS would start a thread for every processor, which spin for a while as they start and
# end; the little linear algebra here gains nothing by them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if not sys.warnoptions:
    warnings.simplefilter("ignore")  # they are for programmers: the commands say what matters
    sys.warnoptions.append("ignore")  # nor are they said by processes that this one starts


def main() -> None:
    """Run the command line and exit."""
    from fastcli.cli import main as run

    try:
        run()
    finally:
        signals.end_at_once()  # all is done, and Python takes a while to end


if __name__ == "__main__":
    main()

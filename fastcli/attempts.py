"""Which parts that failed are tried again: those whose reason may pass, some times."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

AGAIN = 3  # times that a part is tried again
PAUSE = 1.0  # seconds before the second try of a part that could not be read or written; doubled
# What the network or a busy machine answers; what is missing, forbidden, full or damaged stays so.
PASSING = {
    getattr(errno, name)
    for name in (
        *("EAGAIN", "EBUSY", "EINTR", "EIO", "EREMOTEIO", "ESTALE", "ENOLCK"),
        *("ENFILE", "EMFILE", "ENOBUFS", "ENOMEM"),
        *("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ESHUTDOWN", "ETIMEDOUT"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETRESET", "ENETUNREACH"),
    )
    if hasattr(errno, name)
}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a part could not be made, in one sentence, and whether another try may do it."""

    reason: str
    may_pass: bool = False
    was_killed: bool = False  # the process that made it


class Attempts:
    """Counts how often parts were tried."""

    def __init__(self) -> None:
        self._failed: Counter[str] = Counter()

    def again(self, name: str, failure: Failure) -> bool:
        """Count a failure of the part of this name, and tell whether it is tried again."""
        self._failed[name] += 1
        return failure.may_pass and self._failed[name] <= AGAIN

    def pause(self, name: str, failure: Failure) -> float:
        """Return the seconds to wait before the next try."""
        return 0.0 if failure.was_killed else PAUSE * 2.0 ** (self._failed[name] - 1)


def may_pass(error: BaseException) -> bool:
    """Tell whether what failed with this error may work a little later.

    That is so where it, or an error that it was made of, comes from the system or the network and
    is neither about what is missing, forbidden or full nor about damaged data, which stay so.
    """
    for one in _reasons(error):
        if getattr(one, "is_lasting", False):
            return False
        is_passing = isinstance(one, ConnectionError | TimeoutError)
        if isinstance(one, OSError) and (is_passing or one.errno in PASSING):
            return True
    return False


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that it was made of."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__

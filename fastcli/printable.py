"""Text from input (paths, columns, labels, keys), made safe for messages.

The rule: whatever is not printable by Unicode (``str.isprintable``: control characters, line and
paragraph separators, marks of direction, lone surrogates) is escaped as Python writes it, so that a
message can neither steer a terminal nor look like two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 4000  # characters of a message
END = 600  # of them at its end, where it says what to do
LONGEST_NAME = 60  # characters of a name in a list
EXCERPT = 80  # characters of an offending text
MOST_NAMES = 12  # names of a list
MOST_FILES = 3  # paths of a list: they are long
SPECIAL = "!\"#$&'()*;<>?[\\]^`{|}~"  # to a shell


def printable(text: str) -> str:
    r"""Return text that changes nothing in a terminal, on one line.

    >>> printable("a\x1b[31m\nb\u202e")
    'a\\x1b[31m\\nb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(message: str) -> str:
    """Return a message that is printable and of bounded length; a long one is cut in its middle."""
    if len(message) > 2 * LONGEST:  # what is cut need not be escaped
        message = message[:LONGEST] + message[-LONGEST:]
    message = printable(message)
    if len(message) <= LONGEST:
        return message
    return f"{message[: LONGEST - END]} ... {message[-END:]}"


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """Return the start of a long name.

    >>> shortened("abcdef", 3)
    'abc...'
    """
    return name if len(name) <= most else f"{name[:most]}..."


def excerpt(text: str) -> str:
    """Return the begin of an offending text on one line; what is not UTF-8 is replaced."""
    shown = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return shown if len(shown) <= EXCERPT else shown[:EXCERPT] + "..."


def named(name: str) -> str:
    """Return a name as it stands in a sentence: shortened, in quotes where nothing can be seen.

    >>> named("a"), named(" ")
    ('a', "' '")
    """
    return shortened(name) if name.strip() else repr(shortened(name))


def listed(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are.

    >>> listed(["a", "b", ""])
    "a, b, ''"
    """
    shown = ", ".join(map(named, names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def listed_files(paths: Sequence[str]) -> str:
    """Return the first of some paths, and how many more there are.

    >>> listed_files(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = len(paths) - MOST_FILES
    shown = ", ".join(paths[:MOST_FILES])
    return f"{shown} and {more:,} more" if more > 0 else shown


def counted(n: int, noun: str = "line") -> str:
    """Return a number and its noun.

    >>> counted(1), counted(2000)
    ('1 line', '2,000 lines')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def readable(text: bytes) -> str:
    """Return bytes as text; what is not UTF-8 becomes ``\\xff``."""
    return text.decode("utf-8", "backslashreplace")


def encodable(text: str) -> str:
    r"""Return text without lone surrogates; bytes that these stand for become ``\\xff``.

    >>> encodable("caf\udce9"), encodable("\ud800")
    ('caf\\xe9', '\\ud800')
    """
    try:
        return readable(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def quoted(word: str) -> str:
    """Return a word of a command line as a shell needs it; letters of all scripts are plain.

    >>> quoted("日本.txt"), quoted("a b")
    ('日本.txt', "'a b'")
    """
    import shlex

    is_plain = word and not any(c.isspace() or c in SPECIAL for c in word)
    return word if is_plain else shlex.quote(word)


def nearest(name: str, known: Iterable[str], least: float = 0.5) -> str:
    """Return a question for the end of an error, or nothing if no known name is near.

    ``least`` is how much alike it is, as difflib has it.

    >>> nearest("lable", ["text", "Label"])
    ' (did you mean Label?)'
    """
    import difflib  # which most commands do without

    by_lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name[:LONGEST_NAME].lower(), by_lower, n=1, cutoff=least)
    return f" (did you mean {named(by_lower[close[0]])}?)" if close else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a value is none of the known ones, the nearest of which is named.

    >>> unknown("loss", "softmx", ["ns", "softmax"])
    'Unknown loss: softmx (did you mean softmax?). Known: ns, softmax.'
    """
    return f"Unknown {what}: {named(name)}{nearest(name, known)}. Known: {', '.join(known)}."

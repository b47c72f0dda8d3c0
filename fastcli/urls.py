"""Which paths are URLs, and their parts; ``remote`` reads and writes what they name."""

from __future__ import annotations

import os
import re

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)  # of two letters, as no drive has
LOCAL = ("file", "local")


def is_url(path: str) -> bool:
    """Tell whether a path is a URL; a local file of such a name is none, nor is ``C:\\x``.

    >>> is_url("s3://bucket/a.txt"), is_url("a/b.txt"), is_url("C:\\\\x"), is_url("file:///a")
    (True, False, False, False)
    """
    found = URL.match(path) if "://" in path else None
    return found is not None and found[1].lower() not in LOCAL and not os.path.lexists(path)


def local_path(path: str) -> str:
    """Return the path of a ``file://`` URL; anything else as it is.

    >>> local_path("file:///tmp/a.txt"), local_path("a.txt")
    ('/tmp/a.txt', 'a.txt')
    """
    found = URL.match(path) if "://" in path else None
    if found is None or found[1].lower() not in LOCAL or os.path.lexists(path):
        return path
    rest = path[found.end() :].removeprefix("localhost")
    return rest.lstrip("/") if os.name == "nt" else rest


def name_of(url: str) -> str:
    """Return a URL's path, from the name of the host or the bucket on, without a query.

    >>> name_of("s3://bucket/a/b.txt"), name_of("https://host/a.csv?download=1")
    ('bucket/a/b.txt', 'host/a.csv')
    """
    protocol, _, rest = url.partition("://")
    if protocol.lower() in ("http", "https"):
        rest = rest.split("?", 1)[0].split("#", 1)[0]
    return rest.strip("/")


def joined(folder: str, name: str) -> str:
    """Return the URL of a file below a folder."""
    return f"{folder.rstrip('/')}/{name}"


def is_shared(url: str) -> bool:
    """Tell whether other processes see the same file."""
    return not url.lower().startswith("memory://")

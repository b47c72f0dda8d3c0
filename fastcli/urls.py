"""Which paths are URLs, and their parts; ``remote`` reads and writes what they name."""

from __future__ import annotations

import os
import re

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)  # of two letters, as no drive has
LOCAL = ("file", "local")
WEB = ("http", "https")
# What stands before the @ there is a container or a repository, and no user.
PLACES = {"abfs", "abfss", "adl", "az", "github", "wasb", "wasbs"}
CREDENTIALS = re.compile(r"(?<=://)[^\s/?#@]*(?::[^\s/?#]*)?@")
QUERY = re.compile(r"(?i)(\bhttps?://[^\s?#]*[?#])\S*?(?=[:;,.!)'\"]*(?:\s|$))")


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
    """Return a URL's path, from the name of the host or the bucket on, as ``bare`` has it.

    >>> name_of("s3://bucket/a/b.txt"), name_of("https://host/a.csv?download=1")
    ('bucket/a/b.txt', 'host/a.csv')
    """
    return bare(url).partition("://")[2].strip("/")


def bare(url: str) -> str:
    """Return a URL without what may be a secret: a user and password, and a web page's query.

    >>> bare("sftp://me:secret@host/a"), bare("https://token@host/a?signature=x")
    ('sftp://host/a', 'https://host/a')
    """
    protocol, mark, rest = url.partition("://")
    if protocol.lower() in WEB:
        rest = re.split("[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    user, at, host = host.rpartition("@")
    if protocol.lower() in PLACES and ":" not in user:
        host = f"{user}{at}{host}"
    return f"{protocol}{mark}{host}{slash}{path}"


def shown(text: str) -> str:
    """Return a sentence in which URLs keep no secrets: what is left out is marked by dots.

    >>> shown("https://me:secret@host/a.csv?signature=x: it is gone.")
    'https://...@host/a.csv?...: it is gone.'
    """
    if "://" not in text:
        return text
    text = CREDENTIALS.sub(_hidden, text)
    return QUERY.sub(r"\1...", text)


def _hidden(found: re.Match[str]) -> str:
    """Return dots for a user; a container stays."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9+.-]*(?=://$)", found.string[: found.start()])
    is_place = bool(words) and words[-1].lower() in PLACES and ":" not in found[0]
    return found[0] if is_place else "...@"


def joined(folder: str, name: str) -> str:
    """Return the URL of a file below a folder."""
    return f"{folder.rstrip('/')}/{name}"


def is_shared(url: str) -> bool:
    """Tell whether other processes see the same file."""
    return not url.lower().startswith("memory://")

"""Files behind URLs (``s3://``, ``gs://``, ``hf://``, ``https://``, ...): the only door to fsspec.

An input is copied to a temporary file before it is read, and an output is sent when it is whole, so
that all else reads and writes local files, and a connection that breaks costs no prediction.  What
fails for a reason that may pass is tried again some times.  Credentials, endpoints and the like are
those of the environment and of fsspec's configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import posixpath
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from fastcli import attempts
from fastcli.distribution import extra
from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.notices import say
from fastcli.urls import joined, shown

BLOCK = 1 << 23  # bytes that are read or sent at a time
AT_ONCE = 16  # small files that are read at the same time
EXTRAS = {"s3": extra("s3"), "s3a": extra("s3")}
PACKAGES = {
    **{"gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub", "http": "aiohttp"},
    **{"https": "aiohttp", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"},
}
# What tells whether a file is the same as before, in the words of several systems.
TAGS = (
    *("ETag", "etag", "content_md5", "md5Hash", "md5", "blob_id", "generation", "version_id"),
    *("LastModified", "last_modified", "mtime", "modified", "updated", "created"),
)
NETWORKING = {"aiohttp", "azure", "botocore", "google", "httpx", "requests", "urllib3"}
LASTING = ("Credential", "Refresh", "Argument", "Value")  # in names of errors that stay

T = TypeVar("T")


class RemoteError(OSError):
    """Something that could not be read or written, however often it was tried."""

    is_lasting = True


@dataclass(frozen=True, kw_only=True)
class RemoteState:
    """The size of a file (None: not known) and what changes with its contents ("": nothing)."""

    size: int | None
    tag: str


# ------------------------------------------------------------------ what there is


def state_of(url: str) -> RemoteState:
    """Return what a file is now.  Raises RemoteError, FileNotFoundError where there is none."""
    fs, path = _opened(url)

    def look() -> RemoteState:
        fs.invalidate_cache(_folder(path))
        return _state(fs.info(path))

    return _tried(look, url)


def is_file(url: str) -> bool:
    """Tell whether a URL is that of a file, and not of a folder.  Raises RemoteError."""
    fs, path = _opened(url)

    def look() -> bool:
        fs.invalidate_cache(_folder(path))
        try:
            info = fs.info(path)
        except FileNotFoundError:
            return False
        if info.get("type") == "file":
            _remember(url, info)
        return bool(info.get("type") == "file")

    return _tried(look, url)


def matches(url: str) -> list[str]:
    """Return what a pattern matches, sorted.  Raises RemoteError."""
    fs, path = _opened(url)

    def look() -> dict[str, Any]:
        fs.invalidate_cache()
        found: dict[str, Any] = fs.glob(path, detail=True)
        return found

    return _urls(fs, url, _tried(look, url))


def is_pattern(url: str) -> bool:
    """Tell whether a URL is a pattern: one of characters that no file has, and not of a web page.

    Raises RemoteError.
    """
    if url.lower().startswith(("http://", "https://")) or not any(c in url for c in "*?["):
        return False
    fs, path = _opened(url)

    def look() -> bool:
        fs.invalidate_cache(_folder(path))
        return bool(fs.exists(path))

    return not _tried(look, url)


def below(url: str) -> dict[str, RemoteState]:
    """Return the files below a folder by name, none where it is not there.  Raises RemoteError."""
    fs, path = _opened(url)

    def find() -> dict[str, Any]:
        fs.invalidate_cache()
        try:
            found: dict[str, Any] = fs.find(path, detail=True)
        except FileNotFoundError:
            return {}
        return found

    top = f"{path.rstrip('/')}/"
    return {
        name.removeprefix(top): _remember(joined(url, name.removeprefix(top)), info)
        for name, info in sorted(_tried(find, url).items())
        if name.startswith(top) and not name.endswith("/")
    }


_seen: dict[str, RemoteState] = {}


def listed_state(url: str) -> RemoteState:
    """Return what a file was when it was listed, or else is now.  Raises as ``state_of``."""
    if url not in _seen:
        _seen[url] = state_of(url)
    return _seen[url]


def size_of(url: str) -> int:
    """Return the bytes of a file when it was listed, 0 where that is not known."""
    return listed_state(url).size or 0


def _remember(url: str, info: dict[str, Any]) -> RemoteState:
    _seen[url] = _state(info)
    return _seen[url]


def _state(info: dict[str, Any]) -> RemoteState:
    size = info.get("size")
    tags = [str(info[name]) for name in TAGS if info.get(name) is not None]
    return RemoteState(size=None if size is None else int(size), tag=tags[0] if tags else "")


def _urls(fs: Any, url: str, found: dict[str, Any]) -> list[str]:
    """Return the files of a listing as URLs that begin as the one that was asked for."""
    plain = re.split(r"[*?\[]", url, maxsplit=1)[0].rpartition("/")[0]  # the folder above a pattern
    top = str(fs._strip_protocol(plain)).rstrip("/")
    names = []
    for name, info in found.items():
        if info.get("type") == "file" and not name.endswith("/"):
            names.append(f"{plain}{name[len(top) :]}" if name.startswith(top) else name)
            _remember(names[-1], info)
    return sorted(names)


def _folder(path: str) -> str:
    return posixpath.dirname(path.rstrip("/"))


# ------------------------------------------------------------------ reading


def blocks(url: str, state: RemoteState | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file; where reading breaks off it goes on from there.

    ``state`` is what it was just before, and must still be.  Raises RemoteError, and DataError
    where the file changed meanwhile.
    """
    fs, path = _opened(url)
    at_first, n, tries = state or state_of(url), 0, _Tries(url)
    while True:
        try:
            with fs.open(path, "rb") as file:
                _skip(file, n)
                while data := file.read(BLOCK):
                    n += len(data)
                    tries = _Tries(url)
                    yield data
            if at_first.size is not None and n < at_first.size:
                raise ConnectionResetError(errno.ECONNRESET, "it ended too early")
        except Exception as error:
            if type(error).__name__ == "FileExpired":  # of s3fs: it was replaced
                break
            tries.failed(error)
        else:
            break
        if state_of(url) != at_first:
            break
    if state_of(url) != at_first or at_first.size not in (None, n):
        raise DataError(f"{url} changed while it was read. Run this again when nothing writes it.")


def _skip(file: Any, n: int) -> None:
    """Go to the byte after the first n."""
    if n == 0:
        return
    try:
        file.seek(n)
    except (ValueError, NotImplementedError):  # a stream
        while n > 0 and (data := file.read(min(n, BLOCK))):
            n -= len(data)


def at_once(work: Callable[[str], T], urls: Sequence[str]) -> list[T]:
    """Return what ``work`` gives for each URL, asking for some at the same time.

    Raises what it does, for the first URL of which it does.
    """
    if len(urls) < 2:
        return list(map(work, urls))
    from concurrent.futures import ThreadPoolExecutor

    contexts = [copy_context() for _ in urls]  # in which what is said is heard
    with ThreadPoolExecutor(min(AT_ONCE, len(urls))) as pool:
        return list(pool.map(lambda context, url: context.run(work, url), contexts, urls))


def read_small(urls: Sequence[str]) -> list[bytes | None]:
    """Return the bytes of small files, None where there is none.  Raises RemoteError."""
    return at_once(_read_small, urls)


def _read_small(url: str) -> bytes | None:
    fs, path = _opened(url)
    try:
        found: bytes = _tried(lambda: fs.cat_file(path), url)
    except FileNotFoundError:
        return None
    return found


# ------------------------------------------------------------------ writing


def write_small(url: str, data: bytes) -> None:
    """Write a small file in one request.  Raises RemoteError."""
    fs, path = _opened(url)
    _tried(lambda: fs.pipe_file(path, data), url)


def send(url: str, source: str, before_commit: Callable[[], None] = lambda: None) -> None:
    """Send a whole local file to a URL, where it is complete or absent.

    ``before_commit`` is called when all bytes are given, and nobody sees them yet.  An upload that
    fails is discarded, and tried again if that may help.  Raises RemoteError.
    """
    fs, path = _opened(url)

    def upload() -> None:
        # An exception inside ``with fs.open(...)`` would publish what was written so far.
        file = fs.open(path, "wb", autocommit=False)
        try:
            with open(source, "rb", buffering=0) as local:
                while data := local.read(BLOCK):
                    file.write(data)
            before_commit()
            file.close()
            # Some have no commit, or one that does nothing: closing them puts the file in place.
            getattr(file, "commit", lambda: None)()
        except BaseException:
            with contextlib.suppress(Exception):
                file.discard()
            with contextlib.suppress(Exception):
                file.closed = True  # or it is flushed when it is collected
            raise

    _tried(upload, url)
    fs.invalidate_cache(_folder(path))


def check_can_write(folder: str, name: str) -> None:
    """Write a small file to a folder, and remove it.  Raises RemoteError."""
    url = joined(folder, name)
    fs, path = _opened(url)
    try:
        write_small(url, b"")
    except FileNotFoundError as error:  # what is missing is the bucket, say
        reason = _reason(error.__cause__) if isinstance(error.__cause__, Exception) else "missing"
        raise RemoteError(errno.ENOENT, shown(reason), shown(folder)) from error
    with contextlib.suppress(Exception):  # who may write may be forbidden to remove
        fs.rm_file(path)


def check_writable(url: str) -> None:
    """Raise ArgumentError where files of this kind can only be read, or a package is missing."""
    _opened(url)
    if url.lower().startswith(("http://", "https://")):
        raise ArgumentError(f"{url}: a web page can be read, not written.")


# ------------------------------------------------------------------ errors, and trying again


def _tried(work: Callable[[], T], url: str) -> T:
    """Return what ``work`` does, tried again where that may help.

    Raises RemoteError, or FileNotFoundError.
    """
    tries = _Tries(url)
    while True:
        try:
            return work()
        except Exception as error:
            tries.failed(error)


class _Tries:
    """Counts how often something with a URL failed in a row."""

    def __init__(self, url: str) -> None:
        self._url, self._n = url, 0

    def failed(self, error: Exception) -> None:
        """Wait for the next try.  Raises what the error is for a user where there is none."""
        if not _may_pass(error) or self._n >= attempts.AGAIN:
            raise _shown(error, self._url) from error
        say(f"{self._url}: {_reason(error)}. It is tried again.")
        time.sleep(attempts.PAUSE * 2.0**self._n)
        self._n += 1


def _may_pass(error: Exception) -> bool:
    """Tell whether what failed with this error may work a little later."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status in (408, 425, 429)
    lasting = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError)
    if isinstance(error, OSError):
        return not isinstance(error, lasting) and (
            isinstance(error, TimeoutError | ConnectionError)
            or error.errno is None
            or error.errno in attempts.PASSING
        )
    if isinstance(error, asyncio.TimeoutError):  # of fsspec, no OSError in Python 3.10
        return True
    # Connections that break have errors of their own in many libraries.
    modules = {one.__module__.split(".")[0] for one in type(error).__mro__}
    return bool(modules & NETWORKING) and not any(w in type(error).__name__ for w in LASTING)


def _status(error: Exception) -> int | None:
    """Return the status of HTTP that an error is about."""
    for one in (error, getattr(error, "response", None), error.__cause__):
        for name in ("status", "status_code", "code"):
            value = getattr(one, name, None)
            if isinstance(value, int) and 100 <= value < 600:
                return value
    return None


def _shown(error: Exception, url: str) -> Exception:
    """Return the error that a user is told."""
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "There is no such file", shown(url))
    if isinstance(error, FastcliError):
        return error
    number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
    return RemoteError(number, shown(_reason(error)), shown(url))


def _reason(error: Exception) -> str:
    """Return what an error says, in one line."""
    if "Credential" in type(error).__name__:
        return (
            "There are no credentials for it: set those of its environment variables, or "
            "FSSPEC_S3_ANON=true for a public bucket"
        )
    if (status := _status(error)) is not None:
        return f"the server answered {status}"
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return " ".join(str(text).split()).removesuffix(".")


def _opened(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path there.

    Raises ArgumentError where a package is missing or the protocol is unknown.
    """
    protocol = url.partition("://")[0].lower()
    package = PACKAGES.get(protocol)
    try:
        import fsspec
    except ImportError:
        names = ["fsspec", *filter(None, [package])]
        extra = EXTRAS.get(protocol, "")
        needed = f"'{extra}'" if extra else " ".join(names)
        raise ArgumentError(f"{url}: {protocol}:// needs pip install {needed}.") from None
    try:
        fs, path = fsspec.url_to_fs(url)
    except ImportError as error:
        needed = f"pip install '{EXTRAS[protocol]}'" if protocol in EXTRAS else ""
        needed = needed or (f"pip install {package}" if package else _reason(error))
        raise ArgumentError(f"{url}: {protocol}:// needs {needed}.") from None
    except ValueError as error:
        if "rotocol not known" not in str(error):
            raise ArgumentError(f"{url}: {_reason(error)}.") from None
        raise ArgumentError(
            f"{url}: {protocol}:// is not a kind of address that fsspec knows. A local file of "
            f"this name: ./{url}"
        ) from None
    except Exception as error:
        raise ArgumentError(f"{url}: {_reason(error)}.") from None
    return fs, str(path)

"""An output behind a URL: a temporary file that is sent when it is whole."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

from fastcli.errors import FastcliError
from fastcli.files import Replacement
from fastcli.temporary import Temporary
from fastcli.urls import is_url


class Upload:
    """A file that is written here and put in place there, as ``files.Replacement`` does it here.

    Raises ArgumentError where nothing can be written there, FastcliError where there is no room for
    the temporary file.
    """

    def __init__(self, url: str) -> None:
        from fastcli.remote import check_writable

        check_writable(url)
        self._url = url
        self.before_commit: Callable[[], None] = lambda: None  # called when all bytes are there
        self._temporary: Temporary | None = None

    def begin(self) -> int:
        """Return the descriptor to write to."""
        if self._temporary is None:
            try:
                self._temporary = Temporary(Path(gettempdir()) / secrets.token_hex(8), 0o600)
            except OSError as error:
                raise FastcliError(
                    f"{self._url} needs a temporary file ({error.strerror or error}). "
                    "Set TMPDIR to a folder that you may write to."
                ) from None
        return self._temporary.fd

    def place(self) -> None:
        """Send the file.  Raises OSError where that cannot be done."""
        from fastcli.remote import send

        self.begin()
        assert self._temporary is not None
        try:
            send(self._url, str(self._temporary.path), self.before_commit)
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the temporary file."""
        if self._temporary is not None:
            self._temporary.remove()
            self._temporary = None

    def __enter__(self) -> int:
        return self.begin()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.place()
        else:
            self.discard()


def replacement_of(path: str) -> Replacement | Upload:
    """Return what writes a file and puts it in place, by path or URL."""
    return Upload(path) if is_url(path) else Replacement(path)


def shown_place(path: str) -> str:
    """Return what errors call the file that is written to, where it is not the output itself."""
    return f"The temporary file of {path} in {gettempdir()} (see TMPDIR)" if is_url(path) else path

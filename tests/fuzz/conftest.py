"""The sound files that all of these tests damage."""

import sys

import pytest

from tests.fuzz.samples import sound_files

# Signals and limits that Windows does not have.
collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """Return the folder of sound files."""
    folder = tmp_path_factory.mktemp("sound")
    sound_files(folder)
    return folder

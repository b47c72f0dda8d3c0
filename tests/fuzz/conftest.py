"""The sound files that all of these tests damage."""

import pytest

from tests.fuzz.samples import sound_files


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """Return the folder of sound files."""
    folder = tmp_path_factory.mktemp("sound")
    sound_files(folder)
    return folder

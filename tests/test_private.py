"""Folders of this user alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastcli.private import private_folder
from tests.command import environment

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a folder for compiled kernels that does not exist yet, without a home folder."""
    path = tmp_path / "above" / "cache"
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(path))
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return path


@posix
def test_every_level_is_private_whatever_the_umask(root):
    former = os.umask(0)
    try:
        folder = Path(private_folder("rescued"))
    finally:
        os.umask(former)
    assert folder == root / "rescued"
    assert [one.stat().st_mode & 0o777 for one in (root.parent, root, folder)] == [0o700] * 3
    assert private_folder("rescued") == str(folder)


@pytest.mark.parametrize("named", ["relative", "~/cache"])
def test_no_folder_of_the_current_one(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", named)
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert private_folder("rescued") is None
    assert os.listdir(tmp_path) == []


@posix
@pytest.mark.parametrize(("mode", "level"), [(0o755, "rescued"), (0o777, "rescued"), (0o777, ".")])
def test_a_folder_that_others_may_use_is_not_used(mode, level, root):
    assert private_folder("rescued")
    (root / level).chmod(mode)
    assert private_folder("rescued") is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs a second user")
def test_where_the_folder_is_shared_by_root_users_have_their_own(public_path):
    shared, home = public_path / "shared", public_path / "home"
    shared.mkdir(mode=0o755)
    home.mkdir(mode=0o755)
    os.chown(home, 65534, 65534)
    code = (
        "import os; from fastcli.private import private_folder; os.setgid(65534); "
        "os.setuid(65534); print(private_folder('rescued'))"
    )
    env = {**environment(), "HOME": str(home), "FASTCLI_CACHE_DIR": str(shared)}
    env.pop("XDG_CACHE_HOME", None)
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert found.stdout == f"{home}/.cache/fastcli/rescued\n", found.stderr
    assert list(shared.iterdir()) == []


@posix
def test_a_link_is_not_followed(root, tmp_path):
    root.mkdir(mode=0o700, parents=True)
    (tmp_path / "other").mkdir(mode=0o700)
    (root / "rescued").symlink_to(tmp_path / "other")
    assert private_folder("rescued") is None

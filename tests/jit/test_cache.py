"""Where compiled kernels are kept: whose folders are read, what is kept, what is removed."""

import errno
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from fastcli import private
from fastcli.jit import build
from fastcli.jit.cache import Cache, user_cache
from fastcli.jit.lock import locked
from fastcli.jit.sweep import clear
from fastcli.jit.targets import Target
from fastcli.private import SHARED, Folder, NoFolder, cache_root

HERE = Target("generic", "", "generic-0123456789abcdef")
ENTRY = "some.kernel-" + "0" * 32 + ".o"
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no owners and modes")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="paths of Linux")
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be another user"
)


@pytest.fixture
def kept(tmp_path):
    """Return a cache that has one entry."""
    cache = Cache(str(tmp_path / "a" / "cache"))
    assert cache.write(HERE, ENTRY, b"code")
    return cache


def path_of(cache, entry=ENTRY):
    return Path(cache.root) / HERE.folder / entry


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def as_user(uid, action):
    """Return what a function gives to another user, in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(write, repr(action()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as file:
        answer = file.read()
    os.waitpid(child, 0)
    return answer


# ------------------------------------------------------------------------ paths


def test_named_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path))
    assert cache_root() == str(tmp_path)


@linux_only
def test_folder_of_the_home(monkeypatch, tmp_path):
    monkeypatch.delenv("FASTCLI_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_root() == str(tmp_path / ".cache" / "fastcli")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == str(tmp_path / "xdg" / "fastcli")


@linux_only
@pytest.mark.parametrize(
    "variables",
    [
        {"FASTCLI_CACHE_DIR": "cache"},
        {"FASTCLI_CACHE_DIR": "~/cache"},
        {"FASTCLI_CACHE_DIR": "./cache"},
        {"XDG_CACHE_HOME": "cache"},
        {"XDG_CACHE_HOME": "~/.cache"},
        {"HOME": "."},
        {"HOME": "~"},
        {"HOME": "~/h"},
        {"HOME": ""},
        {},
    ],
)
def test_paths_that_are_not_absolute_are_no_cache(monkeypatch, tmp_path, variables):
    monkeypatch.chdir(tmp_path)
    for name in ("FASTCLI_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if not variables:  # nor does the list of users know one
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(NoFolder, match=r"is not (an absolute path|known)") as problem:
        cache_root()
    is_literal = any(value.startswith("~") for value in variables.values())
    assert ("(~ stands for the home folder only" in str(problem.value)) == is_literal
    assert build.find_code(build.Kernel(of_nothing)) is None
    assert build._writable_cache() is None
    assert list(tmp_path.iterdir()) == []


def of_nothing() -> "None":
    """Do nothing."""


of_nothing.__annotations__["return"] = "None"


# ------------------------------------------------------------------------ modes


@posix_only
@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277])
def test_every_level_made_is_private_whatever_the_umask(tmp_path, umask):
    former = os.umask(umask)
    try:
        cache = Cache(str(tmp_path / "a" / "b" / "cache"))
        assert cache.write(HERE, ENTRY, b"code")
    finally:
        os.umask(former)
    for folder in ("a", "a/b", "a/b/cache", f"a/b/cache/{HERE.folder}"):
        assert mode(tmp_path / folder) == 0o700
    assert mode(path_of(cache)) == 0o600
    assert cache.read(HERE, ENTRY) == b"code"


@root_only
def test_a_umask_that_keeps_the_owner_out(public_path):
    """Root may do all, so another user tries."""
    os.chmod(public_path, 0o777)

    def modes():
        os.umask(0o777)
        path = public_path / "a" / "b"
        private._make_levels(str(path), 0o700, {})
        return [mode(path.parent), mode(path)]

    assert as_user(65534, modes) == repr([0o700, 0o700])


@posix_only
def test_a_link_in_the_place_of_a_new_folder_changes_no_mode(tmp_path, monkeypatch):
    """Somebody else may put one there as soon as the folder is made."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)

    def planted(path, *_, **__):
        os.symlink(theirs, path)

    monkeypatch.setattr(os, "mkdir", planted)
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        private._make_levels(str(tmp_path / "new"), 0o700, {})
    assert mode(theirs) == 0o755


@posix_only
def test_shared_folders_can_be_read_by_all(tmp_path):
    former = os.umask(0o077)
    try:
        cache = Cache(str(tmp_path / "image" / "kernels"), SHARED)
        assert cache.write(HERE, ENTRY, b"code")
    finally:
        os.umask(former)
    assert mode(tmp_path / "image") == mode(cache.root) == mode(path_of(cache).parent) == 0o755
    assert mode(path_of(cache)) == 0o644


@posix_only
def test_entries_are_opened_to_readers_of_a_shared_folder(kept):
    Cache(kept.root, SHARED).open_to_readers(HERE, ENTRY)
    assert mode(path_of(kept).parent) == 0o755
    assert mode(path_of(kept)) == 0o644


@posix_only
@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o770, 0o702])
@pytest.mark.parametrize("level", ["", HERE.folder])
def test_folders_that_others_can_write_are_no_cache(kept, bits, level):
    os.chmod(Path(kept.root) / level, bits)
    assert kept.read(HERE, ENTRY) is None
    assert not kept.write(HERE, ENTRY, b"new")
    with pytest.raises(NoFolder, match="can be written by other users"):
        kept.check(HERE)


@posix_only
def test_a_file_that_others_can_write_is_not_read(kept):
    os.chmod(path_of(kept), 0o620)
    assert kept.read(HERE, ENTRY) is None


@posix_only
@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_what_is_no_regular_file_is_not_read(kept, kind, tmp_path):
    path = path_of(kept)
    path.rename(tmp_path / "elsewhere")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.mkdir(0o700)
    assert kept.read(HERE, ENTRY) is None


@posix_only
def test_a_link_for_the_folder_of_a_target_is_not_followed(kept, tmp_path):
    folder = path_of(kept).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert kept.read(HERE, ENTRY) is None
    assert not kept.write(HERE, ENTRY, b"new")


# ----------------------------------------------------------------------- owners


@root_only
@pytest.mark.parametrize("what", ["root", "folder", "file"])
def test_what_belongs_to_another_user_is_not_read(kept, what):
    where = {"root": Path(kept.root), "folder": path_of(kept).parent, "file": path_of(kept)}
    os.chown(where[what], 65534, 65534)
    assert kept.read(HERE, ENTRY) is None
    if what != "file":
        with pytest.raises(NoFolder, match="belongs to another user"):
            kept.check(HERE)


@root_only
def test_a_private_folder_of_root_is_no_cache_for_others(kept):
    assert as_user(65534, lambda: kept.read(HERE, ENTRY)) == "None"
    assert as_user(65534, lambda: kept.write(HERE, ENTRY, b"new")) == "False"
    assert as_user(65534, lambda: why(kept)).endswith(": Permission denied'")


@root_only
def test_a_shared_folder_of_root_is_read_and_never_written_by_others(public_path):
    cache = Cache(str(public_path / "kernels"), SHARED)
    assert cache.write(HERE, ENTRY, b"code")
    assert as_user(65534, lambda: cache.read(HERE, ENTRY)) == "b'code'"
    assert as_user(65534, lambda: cache.write(HERE, ENTRY, b"new")) == "False"
    assert as_user(65534, lambda: why(cache)) == repr(f"{cache.root} belongs to root")
    assert cache.read(HERE, ENTRY) == b"code"
    assert len(list(path_of(cache).parent.iterdir())) == 1


def why(cache):
    try:
        cache.check(HERE)
    except NoFolder as problem:
        return str(problem)
    return ""


@posix_only
def test_the_reason_is_said_once(monkeypatch, tmp_path, heard):
    (tmp_path / "cache").mkdir()
    os.chmod(tmp_path / "cache", 0o777)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "watcher", None)
    monkeypatch.setattr(build, "_said", set())
    for _ in range(3):
        assert build._writable_cache() is None
    assert len(heard) == 2
    assert f"{tmp_path / 'cache'} can be written by other users" in heard[1]


@pytest.mark.skipif(os.name == "nt", reason="what a system without owners does is tried elsewhere")
def test_without_owners_and_open_folders(monkeypatch, tmp_path):
    """Go the way of Windows, by paths alone."""
    monkeypatch.setattr(private, "_HAS_OWNERS", False)
    cache = Cache(str(tmp_path / "a" / "cache"))
    assert cache.write(HERE, ENTRY, b"code")
    assert cache.read(HERE, ENTRY) == b"code"
    with Folder(cache.root) as root:
        assert root.is_own
        assert clear(root) == (1, path_size(b"code"))


def path_size(code):
    return 16 + 32 + len(code)


# --------------------------------------------------------------------- removing


def age(path, days):
    then = time.time() - days * 86_400
    os.utime(path, (then, then), follow_symlinks=False)


def other(name):
    return ENTRY.replace("kernel", name)


def test_unused_entries_are_removed_once_a_day(kept):
    assert kept.write(HERE, other("used"), b"code")
    age(path_of(kept), 91)
    age(path_of(kept, other("used")), 89)
    assert kept.write(HERE, other("new"), b"code")  # the last look was today
    assert path_of(kept).exists()
    age(Path(kept.root) / ".swept", 2)
    assert kept.write(HERE, other("newer"), b"code")
    left = sorted(path.name for path in path_of(kept).parent.iterdir())
    assert left == [other("new"), other("newer"), other("used")]


def test_reading_an_entry_counts_as_use(kept):
    age(path_of(kept), 91)
    assert kept.read(HERE, ENTRY) == b"code"
    assert path_of(kept).stat().st_mtime > time.time() - 3600


def test_only_our_files_are_removed(kept):
    root = Path(kept.root)
    old, foreign, mixed = root / ("0" * 32), root / "notes", root / ("1" * 32)
    for folder in (old, foreign, mixed):
        folder.mkdir(mode=0o700)
    for path in (old / "train_lines.o", old / "tmpabcd1234", mixed / "rehash.o"):
        path.write_bytes(b"what version 0.1 left")
    stay = [mixed / "letter.txt", foreign / "train_lines.o", root / "read me", root / "x.o"]
    stay.append(path_of(kept).parent / "letter.txt")
    for path in stay:
        path.write_text("not ours")
        age(path, 1000)
    (path_of(kept).parent / f"{ENTRY}.lock").touch()
    with Folder(str(root)) as opened:
        n, _ = clear(opened)
    assert n == 4
    found = sorted(path for path in root.rglob("*") if path.is_file())
    assert found == sorted(stay)
    assert not old.exists()


@posix_only
def test_shared_entries_are_not_swept(tmp_path):
    cache = Cache(str(tmp_path / "kernels"), SHARED)
    assert cache.write(HERE, ENTRY, b"code")
    age(path_of(cache), 1000)
    age(Path(cache.root) / ".swept", 2)
    assert cache.write(HERE, other("new"), b"code")
    assert path_of(cache).exists()


# ------------------------------------------------------------------------ locks


@pytest.fixture
def folder(tmp_path):
    """Return an open folder."""
    with Folder(str(tmp_path / "locks"), 0o700) as opened:
        yield opened


def test_a_lock_is_held_by_one_and_leaves_no_file(folder):
    with locked(folder, "a.lock") as held:
        assert held
        with locked(folder, "a.lock", patience=0) as again:
            assert not again
        with locked(folder, "b.lock", patience=0) as another:
            assert another
        assert folder.names() == ["a.lock"]
    assert folder.names() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another process at this place")
def test_a_killed_holder_frees_its_lock(folder):
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with locked(folder, "a.lock"):
            os.write(told, b"x")
            time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    with locked(folder, "a.lock", patience=0) as held:
        assert not held
    os.kill(child, 9)
    os.waitpid(child, 0)
    with locked(folder, "a.lock", patience=0) as held:
        assert held


def test_no_lock_where_nothing_can_be_written(tmp_path):
    cache = Cache(str(tmp_path / "missing"))
    with cache.lock(HERE, ENTRY):
        assert not Path(cache.root).exists()


def test_the_folder_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "c"))
    assert user_cache() == Cache(str(tmp_path / "c"))


def test_code_is_read_on_a_disk_that_is_only_read(kept, monkeypatch):
    """A day after its last use the time of an entry is to be set, which is not possible there."""
    os.utime(path_of(kept), (1, 1))

    def fails(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", fails)
    assert kept.read(HERE, ENTRY) == b"code"

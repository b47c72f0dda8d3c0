"""Files are written atomically: names, modes, links, pipes, other runs, what killed runs left."""

import os
import stat
import subprocess
import sys
import time

import pytest

from fastcli.errors import FastcliError
from fastcli.files import Outputs, Replacement, check_writable, temporary_beside, write_all
from fastcli.temporary import NAME, OLD, Temporary
from tests.command import environment

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and locks of POSIX")
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be another user"
)
NOBODY = 65534


def put(path, data=b"new", **options):
    with Replacement(path, **options) as fd:
        write_all(fd, data)


def names(folder):
    return sorted(os.listdir(folder))


# ------------------------------------------------------------ names and modes


def test_temporary_names_differ_and_say_who_made_them(tmp_path):
    with Temporary(tmp_path / "a") as one, Temporary(tmp_path / "b") as two:
        found = [NAME.fullmatch(file.path.name) for file in (one, two)]
        assert [int(match["pid"]) for match in found] == [os.getpid()] * 2
        assert one.path.name[-20:] != two.path.name[-20:]
        assert abs(int(found[0]["since"]) - time.time()) < 60
    assert names(tmp_path) == []


def test_no_file_of_others_is_opened(tmp_path, monkeypatch):
    """A link with the very name of the temporary is not written through."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    monkeypatch.setattr("fastcli.temporary.os.urandom", bytes)
    monkeypatch.setattr("fastcli.temporary.time.time", lambda: 10.0**9)
    with Temporary(tmp_path / "m") as known:
        name = known.path
    name.symlink_to(victim)
    with pytest.raises(FastcliError, match=r"cannot be opened for saving\. \(File exists"):
        put(tmp_path / "m")
    assert victim.read_bytes() == b"precious"
    assert name.is_symlink()


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_new_files_get_what_the_umask_leaves(mask, tmp_path):
    before = os.umask(mask)
    try:
        put(tmp_path / "m")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o666 & ~mask


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_the_mode_of_a_former_file_is_kept(mode, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"former")
    path.chmod(mode)
    with Replacement(path) as fd:
        assert stat.S_IMODE(os.fstat(fd).st_mode) == mode  # from the start on
        write_all(fd, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new"


@as_root
def test_the_owner_of_a_former_file_is_kept(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"former")
    os.chown(path, NOBODY, NOBODY)
    put(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


@pytest.mark.parametrize("length", [245, 250, 255])
def test_names_up_to_the_limit(length, tmp_path):
    path = tmp_path / ("m" * length)
    put(path)
    put(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert names(tmp_path) == [path.name]


def test_names_beyond_the_limit(tmp_path):
    with pytest.raises(FastcliError, match="cannot be opened for saving"):
        check_writable(str(tmp_path / ("m" * 256)))


# --------------------------------------------------------------------- links


@posix
def test_links_are_written_through(tmp_path):
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "m").write_bytes(b"former")
    (folder / "second").symlink_to("m")
    link = tmp_path / "m"
    link.symlink_to(folder / "second")
    with Replacement(link) as fd:
        write_all(fd, b"new")
        assert names(tmp_path) == ["m", "real"]
        assert len(names(folder)) == 3  # the temporary is beside the target
    assert link.is_symlink()
    assert (folder / "m").read_bytes() == b"new"
    assert names(folder) == ["m", "second"]


@posix
def test_a_link_to_nothing_yet(tmp_path):
    (tmp_path / "m").symlink_to("target")
    put(tmp_path / "m")
    assert (tmp_path / "m").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


@posix
def test_links_in_a_circle(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(FastcliError, match="Too many levels of symbolic links"):
        put(tmp_path / "a")


@as_root
def test_a_link_of_another_user_in_a_folder_open_to_all(tmp_path):
    victim, shared = tmp_path / "victim", tmp_path / "shared"
    victim.write_bytes(b"precious")
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "m").symlink_to(victim)
    os.lchown(shared / "m", NOBODY, NOBODY)
    with pytest.raises(FastcliError, match="a link that another user made"):
        put(shared / "m")
    assert victim.read_bytes() == b"precious"


@as_root
def test_a_folder_that_is_a_link_of_another_user_in_a_folder_open_to_all(tmp_path):
    elsewhere, shared = tmp_path / "elsewhere", tmp_path / "shared"
    for folder in (elsewhere, shared):
        folder.mkdir()
    shared.chmod(0o1777)
    (shared / "d").symlink_to(elsewhere)
    put(shared / "d" / "m")
    os.lchown(shared / "d", NOBODY, NOBODY)
    with pytest.raises(FastcliError, match="d is a link that another user made"):
        put(shared / "d" / "other")
    assert names(elsewhere) == ["m"]


@as_root
def test_a_file_that_another_user_planted_is_not_written_over(tmp_path):
    tmp_path.chmod(0o1777)
    (tmp_path / "m").write_bytes(b"planted")
    (tmp_path / "m").chmod(0o666)
    os.chown(tmp_path / "m", NOBODY, NOBODY)
    with pytest.raises(FastcliError, match="another user made it in a world-writable folder"):
        put(tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == b"planted"


@as_root
def test_a_temporary_file_that_another_user_planted_stops_nobody(tmp_path):
    tmp_path.chmod(0o1777)
    with Temporary(tmp_path / "m") as planted:
        os.chown(planted.path, NOBODY, NOBODY)
        put(tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == b"new"


@posix
def test_a_lock_of_somebody_on_a_former_file_stops_nobody(tmp_path):
    import fcntl

    (tmp_path / "m").write_bytes(b"former")
    with open(tmp_path / "m", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        put(tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == b"new"


def said_to_another_user(folder, name):
    """Return the message that another user gets; in a child, which needs no rights to this tree."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        said = "nothing"
        try:
            os.chdir(folder)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            check_writable(name)
        except BaseException as error:
            said = str(error)
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read) as pipe:
        return pipe.read()


@as_root
def test_a_file_of_another_user_in_a_folder_open_to_all(tmp_path):
    """That it cannot be replaced in the end is known before training."""
    tmp_path.chmod(0o1777)
    (tmp_path / "m").write_bytes(b"of root")
    (tmp_path / "m").chmod(0o666)
    start = "m cannot be opened for saving. "
    said = said_to_another_user(tmp_path, "m")
    assert said.startswith(start + "(in this folder only its owner can replace it")
    (tmp_path / "m").chmod(0o644)
    said = said_to_another_user(tmp_path, "m")
    assert said.startswith(start + "(the existing file is not writable")
    assert said_to_another_user(tmp_path, "other") == "nothing"
    assert names(tmp_path) == ["m"]


# --------------------------------------------------- what is not a regular file


@posix
def test_a_pipe_is_written_directly(tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE)
    out = Replacement(fifo)
    with out as fd:
        assert not out.has_holes
        write_all(fd, b"through the pipe")
    assert reader.communicate(timeout=20)[0] == b"through the pipe"
    assert names(tmp_path) == ["pipe"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@posix
def test_checking_a_pipe_does_not_wait_for_its_reader(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    check_writable(str(tmp_path / "pipe"))


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_descriptors_are_written_directly(name, tmp_path):
    """The target of stdout is neither truncated nor replaced: writing continues at its position."""
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("needs /proc")
    if name == "link":
        (tmp_path / "link").symlink_to("/dev/stdout")
        name = str(tmp_path / "link")
    code = (
        "import os, sys; from fastcli.files import Replacement, write_all\n"
        "os.write(1, b'before ')\n"
        "with Replacement(sys.argv[1]) as fd: write_all(fd, b'the file ')\n"
        "os.write(1, b'after')\n"
    )
    with open(tmp_path / "out", "wb") as out:
        subprocess.run(
            [sys.executable, "-c", code, name], stdout=out, env=environment(), check=True
        )
    assert (tmp_path / "out").read_bytes() == b"before the file after"


@pytest.mark.parametrize("name", ["folder", "nofolder/m"])
def test_what_cannot_be_written_fails_at_once(name, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FastcliError, match=r"cannot be opened for saving\. "), Outputs() as outputs:
        outputs.add(str(tmp_path / name))
    assert names(tmp_path) == ["folder"]


# ------------------------------------------------- other runs, and their litter

HOLD = """
import sys
from pathlib import Path
from fastcli.temporary import Temporary
held = Temporary(Path(sys.argv[1]))
print(held.path.name, flush=True)
sys.stdin.read()
"""


def holder(path):
    """Start a process that is writing ``path``; return it and the name of its temporary."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    return child, child.stdout.readline().decode().strip()


@posix
def test_the_second_run_names_the_first(tmp_path):
    child, name = holder(tmp_path / "m")
    try:
        with pytest.raises(FastcliError) as caught:
            check_writable(str(tmp_path / "m"))
        said = str(caught.value)
        assert f"m is being written by another run (process {child.pid} on " in said
        assert ", since 20" in said
        check_writable(str(tmp_path / "other"))
        assert names(tmp_path) == [name]
    finally:
        child.kill()
        child.communicate()
    put(tmp_path / "m")  # the lock ended with the process, and its file is swept
    assert names(tmp_path) == ["m"]


@posix
def test_a_run_of_another_host_with_the_same_process_number(tmp_path, monkeypatch):
    monkeypatch.setattr("fastcli.temporary._machine", lambda: ("elsewhere", "0" * 8))
    with Temporary(tmp_path / "m"):
        monkeypatch.undo()
        with pytest.raises(FastcliError, match=f"process {os.getpid()} on elsewhere"):
            check_writable(str(tmp_path / "m"))


def litter(folder, monkeypatch, machine=None, age=0.0):
    """Leave a temporary file behind, as a killed run does."""
    with monkeypatch.context() as patch:
        if machine:
            patch.setattr("fastcli.temporary._machine", lambda: machine)
        now = time.time() - age
        patch.setattr("fastcli.temporary.time.time", lambda: now)
        room = folder / "room"  # where no other litter is swept
        room.mkdir()
        left = Temporary(room / "m")
    left.close()
    os.utime(left.path, (now, now))
    path = left.path.rename(folder / left.path.name)
    room.rmdir()
    return path


@posix
def test_litter_is_swept_by_the_next_run(tmp_path, monkeypatch):
    elsewhere = ("elsewhere", "0" * 8)
    swept = [
        litter(tmp_path, monkeypatch),
        litter(tmp_path, monkeypatch, age=OLD + 60),
        litter(tmp_path, monkeypatch, elsewhere, age=OLD + 60),
    ]
    kept = [
        litter(tmp_path, monkeypatch, elsewhere),
        litter(tmp_path, monkeypatch, elsewhere, age=OLD - 60),
        tmp_path / ".fastcli-notes.tmp",
        tmp_path / ".m.123.tmp",
    ]
    for path in kept[2:]:
        path.write_bytes(b"of somebody")
    put(tmp_path / "m")
    assert not any(path.exists() for path in swept)
    assert all(path.exists() for path in kept)


@posix
def test_a_long_run_is_no_litter(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("fastcli.temporary.time.time", lambda: 10.0**9)
        old = Temporary(tmp_path / "a")
    os.utime(old.path, (10**9, 10**9))
    put(tmp_path / "m")
    assert old.path.exists()
    old.remove()


@as_root
def test_litter_of_another_user_is_left_to_that_user(tmp_path, monkeypatch):
    left = litter(tmp_path, monkeypatch)
    os.chown(left, NOBODY, NOBODY)
    monkeypatch.setattr("fastcli.temporary.user", lambda: 1)
    put(tmp_path / "m")
    assert left.exists()


@posix
def test_a_folder_in_the_shape_of_litter(tmp_path, monkeypatch):
    left = litter(tmp_path, monkeypatch)
    left.unlink()
    left.mkdir()
    put(tmp_path / "m")
    assert left.is_dir()


def test_spools(tmp_path):
    with temporary_beside(tmp_path / ("s" * 255)) as spool:
        write_all(spool.fd, b"lines")
        assert os.pread(spool.fd, 5, 0) == b"lines"
    assert names(tmp_path) == []


# -------------------------------------------------------------------- Windows

OPENED = """
import os, sys
os.O_BINARY = 1 << 28  # no flag that Linux knows
opened, real = [], os.open
def note(path, flags, *args, **options):
    opened.append((os.fspath(path), flags))
    return real(path, flags, *args, **options)
os.open = note
from pathlib import Path
from fastcli.appended import AppendedFile
from fastcli.fasttext.sidecar import vectors_disagreement
from fastcli.files import Replacement
for go_on in (False, True):
    with AppendedFile("log", print, go_on) as log:
        log.append(b"a line\\n")
Path("m.bin").write_bytes(b"a model")
with Replacement("m.bin.json") as fd:
    os.write(fd, b'{"format": "fastcli model", "files": {".vec": {}}}')
Path("m.vec").write_bytes(b"vectors")
assert vectors_disagreement("m.vec")
with Replacement("/dev/null"):
    pass
files = [(path, flags) for path, flags in opened if not os.path.isdir(path)]
assert {"log", "m.vec", "/dev/null"} <= {path for path, _ in files}
print([path for path, flags in files if not flags & os.O_BINARY])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="takes flags that it does not know")
def test_all_files_are_opened_as_bytes(tmp_path):
    """Windows changes the ends of lines in files that are not opened with O_BINARY."""
    argv = [sys.executable, "-c", OPENED]
    done = subprocess.run(
        argv, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")

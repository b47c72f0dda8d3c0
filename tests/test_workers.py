"""Processes beside prepare end with it; its files without names; where jieba keeps its own."""

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time

import pytest

from fastcli import signals, temporary
from fastcli.prepare import segment
from fastcli.prepare.spools import spool
from tests.command import environment

posix = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL and FIFOs")

CLEANING = """
import time
from fastcli.prepare.clean_batches import cleaning_processes
from fastcli.prepare.workers import starting

if __name__ == "__main__":
    with cleaning_processes(2, None) as pool:
        with starting():
            for i in range(4):
                pool.submit(abs, i).result()
            for i in range(4):
                pool.submit(time.sleep, 1000)
        print("ready", flush=True)
        time.sleep(1000)
"""
READING = """
import sys
from fastcli.prepare.reader_process import read_beside
from fastcli.tables.choice import Columns
from fastcli.tables.reading import Reading
from fastcli.tables.sources import Source

if __name__ == "__main__":
    source = Source(Columns(("0",), ("1",)), print, Reading("csv"))
    for _ in read_beside(source, [sys.argv[1]], lambda path: print("ready", flush=True), print):
        pass
"""


@posix
@pytest.mark.parametrize("text", [CLEANING, READING], ids=["cleaning", "reading"])
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_workers_end_with_their_parent(text, name, tmp_path):
    """All processes hold its stderr, which ends with the last of them."""
    script, fifo = tmp_path / "main.py", tmp_path / "fifo"
    script.write_text(text)
    os.mkfifo(fifo)
    argv = [sys.executable, script, fifo]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=environment(), stdout=pipe, stderr=pipe) as main:
        assert main.stdout.readline() == b"ready\n"
        main.send_signal(getattr(signal, name))
        _, said = main.communicate(timeout=60)
        assert b"Traceback" not in said
        assert main.returncode == -getattr(signal, name)


TOKENIZING = """
import sys
from fastcli.prepare.clean_batches import cleaning_processes
from fastcli.prepare.segment import Segmentation, segment
from fastcli.prepare.workers import starting

if __name__ == "__main__":
    with cleaning_processes(1, None) as pool:
        with starting():
            done = pool.submit(segment, ["a"], Segmentation(command=sys.argv[1]))
        print(done.result(), flush=True)
"""


def tokenizing(tmp_path, command, **options):
    script = tmp_path / "main.py"
    script.write_text(TOKENIZING)
    argv, pipe = [sys.executable, script, command], subprocess.PIPE
    env = environment()
    return subprocess.Popen(argv, env=env, stdout=pipe, stderr=pipe, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_command_of_a_worker_hears_signals(tmp_path):
    """None is blocked or ignored, but those that were for the program."""
    command = "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n'; echo"

    def bits(*names):
        return sum(1 << getattr(signal, name) - 1 for name in names)

    for hangup in (signal.SIG_DFL, signal.SIG_IGN):

        def begin(hangup=hangup):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, hangup)

        with tokenizing(tmp_path, command, preexec_fn=begin) as main:
            out, err = main.communicate(timeout=60)
        assert main.returncode == 0, err
        blocked, ignored = (int(word, 16) for word in re.findall("[0-9a-f]{16}", out.decode()))
        assert blocked & bits("SIGINT", "SIGTERM", "SIGHUP") == 0
        assert ignored & bits("SIGINT", "SIGTERM") == 0
        assert (ignored & bits("SIGHUP") > 0) == (hangup == signal.SIG_IGN)


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_command_of_a_worker_ends_with_it(name, tmp_path):
    """All that it starts holds the main process's stderr, which ends with the last of them."""
    command = f"echo > {tmp_path / 'ready'}; sleep 1000 | sleep 1000"
    with tokenizing(tmp_path, command) as main:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        main.send_signal(getattr(signal, name))
        main.communicate(timeout=60)
        assert main.returncode == -getattr(signal, name)


@posix
@pytest.mark.parametrize("text", [CLEANING, READING], ids=["cleaning", "reading"])
def test_an_interrupt_is_for_the_main_process_only(text, tmp_path):
    """A terminal sends it to all: the workers, wherever they are, have nothing to say."""
    script, fifo = tmp_path / "main.py", tmp_path / "fifo"
    quiet = "from fastcli import interrupts; heard = interrupts.heard(); heard.__enter__()"
    script.write_text(text.replace('"__main__":\n', f'"__main__":\n    exec({quiet!r})\n'))
    os.mkfifo(fifo)
    argv = [sys.executable, script, fifo]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, env=environment(), stdout=pipe, stderr=pipe, start_new_session=True
    ) as main:
        assert main.stdout.readline() == b"ready\n"
        os.killpg(main.pid, signal.SIGINT)
        _, said = main.communicate(timeout=60)
        assert main.returncode == -signal.SIGINT  # as Python ends with KeyboardInterrupt
        assert said.count(b"Traceback") == 1


@posix
def test_a_worker_that_is_starting_hears_that_it_is_to_end(tmp_path):
    """However early SIGTERM comes, it is not lost."""
    script = tmp_path / "main.py"
    script.write_text(
        "import time\n"
        "from fastcli import interrupts\n"
        "from fastcli.prepare.workers import CONTEXT, begin, starting\n"
        "def work():\n"
        "    begin()\n"
        "    time.sleep(1000)\n"
        "if __name__ == '__main__':\n"
        "    with interrupts.heard():\n"
        "        with starting():\n"
        "            workers = [CONTEXT.Process(target=work) for _ in range(8)]\n"
        "            for worker in workers:\n"
        "                worker.start()\n"
        "                worker.terminate()\n"
        "        for worker in workers:\n"
        "            worker.join()\n"
        "        print({worker.exitcode for worker in workers})\n"
    )
    argv = [sys.executable, script]
    done = subprocess.run(argv, env=environment(), capture_output=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (b"{-15}\n", b"")


@posix
def test_spools_are_private_and_leave_nothing(tmp_path, monkeypatch):
    opened = []
    real = os.open

    def watched(path, flags, *more, **kwargs):
        opened.append((os.path.basename(path), flags))
        return real(path, flags, *more, **kwargs)

    monkeypatch.setattr(os, "open", watched)
    with spool(tmp_path) as file, spool(tmp_path) as other:
        file.write(b"some")
        other.write(b"more")
        for one, text in ((file, b"some"), (other, b"more")):
            assert list(tmp_path.iterdir()) == []
            assert stat.S_IMODE(os.fstat(one.fileno()).st_mode) == 0o600
            one.seek(0)
            assert one.read() == text
    made = [(name, flags) for name, flags in opened if flags & os.O_CREAT]
    assert len(made) == 2
    for name, flags in made:
        assert temporary.NAME.fullmatch(name)
        assert flags & os.O_EXCL
        assert flags & os.O_NOFOLLOW
    assert not [path for path in signals.written if path.startswith(str(tmp_path))]


@posix
def test_a_spool_that_a_killed_process_left_is_swept(tmp_path):
    script = """if 1:
        import os, sys
        from fastcli.prepare.spools import spool
        os.unlink = lambda path: os.kill(os.getpid(), 9)
        spool(sys.argv[1])
    """
    argv = [sys.executable, "-c", script, tmp_path]
    assert subprocess.run(argv, env=environment(), check=False).returncode == -9
    (left,) = tmp_path.iterdir()
    assert temporary.NAME.fullmatch(left.name)
    with spool(tmp_path):
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def jieba(monkeypatch, tmp_path):
    """Return jieba, to be loaded again, and a common folder with a planted file."""
    found = pytest.importorskip("jieba")
    monkeypatch.setenv("HOME", "")  # so that there is no other private folder
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    common = tmp_path / "tmp"
    common.mkdir()
    (common / "jieba.cache").write_bytes(b"planted")
    monkeypatch.setattr(tempfile, "tempdir", str(common))
    monkeypatch.setattr(
        found.Tokenizer, "gen_pfdict", lambda self, file: file.close() or ({"a": 1}, 1)
    )
    segment._jieba.cache_clear()
    yield common
    segment._jieba.cache_clear()
    assert (common / "jieba.cache").read_bytes() == b"planted"
    assert len(list(common.iterdir())) == 1


def test_jieba_keeps_its_dictionary_in_a_private_folder(jieba, tmp_path, monkeypatch):
    root = tmp_path / "cache"
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(root))
    tokenizer = segment._jieba()
    tokenizer.initialize()
    assert tokenizer.FREQ == {"a": 1}
    (file,) = (root / "jieba").iterdir()
    if os.name == "posix":
        assert stat.S_IMODE((root / "jieba").stat().st_mode) == 0o700
    segment._jieba.cache_clear()
    monkeypatch.setattr("jieba.Tokenizer.gen_pfdict", None)
    again = segment._jieba()
    again.initialize()
    assert again.FREQ == {"a": 1}
    assert list((root / "jieba").iterdir()) == [file]


@posix
@pytest.mark.parametrize("which", [".", "jieba"])
def test_jieba_reads_nothing_from_a_folder_of_everybody(which, jieba, tmp_path, monkeypatch):
    root = tmp_path / "cache"
    (root / "jieba").mkdir(parents=True, mode=0o700)
    (root / which).chmod(0o777)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(root))
    tokenizer = segment._jieba()
    assert tokenizer.initialized
    assert tokenizer.FREQ == {"a": 1}
    assert list((root / "jieba").iterdir()) == []


@posix
def test_jieba_follows_no_link(jieba, tmp_path, monkeypatch):
    root, other = tmp_path / "cache", tmp_path / "other"
    root.mkdir(mode=0o700)
    other.mkdir(mode=0o700)
    (root / "jieba").symlink_to(other)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(root))
    assert segment._jieba().initialized
    assert list(other.iterdir()) == []


def test_jieba_where_the_folder_is_relative(jieba, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "here")
    assert segment._jieba().initialized
    assert not (tmp_path / "here").exists()

"""Making parts on a cluster, by work that waits for what a test does."""

import hashlib
import http.server
import threading
import types
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fastcli.attempts import Failure
from fastcli.errors import DataError, FastcliError
from fastcli.labelling.part_workers import CannotStart
from fastcli.labelling.parts import Part
from tests.clusters import local_cluster

distributed = pytest.importorskip("distributed")
import dask  # noqa: E402

from fastcli.api import cluster, cluster_worker  # noqa: E402

PARTS = [Part(source=name, name=name, folder="") for name in "abcdef"]
waiting, gave_up, ended = threading.Event(), threading.Event(), threading.Event()


@dataclass(frozen=True)
class Names:
    """Gives the name of a part; from ``last`` on parts wait until the run is ended."""

    last: str = "z"
    files: tuple[tuple[str, ...], ...] = ()
    content: str = ""

    def moved(self, places):
        path = next(iter(places.values()), "")
        return Names(self.last, content=Path(path).read_text() if path else "")

    def start(self):
        def make(part, hear):
            try:
                while part.name >= self.last and not ended.is_set():
                    waiting.set()
                    hear(part, "read", 0)
            except cluster_worker.Stopped:
                gave_up.set()
                raise
            return "done", part.name + self.content

        return make


@pytest.fixture
def workers():
    """Start one worker with two threads, all in this process."""
    with local_cluster(1, threads_per_worker=2) as found:
        yield found


def make(workers, work, hear):
    """Make the parts."""
    with cluster.connected(workers.scheduler_address) as client:
        cluster.make_parts(client, PARTS, work, hear)


def test_an_interrupt_gives_up_what_is_being_made(workers):
    heard = []

    def hear(part, kind, what):
        heard.append((part.name, kind))
        assert waiting.wait(60)
        raise KeyboardInterrupt

    waiting.clear()
    gave_up.clear()
    with pytest.raises(KeyboardInterrupt):
        make(workers, Names("b"), hear)
    assert heard == [("a", "done")]
    assert gave_up.wait(60)


def test_a_scheduler_that_is_lost(workers, monkeypatch):
    monkeypatch.setitem(globals(), "ended", threading.Event())

    def hear(part, kind, what):
        ended.set()
        workers.close()

    with pytest.raises(cluster.SchedulerLost, match="what was made stays, and the same command"):
        make(workers, Names("b"), hear)
    timeout = {"distributed.comm.timeouts.connect": 0.1}
    with (
        dask.config.set(timeout),
        pytest.raises(FastcliError, match="No Dask scheduler answers at tcp:"),
    ):
        make(workers, Names(), hear)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_web_server_is_no_scheduler():
    """As on the port of Dask's dashboard."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"tcp://127.0.0.1:{server.server_port}"
        with (
            dask.config.set({"distributed.comm.timeouts.connect": 0.1}),
            pytest.raises(FastcliError, match=f"No Dask scheduler answers at {address}: "),
            cluster.connected(address),
        ):
            pass
        server.shutdown()
        thread.join()


def test_workers_that_come_later_are_prepared(workers, monkeypatch):
    """Also those that do a task before anyone has seen them."""
    heard = {}
    monkeypatch.setattr(cluster._Job, "_prepare", late := Late(cluster._Job._prepare))
    make(workers, Names(), lambda part, kind, what: heard.update({part.name: (kind, what)}))
    assert heard == {part.name: ("done", part.name) for part in PARTS}
    assert late.n >= 2


class Late:
    """Prepares workers at the second call, and pretends to at the first."""

    def __init__(self, prepare):
        self.n, self._prepare = 0, prepare

    def __get__(self, job, _):
        def prepare(addresses):
            if addresses:
                self.n += 1
            if self.n > 1:
                self._prepare(job, addresses)
            job._ready |= set(addresses)

        return prepare


def test_a_run_waits_for_workers_and_not_for_ever(workers, monkeypatch):
    said = []
    monkeypatch.setattr(cluster, "say", said.append)
    monkeypatch.setattr(cluster, "PATIENCE", 0.0)
    workers.scale(0)
    with cluster.connected(workers.scheduler_address) as client:
        while client.nthreads():
            pass
    with pytest.raises(FastcliError, match=r"has had no worker for 0 s: start some \(dask worker"):
        make(workers, Names(), lambda *what: None)
    assert said == [f"{workers.scheduler_address} has no worker: waiting for one."]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_copy_is_what_was_sent_or_not_used(workers, is_damaged, tmp_path, monkeypatch):
    path, heard = tmp_path / "model", []
    path.write_text("0123456789")
    monkeypatch.setattr(cluster, "PIECE", 4)
    monkeypatch.setattr(cluster._Job, "_blind", lambda job, group, on: list(on))
    work = Names(files=((str(path), str(tmp_path / "none")),))
    if not is_damaged:
        make(workers, work, lambda part, kind, what: heard.append(what))
        assert sorted(heard) == [f"{part.name}0123456789" for part in PARTS]
        copies = Path(workers.workers[0].local_directory).parent / cluster_worker.COPIES
        assert list(copies.iterdir()) == []
        return
    found = cluster._file(str(path))
    path.write_text("0123456780")
    monkeypatch.setattr(cluster, "_file", lambda path: found)
    with pytest.raises(FastcliError, match="the copy is not what was sent"):
        make(workers, work, lambda *what: None)
    assert not cluster_worker._incoming


def test_workers_of_several_kinds_are_told_of_once(workers, monkeypatch):
    said, kinds = [], iter([{"a": "znver3 +avx2"}, {"b": "skylake +avx2"}, {"c": "generic "}])
    monkeypatch.setattr(cluster, "say", said.append)
    job = cluster._Job(None, Names(), print, "")
    monkeypatch.setattr(cluster._Job, "_run", lambda self, function, on: next(kinds))
    for _ in range(3):
        job._look_at_processors(["x"])
    (sentence,) = said
    assert sentence.startswith("Workers have processors of several kinds (skylake, znver3): ")


# ------------------------------------------------------------------ workers that cannot be used


def noted(monkeypatch):
    """Return the list of what is said."""
    said = []
    monkeypatch.setattr(cluster, "say", said.append)
    return said


@pytest.mark.parametrize("n_full", [1, 2])
def test_a_worker_without_room_for_the_model_is_left_out(workers, n_full, tmp_path, monkeypatch):
    workers.scale(2)
    workers.wait_for_workers(2)
    said, heard = noted(monkeypatch), []
    full = sorted(worker.address for worker in workers.workers.values())[:n_full]
    real = cluster_worker._receive

    def receive(piece, worker):
        if worker.address in full:
            raise OSError(28, "No space left on device")
        return real(piece, worker)

    path = tmp_path / "model"
    path.write_text("x")
    monkeypatch.setattr(cluster_worker, "_receive", receive)
    monkeypatch.setattr(cluster, "LOOK", 0.0)
    monkeypatch.setattr(cluster, "_host", str)  # each a machine of its own
    monkeypatch.setattr(cluster._Job, "_blind", lambda job, group, on: list(on))
    work = Names(files=((str(path),),))
    if n_full == 2:
        with pytest.raises(FastcliError, match="No space left on device"):
            make(workers, work, print)
        return
    make(workers, work, lambda part, kind, what: heard.append(what))
    assert sorted(heard) == [f"{part.name}x" for part in PARTS]
    late = [f"{full[0]}: No space left on device. This worker is left out."]
    assert said in ([], late)  # it may be over before the third try


def test_a_later_worker_of_another_version_is_left_out(workers, monkeypatch):
    said, heard, first = noted(monkeypatch), [], []
    monkeypatch.setattr(cluster, "LOOK", 0.0)
    real = cluster._Job._run

    def run(job, function, *args, on):
        found = real(job, function, *args, on=on)
        if function is not eval:
            return found
        first.extend([] if first else on)
        return {a: one if a in first else [*one[:2], None] for a, one in found.items()}

    def hear(part, kind, what):
        heard.append((kind, what))
        if len(heard) == 1:
            workers.scale(2)
            workers.wait_for_workers(2)

    monkeypatch.setattr(cluster._Job, "_run", run)
    make(workers, Names(), hear)
    assert sorted(heard) == [("done", part.name) for part in PARTS]
    (sentence,) = said
    assert sentence.startswith("Workers that cannot be used: tcp://127.0.0.1:")
    assert sentence.endswith("no fastcli. Install the same there. This worker is left out.")


@dataclass(frozen=True)
class Unloadable(Names):
    """Cannot be loaded the first ``n`` times."""

    n: int = 1

    def moved(self, places):
        return self

    def start(self):
        starts.append(1)
        if len(starts) <= self.n:
            raise CannotStart(Failure(reason="m.bin: Stale file handle", may_pass=True))
        return super().start()


starts = []


@pytest.mark.parametrize("n", [1, 99])
def test_a_model_that_could_not_be_loaded_is_loaded_again(workers, n, monkeypatch):
    """It is no fault of the part; where it stays so the worker gets no more."""
    heard = []
    starts.clear()
    monkeypatch.setattr("fastcli.attempts.PAUSE", 0.0)
    if n == 1:
        make(workers, Unloadable(), lambda part, kind, what: heard.append((kind, what)))
        assert sorted(heard) == [("done", part.name) for part in PARTS]
        return
    with pytest.raises(FastcliError, match=r"tcp://.*: m.bin: Stale file handle"):
        make(workers, Unloadable(n=n), print)


def test_runs_at_once_have_copies_of_their_own(tmp_path):
    """Also one that broke off while a file was sent; what ends removes its own."""
    worker = types.SimpleNamespace(local_directory=str(tmp_path / "worker"))
    tmp_path.chmod(0o700)
    data = b"0123456789"
    expected = hashlib.sha256(data).hexdigest()

    def receive(job, begin, end, expected=""):
        piece = cluster_worker.Piece(job, "group", "m.bin", begin, data[begin:end], expected)
        return cluster_worker._receive(piece, worker)

    receive("broken", 0, 4)
    for job in ("a", "b"):
        receive(job, 0, 4)
    receive("a", 0, 4)  # it begins anew
    paths = [Path(receive(job, 4, 10, expected)) for job in ("a", "b")]
    assert [path.read_bytes() for path in paths] == [data, data]
    with pytest.raises(DataError, match="piece of the copy is missing"):
        receive("broken", 5, 10)
    for job in ("broken", "a"):
        cluster_worker._remove_copies(job, worker)
    assert [path.exists() for path in paths] == [False, True]
    assert not cluster_worker._incoming
    assert [path.name for path in (tmp_path / cluster_worker.COPIES).iterdir()] == ["b"]


def test_two_runs_write_to_one_folder(workers, tmp_path):
    """As with --shard: the second begins while the first is at work."""
    heard = []

    def hear(part, kind, what):
        heard.append(what)
        if len(heard) == 1:
            with cluster.connected(workers.scheduler_address) as client:
                cluster.make_parts(client, PARTS[:1], Names(), print, str(tmp_path))

    with cluster.connected(workers.scheduler_address) as client:
        cluster.make_parts(client, PARTS, Names(), hear, str(tmp_path))
    assert len(heard) == len(PARTS)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_sees_another_input_does_not_get_it(workers, tmp_path, monkeypatch):
    """Where no worker sees it, or all see others, the part has failed."""
    workers.scale(2)
    workers.wait_for_workers(2)
    said, heard = noted(monkeypatch), {}
    addresses = sorted(worker.address for worker in workers.workers.values())
    parts = [Part(source=str(tmp_path / name), name=name, folder="") for name in "abc"]
    for part in parts:
        Path(part.source).write_text(part.name)
    real = cluster_worker._is_same

    def is_same(path, state):
        address = distributed.get_worker().address
        if path.endswith("a"):
            return address == addresses[1] and real(path, state)
        return path.endswith("b") and real(path, state)

    monkeypatch.setattr(cluster_worker, "_is_same", is_same)
    with cluster.connected(workers.scheduler_address) as client:
        cluster.make_parts(
            client, parts, Names(), lambda part, kind, what: heard.update({part.name: (kind, what)})
        )
    assert (heard["a"], heard["b"]) == (("done", "a"), ("done", "b"))
    kind, failure = heard["c"]
    assert (kind, failure.reason) == (
        "failed",
        f"{tmp_path / 'c'}: no worker sees this file as it is on this machine",
    )
    assert 1 <= len(said) <= 2


def test_which_input_is_the_same(workers, tmp_path, monkeypatch):
    """A copy of another time is, of the same bytes; that is asked only where it must be."""
    path, heard = tmp_path / "a", []
    path.write_text("abc")
    state = cluster._file(str(path)).state
    is_same = cluster_worker._is_same
    assert is_same(str(path), replace(state, sha256=""))
    assert is_same(str(path), replace(state, mtime_ns=1))
    for other in ({"mtime_ns": 1, "sha256": ""}, {"size": 2}, {"mtime_ns": 1, "sha256": "00"}):
        assert not is_same(str(path), replace(state, **other))
    assert not is_same(str(tmp_path / "none"), state)
    monkeypatch.setattr(cluster_worker, "_is_same", lambda path, state: state.sha256)
    with cluster.connected(workers.scheduler_address) as client:
        part = Part(source=str(path), name="a", folder="")
        cluster.make_parts(client, [part], Names(), lambda *what: heard.append(what[1:]))
    assert heard == [("done", "a")]

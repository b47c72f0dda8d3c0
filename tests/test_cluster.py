"""Making parts on a cluster, by work that waits for what a test does."""

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from fastcli.errors import FastcliError
from fastcli.labelling.parts import Part

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
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of what else it serves
    ) as found:
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

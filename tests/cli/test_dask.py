"""predict and predict-prob --dask: parts that the workers of a cluster make, and what befalls them.

The cluster is one of this machine, without a dashboard.
"""

import gzip
import json
import os
from pathlib import Path

import pytest

import fastcli
from fastcli.api import part_job
from fastcli.api.part_job import PartJob
from tests.clusters import local_cluster
from tests.command import run

distributed = pytest.importorskip("distributed")
from fastcli.api import cluster as cluster_module  # noqa: E402

TEXTS = ["broken screen", "refund please", "app crashes", "money back"]
LABELS = ["Tech", "Billing", "Tech", "Billing"]
TRAIN = "".join(f"__label__{label} {text}\n" for text, label in zip(TEXTS, LABELS, strict=True))
QUICK = ["-dim", 5, "-epoch", 50, "-lr", 0.5, "-thread", 1, "-minCount", 1, "-bucket", 10]
N = 6  # inputs


@pytest.fixture(scope="module")
def cluster():
    """Start two workers, each of which has a process and one thread."""
    with local_cluster(2, in_processes=True) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def address(cluster):
    """Return the address of the scheduler."""
    return cluster.scheduler_address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a model, inputs, and the parts that this machine makes of them."""
    folder, here = tmp_path_factory.mktemp("dask"), os.getcwd()
    os.chdir(folder)
    Path("train.txt").write_text(TRAIN)
    assert run("supervised", "-input", "train.txt", "-output", "m", *QUICK).code == 0
    Path("in").mkdir()
    for i in range(N):
        rows = [json.dumps({"id": i, "text": f"{text} {i}"}) for text in TEXTS]
        Path(f"in/{i}.jsonl").write_text("\n".join([*rows, ""]))
    assert run("predict-prob", "m.bin", "in/*.jsonl", "--output-dir", "alone").code == 0
    os.chdir(here)
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    """Go to the folder."""
    monkeypatch.chdir(folder)
    return folder


def label(address, out, *argv):
    """Label the inputs on the cluster."""
    return run("predict-prob", "m.bin", "in/*.jsonl", "--output-dir", out, "--dask", address, *argv)


def files(folder):
    """Return the files below a folder and their bytes, without the records of parts."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and ".parts" not in path.parts
    }


def test_a_cluster_makes_the_same_bytes(here, address):
    result = label(address, "out")
    assert result.code == 0, result.err
    assert result.err.splitlines()[-1] == f"{N} parts: {N} written."
    assert result.err.count("text: column 'text'") == 1
    assert files("out") == files("alone")
    Path("out/3.jsonl").unlink()
    result = label(address, "out")
    assert result.err.splitlines()[-1] == f"{N} parts: 1 written, {N - 1} there already."
    assert files("out") == files("alone")


def test_workers_that_do_not_see_the_model_get_a_copy(here, address, monkeypatch):
    copies = []
    sent = cluster_module._Job._sent

    def noted(job, group, addresses):
        found = sent(job, group, addresses)
        for path in found.values():
            names = [path.name for path in sorted(Path(path).iterdir())]
            copies.append((Path(path), names))
        return found

    monkeypatch.setattr(cluster_module._Job, "_blind", lambda job, group, on: list(on))
    monkeypatch.setattr(cluster_module._Job, "_sent", noted)
    result = label(address, "copied")
    assert result.code == 0, result.err
    assert files("copied") == files("alone")
    ((path, names),) = copies  # one for both workers, which are on one machine
    assert names == ["m.bin", "m.bin.json"]
    assert not path.exists()


class Dying(PartJob):
    """Ends its worker in the middle of part 2: once, or each time where there is a poisoned one."""

    def maker(self, classifier):
        make = super().maker(classifier)

        def dying(part, hear):
            def ends(part, kind, what):
                if kind == "read" and (part.name.startswith("2") and not os.path.exists("dead")):
                    Path("dead" if self.args.k == 1 else "poison").touch()
                    os._exit(9)
                hear(part, kind, what)

            os.chdir(os.path.dirname(os.path.dirname(part.source)))
            return make(part, ends)

        return dying


def test_a_worker_that_dies_costs_only_its_part(here, address, monkeypatch):
    monkeypatch.setattr(part_job, "PartJob", Dying)
    result = label(address, "survived")
    assert Path("dead").exists()
    Path("dead").unlink()
    assert result.code == 0, result.err
    assert files("survived") == files("alone")


def test_a_part_that_kills_every_worker_is_listed(here, cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    monkeypatch.setattr(part_job, "PartJob", Dying)
    result = label(cluster.scheduler_address, "poisoned", "-k", 2)
    assert Path("poison").exists()
    assert result.code == 1
    assert result.err.splitlines()[-2:] == [
        "in/2.jsonl: 1 worker that made it ended early, perhaps out of memory",
        f"1 part of {N} could not be made: the same command tries again.",
    ]
    assert list(files("poisoned")) == [f"{i}.jsonl" for i in range(N) if i != 2]


def test_workers_of_another_version(here, address, monkeypatch):
    monkeypatch.setattr(cluster_module, "__version__", "9.9")
    result = label(address, "versions")
    assert (result.code, files("versions")) == (1, {})
    theirs = f"fastcli {fastcli.__version__}, and here is 9.9."
    assert f"{theirs} Install the same there." in result.err
    monkeypatch.setattr(
        cluster_module, "VERSIONS", cluster_module.VERSIONS.replace("'fastcli'", "'fastcli_no'")
    )
    assert ": no fastcli." in label(address, "versions").err


def test_what_cannot_be(here):
    assert run("predict", "m.bin", "in/0.jsonl", "--dask", "tcp://127.0.0.1:1").err == (
        "--dask makes a part of each file: give a folder, --output-dir DIR.\n"
    )
    result = label("", "none")
    assert result.err.splitlines()[-1].startswith("--dask needs the address of a Dask scheduler, ")
    for wrong in ("", 3):
        with pytest.raises(fastcli.errors.ArgumentError, match="dask should be the address"):
            fastcli.predict_files("m.bin", "in", "none", dask=wrong)
    with pytest.raises(fastcli.errors.ArgumentError, match="needs inputs"):
        fastcli.predict_files("m.bin", [], "none")
    result = label("tls://127.0.0.1:1", "none")
    assert result.err.splitlines()[-1].startswith("tls://127.0.0.1:1 needs certificates: give --da")
    result = label("tls://127.0.0.1:1", "none", "--dask-tls-ca-file", "none.pem")
    assert "none.pem" in result.err.splitlines()[-1]
    assert "No such file" in result.err.splitlines()[-1]
    result = label("nonsense://127.0.0.1:1", "none")
    assert result.code == 1
    assert "No Dask scheduler answers at nonsense://127.0.0.1:1: " in result.err
    assert "Traceback" not in result.err


def test_a_test_counts_the_same(here, address):
    lines = [line.split(" ", 1) for line in TRAIN.splitlines()]
    for i in range(3):
        wrong = [f"{labels} {text} {i}\n" for labels, text in lines[i:]]
        Path(f"test{i}.txt").write_text("".join([*wrong, "__label__Tech refund\n", "no label\n"]))
    paths = [f"test{i}.txt" for i in (2, 0, 1)]
    for more in ([], ["--json"], ["--require", "loss<0.9"], ["-k", 2]):
        alone = run("test", "m.bin", *paths, *more)
        result = run("test", "m.bin", *paths, *more, "--dask", address)
        assert (result.code, result.out, result.err) == (alone.code, alone.out, alone.err)
    Path("test1.txt").write_bytes(gzip.compress(Path("test1.txt").read_bytes())[:-9])
    result = run("test", "m.bin", *paths, "--dask", address)
    assert (result.code, result.out) == (1, b"")
    assert "test1.txt" in result.err
    assert result.err.splitlines()[-1] == (
        "1 file of 3 could not be tested, so there is no total: the same command tries again."
    )
    assert "--report needs all lines in one place" in (
        run("test", "m.bin", *paths, "--report", "--dask", address).err
    )
    assert "--dask reads files" in run("test", "m.bin", "-", "--dask", address).err


@pytest.mark.filterwarnings("ignore::fastcli.errors.FastcliNote")  # of the columns
def test_a_program_does_what_the_command_does(here, address):
    heard = []
    parts = fastcli.predict_files(
        "m.bin",
        "in/*.jsonl",
        "program",
        probabilities=True,
        dask=address,
        callback=lambda *counts: heard.append(counts),
    )
    assert parts.made == {f"{i}.jsonl": len(TEXTS) for i in range(N)}
    assert files("program") == files("alone")
    size = sum(path.stat().st_size for path in Path("in").iterdir())
    assert heard[-1] == (size, size)
    Path("program/2.jsonl").unlink()
    with distributed.Client(address, set_as_default=False) as client:
        parts = fastcli.predict_files(
            Path("m.bin"), [Path("in")], Path("program"), probabilities=True, dask=client
        )
        assert (list(parts.made), len(parts.kept)) == (["2.jsonl"], N - 1)
        assert client.status == "running"

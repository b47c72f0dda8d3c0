"""docs/howto/clusters.md: what needs more machines than one is run on a cluster of this one."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

import fastcli
from fastcli.cli import cli
from tests.clusters import local_cluster
from tests.command import run
from tests.docs import ROOT
from tests.pages import blocks_of, steps_of

distributed = pytest.importorskip("distributed")

TEXT = (ROOT / "docs" / "howto" / "clusters.md").read_text(encoding="utf-8")
REMOTE = (ROOT / "docs" / "remote.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "tcp://10.0.0.1:8786"
KINDS = {"console", "sh", "bash", "yaml"}


def blocks(kind, text=TEXT):
    """Return the blocks of a kind."""
    return [content for found, content in BLOCK.findall(text) if found == kind]


@pytest.fixture(scope="module")
def address():
    """Start two workers in this process."""
    with local_cluster(2) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return a folder with the model, the texts and the parts of the page."""
    folder, here = tmp_path_factory.mktemp("clusters"), os.getcwd()
    os.chdir(folder)
    try:
        shutil.copytree(ROOT / "data" / "samples", "data/samples")
        for step in steps_of(blocks_of(TEXT))[:3]:
            call(step.command.partition(" 2>&1")[0])
    finally:
        os.chdir(here)
    return folder


def call(command):
    """Run a command; fastcli runs in this process."""
    if command.startswith("fastcli "):
        result = run(*shlex.split(command)[1:])
        assert result.code == 0, result.err
    else:
        subprocess.run(["bash", "-c", command], check=True)


def run_script(script, **env):
    """Run a script that calls fastcli once, which runs in this process."""
    Path("bin").mkdir(exist_ok=True)
    Path("bin/fastcli").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" >called\n")
    Path("bin/fastcli").chmod(0o755)
    env |= {"PATH": f"{os.path.abspath('bin')}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", script], env={**os.environ, **env}, check=True)
    result = run(*Path("called").read_text().splitlines())
    assert result.code == 0, result.err


def labelled(folder):
    """Return the parts of a folder and their bytes."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("part-*"))}


pytestmark = pytest.mark.skipif(os.name == "nt", reason="the page is for a POSIX shell")


def test_every_block_is_of_a_kind_that_is_tested():
    assert {kind for kind, _ in BLOCK.findall(TEXT)} == KINDS
    assert TEXT.count("```") == 2 * len(BLOCK.findall(TEXT))


def test_a_cluster_makes_the_same(page, address, monkeypatch):
    monkeypatch.chdir(page)
    assert len(labelled("labelled")) == 6
    (commands,) = (block for block in blocks("sh") if "--output-dir by-dask" in block)
    for line in commands.replace(ADDRESS, address).splitlines():
        call(line)
    assert labelled("by-dask") == labelled("labelled")
    assert f'`fastcli.predict_files(..., dask="{ADDRESS}")`' in TEXT
    with pytest.warns(fastcli.FastcliNote, match="lines, as predict prints them"):
        parts = fastcli.predict_files(
            "topics.bin", "texts/*", "by-program", probabilities=True, dask=address
        )
    assert len(parts.made) == 6
    assert labelled("by-program") == labelled("labelled")


def test_the_tasks_of_an_array_make_all_parts(page, monkeypatch):
    monkeypatch.chdir(page)
    (script,) = blocks("bash")
    for i in ("1", "2"):
        run_script(
            script, SLURM_ARRAY_TASK_ID=i, SLURM_ARRAY_TASK_COUNT="2", SLURM_CPUS_PER_TASK="1"
        )
    assert labelled("by-slurm") == labelled("labelled")


def test_a_pod_makes_its_parts(page, monkeypatch):
    yaml = pytest.importorskip("yaml")
    monkeypatch.chdir(page)
    job = yaml.safe_load(*blocks("yaml"))["spec"]
    (container,) = job["template"]["spec"]["containers"]
    (line,) = container["args"]
    assert f"/{job['completions']}" in line
    run_script(line, JOB_COMPLETION_INDEX="3")
    assert labelled("by-kubernetes") == {"part-ad": labelled("labelled")["part-ad"]}


def test_commands_that_need_more_machines_have_options_that_exist():
    scripts = blocks("sh") + blocks("sh", REMOTE)
    lines = [line for block in scripts for line in block.replace("\\\n", "").splitlines()]
    lines += re.findall(r"`(fastcli cache warm[^`]*)`", TEXT)
    n = 0
    for words in map(shlex.split, lines):
        if words[0] == "fastcli":
            command = cli.get_command(click.Context(cli), words[1])
            command.make_context(words[1], words[2:], click.Context(cli))
            n += 1
        elif words[:2] == ["dask", "scheduler"] or words[:2] == ["dask", "worker"]:
            module = pytest.importorskip(f"distributed.cli.dask_{words[1]}")
            known = {name for one in module.main.params for name in one.opts + one.secondary_opts}
            assert {word for word in words if word.startswith("--")} <= known
            n += 1
    assert n >= 11

"""The command that inspect proposes for a table with problems: it runs, or there is none."""

import json
import shlex
from pathlib import Path

import pytest

from tests.command import run

RUNS = {
    "infinite.csv": "a,b,y\n1,2,u\n2,inf,v\n2,3,v\n4,5,u\n3,-inf,v\n",
    "ragged.csv": "a,b,y\n1,2,u\n2,3,v\n2,3\n4,5,u,7\n3,2,v\n",
    "tags.csv": "a,b,tags\n1,2,x;y\n3,5,y;z\n2,2,x\n7,1,z\n",
    "money.csv": 'a,b,y\n"1,234.5",2,u\n"2,234.5",3,v\n"11,234.5",3,v\n4,5,u\n',
    "late.csv": "a,b,y\n" + "1,2,u\n2,3,v\n" * 80 + "abc,2,u\n",
}
NONE = {
    "zeros.jsonl": '{"text": "a film", "labels": [1, 0, 1]}\n' * 4,
    "texts.jsonl": '{"text": {"a": "one film"}, "label": "x"}\n' * 4,
    "labels.jsonl": '{"text": "a good film", "label": {"id": {"k": 1}}}\n' * 4,
    "thousands.csv": 'a,b,y\n"1,234",2,u\n"2,234",3,v\n"11,234",3,v\n4,5,u\n',
}


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Return a function that writes a table and returns what inspect says of it."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        Path(name).write_text(text)
        return json.loads(run("inspect", "--json", name).text())

    return write


@pytest.mark.parametrize("name", RUNS)
def test_the_command_runs(name, report):
    words = shlex.split(report(name, RUNS[name])["command"])
    result = run(*words[1:], "-epoch", 1)
    assert result.code == 0, result.err
    assert Path(words[words.index("-output") + 1] + ".mlp").exists()


@pytest.mark.parametrize("name", NONE)
def test_there_is_no_command_where_none_would_run(name, report):
    found = report(name, NONE[name])
    assert found["command"] is None
    assert any(problem["mark"] == "x" for problem in found["problems"])

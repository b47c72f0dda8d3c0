"""The six headlines of README.md and README.zh.md, from the newest run of bench_headline.py."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "benchmarks" / "runs"
OURS, NATIVE, WHEEL = "fastcli", "fasttext-native", "fasttext-wheel"

ENGLISH = {
    "train": "train on news (ag_news, dim 100)",
    "labels": "train on 735 labels (cooking)",
    "quantize": "quantize such a model, `-qnorm -retrain`",
    "predict": "predict 75,000 lines",
    "open": "open a model of 1.6 GB, predict a line",
    "vectors": "word vectors of 214,000 words",
    "head": "| task | fastcli, disk | C++, disk | ratio, disk | ratio, memory |",
    "range": " to ",
    "notes": "Seconds are medians of whole processes run in turn, in brackets CPU seconds; "
    "a ratio is the\n"
    "median of those of single rounds (not quite that of the medians), with its range.\n{n}\n\n"
    "- Against: fastText 0.9.2,\n  {build}.\n"
    "- On: {machine}; disk: {disk}; in memory: {memory}.",
    "n": "{least} to {most} rounds, two threads, equal files and options.",
    "wheel": "\n- fastText's Python wheel takes {predict} times as long as fastcli to predict, "
    "{open} times to open a model (on a disk).",
    "cores": r"\1 usable cores",
    "place": r"\1 on \2",
    "same": r"\1 on \2",
    "start": "\n- The C++ starts faster: one line with a small model takes {native} s, "
    "here {ours} s.",
    "memory": "\n- The C++ needs less memory to quantize: {native} MB, here {ours} MB.",
}
CHINESE = {
    "train": "训练新闻分类（ag_news，dim 100）",
    "labels": "训练 735 个标签（cooking）",
    "quantize": "量化同类模型，`-qnorm -retrain`",
    "predict": "预测 75,000 行",
    "open": "打开 1.6 GB 的模型并预测一行",
    "vectors": "训练 214,000 词的词向量",
    "head": "| 任务 | fastcli，磁盘 | C++，磁盘 | 倍数，磁盘 | 倍数，内存盘 |",
    "range": "–",
    "notes": "秒数为整个进程轮流运行的中位数，括号内为 CPU 秒数；"
    "倍数是各轮倍数的中位数，附范围。{n}"
    "\n\n- 对比对象：fastText 0.9.2，\n  {build}。\n"
    "- 机器：{machine}；磁盘：{disk}；内存盘：{memory}。",
    "n": "{least} 到 {most} 轮，两个线程，文件和选项相同。",
    "wheel": "\n- Python 的 fasttext-wheel 预测用时是 fastcli 的 {predict} 倍，"
    "打开模型是 {open} 倍（磁盘）。",
    "cores": r"\1 个可用核心",
    "place": r"\2 上的 \1",
    "same": r"\1",
    "start": "\n- C++ 启动更快：用小模型预测一行，C++ 用 {native} 秒，fastcli 用 {ours} 秒。",
    "memory": "\n- C++ 量化时占内存更少：{native} MB，fastcli 为 {ours} MB。",
}
TASKS = ("train", "labels", "quantize", "predict", "open", "vectors")


class Measured(NamedTuple):
    """What a run printed and stored."""

    rows: list[dict[str, str]]
    text: str

    def values(self, task: str, place: str, tool: str, key: str = "seconds") -> list[float]:
        """Return a figure of every round."""
        asked = (task, place, tool)
        return [float(r[key]) for r in self.rows if (r["case"], r["files"], r["tool"]) == asked]

    def ratios(self, task: str, place: str, tool: str) -> list[float]:
        """Return how many times as long as fastcli a tool took in every round."""
        theirs, ours = (self.values(task, place, name) for name in (tool, OURS))
        return [a / b for a, b in zip(theirs, ours, strict=True)] if theirs else []


def newest(runs: Path = RUNS) -> Measured | None:
    """Return the newest run that measured everything, or None."""
    for folder in sorted(runs.iterdir(), reverse=True):
        if (folder / "headline.csv").is_file():
            with open(folder / "headline.csv", encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            run = Measured(rows, (folder / "headline.md").read_text(encoding="utf-8"))
            if all(run.values(task, "disk", OURS) for task in (*TASKS, "start")):
                return run
    return None


def headline(words: Mapping[str, str], run: Measured | None) -> str:
    """Return the six headlines, and what is to be known of them; nothing without a run."""
    if run is None:
        return ""
    lines = [words["head"], "|---|---|---|---|---|"]
    for task in TASKS:
        times = [
            f"{median(run.values(task, 'disk', tool)):.2f} s "
            f"({median(run.values(task, 'disk', tool, 'cpu_seconds')):.2f})"
            for tool in (OURS, NATIVE)
        ]
        ratios = [shown(run.ratios(task, place, NATIVE), words) for place in ("disk", "memory")]
        lines.append(f"| {' | '.join([words[task], *times, *ratios])} |")
    return "\n".join(lines) + "\n\n" + notes(words, run)


def shown(ratios: list[float], words: Mapping[str, str]) -> str:
    """Return the median of ratios and their range, nothing of none."""
    if not ratios:
        return ""
    least, most = (f"{value:.1f}" for value in (min(ratios), max(ratios)))
    return f"**{median(ratios):.1f}** ({least}{words['range']}{most})"


def notes(words: Mapping[str, str], run: Measured) -> str:
    """Return how it was measured, and where the C++ wins."""
    build = re.search(rf"^- {NATIVE}: sources of [^,]*, (.*)$", run.text, re.MULTILINE)
    machine = re.search(r"^- (.*);[^;]*$", run.text, re.MULTILINE)
    places = re.search(r"on a disk: (.*?); in memory: (.*?)\.", run.text)
    assert build
    assert machine
    assert places
    rounds = [len(run.values(task, "disk", OURS)) for task in TASKS]
    same = places[2] == "tmpfs on tmpfs"
    said = words["notes"].format(
        build=build[1],
        machine=re.sub(r"(\d+) usable cores", words["cores"], machine[1]),
        disk=re.sub(r"^(\S+) on (\S+)$", words["place"], places[1]),
        memory=re.sub(r"^(\S+) on (\S+)$", words["same" if same else "place"], places[2]),
        n=words["n"].format(least=min(rounds), most=max(rounds)),
    )
    wheel = {task: run.ratios(task, "disk", WHEEL) for task in ("predict", "open")}
    if all(wheel.values()):
        said += words["wheel"].format(**{task: f"{median(r):.1f}" for task, r in wheel.items()})
    native, ours = (median(run.values("start", "disk", tool)) for tool in (NATIVE, OURS))
    if native < ours:
        said += words["start"].format(native=f"{native:.3f}", ours=f"{ours:.2f}")
    native, ours = (
        median(run.values("quantize", "disk", tool, "peak_mb")) for tool in (NATIVE, OURS)
    )
    if native < ours:
        said += words["memory"].format(native=f"{native:.0f}", ours=f"{ours:.0f}")
    return said

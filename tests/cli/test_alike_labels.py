"""What training says of labels that people take for one."""

import pytest

from tests.command import run

LABELS = ["Spam", "ham", "spam", "Free_Offer", "free_offer,", "SPAM", "news"]
NOTE = (
    "3 labels differ from another by case or spaces only: Spam, spam, SPAM, Free_Offer, "
    "free_offer,. To merge them: fastcli prepare ... --label-case first"
)


def lines_of(labels):
    return "".join(f"__label__{label} a{i % 3} b{i % 5}\n" for i, label in enumerate(labels * 6))


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_training_names_labels_that_differ_by_case(command, tmp_path):
    (tmp_path / "t.txt").write_text(lines_of(LABELS))
    asked = [command, "-input", tmp_path / "t.txt", "-output", tmp_path / "m", "-epoch", 1]
    said = run(*asked, "-verbose", 1)
    assert (said.code, said.err.splitlines().count(NOTE)) == (0, 1), said.err
    folds = run(*asked, "-verbose", 1, "--folds", 2)
    assert folds.err.splitlines().count(NOTE) == 1
    assert run(*asked, "-verbose", 0).err == ""
    (tmp_path / "t.txt").write_text(lines_of(["spam", "ham", "news"]))
    assert "differ" not in run(*asked, "-verbose", 1).err


def test_training_on_numbers_names_them_too(tmp_path):
    rows = "".join(f"{i % 3},{label}\n" for i, label in enumerate(["yes", "Yes", "no"] * 6))
    (tmp_path / "t.csv").write_text("a,label\n" + rows)
    asked = ["mlp-train", "-input", tmp_path / "t.csv", "-output", tmp_path / "m", "-epoch", 1]
    said = run(*asked, "-verbose", 1)
    assert said.code == 0, said.err
    note = "1 label differs from another by case or spaces only: Yes, yes. To merge them, write"
    assert f"{note} them alike." in said.err.splitlines()
    assert "differs" not in run(*asked, "-verbose", 0).err

"""dump: the contents of a model file, as text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fastcli.api.loading import load_linear, opened
from fastcli.cli._command import positional
from fastcli.cli._declare import Word, file_argument
from fastcli.overwriting import STREAM, check_apart
from fastcli.printable import unknown

if TYPE_CHECKING:
    from fastcli.contents import Contents

PARTS = ("args", "dict", "input", "output")


@positional(
    "<model> <args|dict|input|output>",
    any_word=True,
    context_settings={"allow_extra_args": True},
)
@file_argument("model", "<model>")
@click.argument("part", metavar="<args|dict|input|output>", type=Word(PARTS))
@click.pass_context
def dump(ctx: click.Context, model: str, part: str) -> None:
    """Print a part of a model: arguments, dictionary, input or output matrix.

    Of a network (.mlp) input is the word vectors, or the scale of the columns, and output all
    other tensors.

    \b
    Example:
      fastcli dump topics.bin args
      fastcli dump topics.bin dict | head
    """
    if part not in PARTS:
        raise click.UsageError(unknown("part of a model", part, PARTS), ctx)
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.fasttext import dump as write
    from fastcli.fasttext.quantized import QuantizedMatrix
    from fastcli.mlp.first_bytes import is_mlp

    announce_compiling()
    check_apart([model], [STREAM])
    contents = opened(model)
    if is_mlp(contents):
        dump_mlp(contents, part)
        return
    loaded = load_linear(contents)
    out = sys.stdout.buffer
    if part == "args":
        out.write(write.args_text(loaded))
    elif part == "dict":
        out.writelines(write.dictionary_lines(loaded))
    elif isinstance(loaded.wi, QuantizedMatrix):
        say("Not supported for quantized models.")
    else:
        matrix = loaded.wi if part == "input" else loaded.wo
        out.writelines(write.matrix_text(matrix))


def dump_mlp(source: str | Contents, part: str) -> None:
    """Print a part of a neural network: its configuration, its labels and words, or its layers."""
    from fastcli.mlp.dump import args_text, dictionary_lines, input_lines, output_lines
    from fastcli.mlp.model_file import load_mlp

    model = load_mlp(source)
    out = sys.stdout.buffer
    if part == "args":
        out.write(args_text(model))
    elif part == "dict":
        out.writelines(dictionary_lines(model))
    else:
        out.writelines(input_lines(model) if part == "input" else output_lines(model))

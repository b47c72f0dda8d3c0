"""completion: the script with which a shell completes fastcli's words."""

from __future__ import annotations

import sys

import click

from fastcli.cli import cli
from fastcli.cli._command import positional
from fastcli.cli._declare import Word
from fastcli.printable import unknown

# What to do with the script, by shell.
HOW = {
    "bash": 'eval "$(fastcli completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(fastcli completion zsh)" in ~/.zshrc, after compinit',
    "fish": "fastcli completion fish | source in ~/.config/fish/config.fish",
}


@positional("<bash|zsh|fish>")
@click.argument("shell", metavar="<bash|zsh|fish>", type=Word(tuple(HOW)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands, options, values and file names.

    \b
    Where the shell reads it:
      ~/.bashrc                   eval "$(fastcli completion bash)"
      ~/.zshrc, after compinit    eval "$(fastcli completion zsh)"
      ~/.config/fish/config.fish  fastcli completion fish | source

    \b
    Example:
      fastcli completion bash
    """
    from click.shell_completion import get_completion_class

    from fastcli.cli.display.messages import say
    from fastcli.cli.display.terminal import is_terminal

    kind = get_completion_class(shell) if shell in HOW else None
    if kind is None:
        raise click.UsageError(unknown("shell", shell, tuple(HOW)), ctx)
    script = kind(cli, {}, "fastcli", "_FASTCLI_COMPLETE")
    click.echo(script.source_template % script.source_vars())
    if is_terminal(sys.stdout):
        say(f"To use it: {HOW[shell]}")

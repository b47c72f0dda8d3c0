"""cache: where compiled kernels are kept, and compiling them ahead of their use."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import positional
from fastcli.cli._declare import Word, takes
from fastcli.errors import FastcliError
from fastcli.options import option
from fastcli.printable import unknown

if TYPE_CHECKING:
    from fastcli.jit.build import AnyKernel
    from fastcli.jit.targets import Target

ACTIONS = ("path", "clear", "warm")


@dataclass(frozen=True, kw_only=True)
class Warming:
    """The options of ``cache warm``."""

    target: str = option(
        "", "warm: compile for x86-64-v2, -v3 or -v4, or for a processor by LLVM's name"
    )
    shared: str = option(
        "",
        "warm: write the code where other users can read it, as in a container image",
        file="folder",
    )


@positional("<path|clear|warm> [<command> ...]")
@click.argument("action", metavar="<path|clear|warm>", type=Word(ACTIONS))
@click.argument("commands", metavar="<command>", nargs=-1, type=Word(tuple(COMMANDS)))
@takes(Warming)
@click.pass_context
def cache(ctx: click.Context, options: Warming, action: str, commands: tuple[str, ...]) -> None:
    """Show the folder of compiled kernels, empty it, or compile kernels before they are needed.

    fastcli compiles its inner loops for the processor on first use and keeps the machine code in
    the folder that path prints; code that came with a wheel is elsewhere, and stays.  warm compiles
    now: for all commands, or for those that are named.  A process runs what the folder has for its
    own processor, else for the highest of x86-64-v4, -v3, -v2 that it supports, else what came with
    a wheel.

    For a container image or for all users of a machine, as root: fastcli cache warm --target
    x86-64-v3 --shared /opt/fastcli-kernels; a process with FASTCLI_CACHE_DIR=/opt/fastcli-kernels
    starts on that code.

    \b
    Example:
      fastcli cache path
      fastcli cache warm prepare
    """
    if action not in ACTIONS:
        raise click.UsageError(unknown("action", action, ACTIONS), ctx)
    if action != "warm" and (commands or options.target or options.shared):
        raise click.UsageError(f"{action} takes no commands and no options.", ctx)
    for command in commands:
        if command not in COMMANDS:
            raise click.UsageError(unknown("command", command, COMMANDS), ctx)
    from fastcli.private import NoFolder

    try:
        if action == "path":
            show_path()
        elif action == "clear":
            clear_cache()
        else:
            warm_cache(ctx, commands, options.target, options.shared)
    except NoFolder as problem:
        raise FastcliError(f"Compiled kernels cannot be saved: {problem}.") from None


def show_path() -> None:
    """Print the folder; say on stderr if it is not used, or not written to, and why."""
    from fastcli.cli.display.messages import say
    from fastcli.private import Folder, NoFolder, cache_root

    root = cache_root()
    sys.stdout.buffer.write(os.fsencode(root) + b"\n")
    try:
        with Folder(root) as folder:
            why = cannot_write(root) if folder.is_own else "it belongs to root"
    except FileNotFoundError:
        above = os.path.dirname(root)
        while not os.path.lexists(above) and above != os.path.dirname(above):
            above = os.path.dirname(above)
        why = cannot_write(above)
        why = why and f"it cannot be created in {above} ({why})"
    except NoFolder as problem:
        say(f"It is not used: {problem}.")
        return
    if why:
        say(f"Nothing is saved there: {why}.")


def cannot_write(folder: str) -> str:
    """Return why no file can be created in a folder, "" if one can; none is left there."""
    from tempfile import TemporaryFile

    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def clear_cache() -> None:
    """Remove all compiled kernels; files that are not ours stay."""
    from fastcli.cli.display.messages import say
    from fastcli.jit.sweep import clear
    from fastcli.private import Folder, NoFolder, cache_root

    path = cache_root()
    n = size = 0
    try:
        with Folder(path) as root:
            if not root.is_own:
                raise NoFolder(f"{path} belongs to root")
            n, size = clear(root)
    except FileNotFoundError:
        pass
    say(f"Removed {n} compiled {_kernels(n)} ({size / 1e6:.1f} MB) from {path}.")


def warm_cache(ctx: click.Context, commands: tuple[str, ...], target: str, shared: str) -> None:
    """Compile what the commands need, or everything, where the cache has no code yet."""
    from fastcli.cli.display.endings import time_text
    from fastcli.cli.display.messages import say
    from fastcli.cli.display.screen import Screen
    from fastcli.cli.display.terminal import is_live
    from fastcli.jit.build import PYTHON_MODE
    from fastcli.jit.cache import Cache
    from fastcli.jit.compilers import CannotCompile
    from fastcli.jit.targets import own_target
    from fastcli.jit.warm import warm
    from fastcli.private import PRIVATE, SHARED, cache_root

    if PYTHON_MODE:
        raise FastcliError("Nothing is compiled with NUMBA_DISABLE_JIT=1.")
    processor = target_named(target) if target else own_target()
    root = os.path.abspath(shared) if shared else cache_root()
    kept = Cache(root, SHARED if shared else PRIVATE)
    needed = needed_kernels(ctx, commands)
    n_new = 0
    try:
        with Screen(is_on=is_live()) as screen:
            for i, (kernel, is_new) in enumerate(warm(needed, processor, kept), 1):
                n_new += is_new
                count = f"{i} of {len(needed)}"
                screen.show([count, kernel.__name__], i / len(needed))
                if is_new and not is_live():
                    say(f"{count}: {kernel.__name__}")
    except CannotCompile as problem:
        raise FastcliError(f"A kernel cannot be compiled: {problem}.") from None
    say(
        f"{len(needed)} {_kernels(len(needed))} for {processor.cpu} in {root}, {n_new} of them "
        f"new{time_text()}."
    )
    if shared:
        say(readers_of(root))


def target_named(name: str) -> Target:
    """Return the target of that name.  Raises FastcliError if LLVM does not know it here."""
    from fastcli.jit.targets import is_known_processor, named_target

    if not is_known_processor(name):
        raise FastcliError(
            f"{name} is not a processor of this architecture that LLVM knows. "
            "For x86-64 there are x86-64-v2, x86-64-v3 and x86-64-v4."
        )
    return named_target(name)


def needed_kernels(ctx: click.Context, commands: tuple[str, ...]) -> list[AnyKernel]:
    """Return the kernels that the commands can use; all of them if none is named."""
    from fastcli.cli._reach import kernels_of
    from fastcli.jit.warm import all_kernels

    if not commands:
        return all_kernels()
    found: dict[str, Any] = {}
    for name in commands:
        command = cli.get_command(ctx, name)
        for kernel in kernels_of(command.callback) if command else ():
            found[kernel.entry] = kernel
    return list(found.values())


def readers_of(root: str) -> str:
    """Return who can use a shared cache, and how."""
    status = os.stat(root)
    if os.name != "nt" and status.st_uid != 0:
        return "Other users will not use it: it does not belong to root."
    if os.name != "nt" and status.st_mode & 0o005 != 0o005:
        return f"Other users cannot read it until you allow it: chmod 755 {root}"
    return f"Others use it with FASTCLI_CACHE_DIR={root}"


def _kernels(n: int) -> str:
    return "kernel" if n == 1 else "kernels"

"""Making the machine code that a wheel carries: ``python -m fastcli.jit.ship build/kernels``.

All kernels are compiled for each level of ``installed.SHIPPED`` into the user's cache, as
``fastcli cache warm --target`` does, and what loading needs of them is copied to a folder, which
``pyproject.toml`` puts where ``installed.py`` looks.  Two runs give the same bytes.
"""

from __future__ import annotations

import os
import shutil
import sys

from fastcli.errors import FastcliError
from fastcli.jit.bare import bare
from fastcli.jit.build import AnyKernel
from fastcli.jit.cache import Cache, sealed, user_cache
from fastcli.jit.installed import SHIPPED, installed_entry
from fastcli.jit.targets import Target, named_target, settings
from fastcli.jit.warm import all_kernels, warm


def ship(kernels: list[AnyKernel], target: Target, cache: Cache, folder: str) -> None:
    """Compile kernels for a target and write their files in a folder, which is replaced.

    Raises NoFolder if code cannot be kept, CannotCompile if a kernel cannot be compiled.
    """
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    for kernel, _ in warm(kernels, target, cache):
        code = cache.read(target, kernel.entry)
        if code is None:
            raise FastcliError(f"{cache.root} no longer has the code of {kernel.__name__}.")
        entry = installed_entry(kernel)
        with open(os.path.join(folder, entry), "wb") as file:
            file.write(sealed(shipped_code(kernel, code), target, entry))


def shipped_code(kernel: AnyKernel, code: bytes) -> bytes:
    """Return what is shipped of a kernel's machine code: all but the names of its parts."""
    symbol, _, machine_code = code.partition(b"\0")
    name = kernel.__name__
    return name.encode() + b"\0" + bare(machine_code, symbol.decode(), name)


def main() -> None:
    """Write a folder for each level into the folder that is named."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m fastcli.jit.ship <folder>")
    (folder,) = sys.argv[1:]
    if names := settings():
        raise SystemExit(f"Code for others is compiled without {', '.join(names)}: unset it.")
    kernels = all_kernels()
    for level in SHIPPED:
        target = named_target(level)
        try:
            ship(kernels, target, user_cache(), os.path.join(folder, target.folder))
        except FastcliError as error:
            raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()

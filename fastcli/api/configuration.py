"""Options that stand in a file, TOML."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.options import option, snake

LONGEST_CONFIG = 1 << 20  # bytes
# Options of which one is given: what a person sets of them settles the others.
ONE_OF = ({"standardize", "scale"}, {"header", "no_header"}, {"valid", "valid_share"})


@dataclass(frozen=True, kw_only=True)
class Configured:
    """Where else options are."""

    config: str = option(
        "",
        "TOML file with any of these options; the command line wins",
        group="files",
        file="file",
    )


def read_config(path: str, given: Collection[str]) -> dict[str, Any]:
    """Return the options of a TOML file that those that are ``given`` leave open."""
    from fastcli.mlp.args import from_config

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            text = file.read(LONGEST_CONFIG + 1)
        if len(text) > LONGEST_CONFIG:
            raise ArgumentError(f"{path} is too long for a configuration.")
        found = tomllib.loads(text.decode())
    except FastcliError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be opened for loading! ({error.strerror})") from None
    except RecursionError:
        raise ArgumentError(f"{path} is not valid TOML: nested too deeply.") from None
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is not valid UTF-8 at byte {error.start:,}.") from None
    except ValueError as error:  # of TOML, and of numbers with thousands of digits
        raise ArgumentError(f"{path} is not valid TOML: {error}.") from None
    values = from_config({snake(key.lstrip("-")): value for key, value in found.items()}, path)
    settled = {one for alike in ONE_OF if not alike.isdisjoint(given) for one in alike}
    return {name: value for name, value in values.items() if name not in {*given, *settled}}

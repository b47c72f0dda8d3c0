"""JSON and TOML from input: every value is checked against its type before anything is built.

The schema is the dataclass that a value becomes: types of its fields, with ranges as in
``step: Annotated[int, Range(0)]``.  Nothing but the standard library is needed, and nothing that
a process has not loaded anyway.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
DEEPEST = 20  # levels of a value of any kind; what we write has three
WIDEST = 40  # characters of a value or a name in a message


class SchemaError(ValueError):
    """A value has another type or range than its schema says; the message names the field."""


@dataclass(frozen=True)
class Range:
    """The numbers that a field may have, both ends included; ``nan`` where it may be none.

    Without a range, int is what 64 bits hold, and float what is finite.
    """

    low: float = -math.inf
    high: float = math.inf
    nan: bool = False


INT64 = Range(-(2**63), 2**63 - 1)
FINITE = Range(-1.7976931348623157e308, 1.7976931348623157e308)


def parse_json(text: bytes) -> Any:
    """Return the value of UTF-8 JSON.  Raises SchemaError for anything else.

    >>> parse_json(b"[1, oops]")
    Traceback (most recent call last):
    ...
    fastcli.schema.SchemaError: not valid JSON: Expecting value: line 1 column 5 (char 4)
    """
    try:
        return json.loads(text.decode())
    except RecursionError:
        raise SchemaError("not valid JSON: nested too deeply") from None
    except UnicodeDecodeError as error:
        raise SchemaError(f"not valid UTF-8 at byte {error.start:,}") from None
    except ValueError as error:
        raise SchemaError(f"not valid JSON: {error}") from None


def build(kind: type[T], value: object, where: str = "") -> T:
    """Return a value of JSON or TOML as a dataclass (or list, dict, ...) of checked values.

    ``where`` is the name of the value in messages.  Fields that are left out have their default.
    Strings may have the surrogates that stand for bytes that are no UTF-8, and no others.
    Raises SchemaError, which names the field.

    >>> build(dict[str, int], {"words": 3})
    {'words': 3}
    >>> build(dict[str, int], {"words": "x"}, "text")
    Traceback (most recent call last):
    ...
    fastcli.schema.SchemaError: text.words should be a whole number, not 'x'
    """
    built: T = _build(kind, value, where)
    return built


def _build(kind: Any, value: Any, where: str) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = next((extra for extra in args[1:] if isinstance(extra, Range)), None)
        return _number(args[0], value, where, bounds) if bounds else _build(args[0], value, where)
    if kind in (int, float):
        return _number(kind, value, where, None)
    if kind is bool:
        return value if isinstance(value, bool) else _refuse("true or false", value, where)
    if kind is str:
        return _string(value, where)
    if kind in (Any, object):
        return _plain(value, where, DEEPEST)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in args if arg is not type(None))
        return None if value is None else _build(inner, value, where)
    if origin is Literal:
        known = " or ".join(map(repr, args))
        is_one = any(type(value) is type(arg) and value == arg for arg in args)
        return value if is_one else _refuse(known, value, where)
    if origin in (list, tuple):
        if not isinstance(value, list | tuple):
            _refuse("a list", value, where)
        return origin([_build(args[0], one, f"{where}[{i}]") for i, one in enumerate(value)])
    if origin is dict:
        return {
            _string(name, f"a name in {where}" if where else "a name"): _build(
                args[1], one, _inside(where, name)
            )
            for name, one in _object(value, where).items()
        }
    if is_dataclass(kind):
        return _dataclass(kind, _object(value, where), where)
    raise TypeError(f"a schema cannot have {kind}")


def _dataclass(kind: Any, found: dict[str, Any], where: str) -> Any:
    hints, required = _fields(kind)
    for name in found:
        if name not in hints:
            raise SchemaError(f"{_inside(where, name)} is not known")
    for name in required:
        if name not in found:
            raise SchemaError(f"{_inside(where, name)} is missing")
    return kind(**{n: _build(hints[n], one, _inside(where, n)) for n, one in found.items()})


@cache
def _fields(kind: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the types of a dataclass's fields, and the names of those without a default."""
    hints = get_type_hints(kind, include_extras=True)
    given = [f for f in fields(kind) if f.init]
    required = [f.name for f in given if f.default is MISSING and f.default_factory is MISSING]
    return {f.name: hints[f.name] for f in given}, required


def _number(kind: type, value: Any, where: str, bounds: Range | None) -> Any:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    found = value
    if kind is int:
        what, allowed = "a whole number", bounds or INT64
        right = is_int and max(allowed.low, INT64.low) <= value <= min(allowed.high, INT64.high)
    else:
        what, allowed = "a number", bounds or FINITE
        if is_int and INT64.low <= value <= INT64.high:
            found = float(value)
        right = isinstance(found, float) and (
            allowed.low <= found <= allowed.high or (allowed.nan and math.isnan(found))
        )
    if right:
        return found
    if bounds is not None and bounds.low > -math.inf:
        what += f" from {bounds.low:.15g}" + (" on" if bounds.high == math.inf else "")
    if bounds is not None and bounds.high < math.inf:
        what += f" to {bounds.high:.15g}"
    return _refuse(what, value, where)


def is_text(text: str) -> bool:
    """Tell whether a string stands for bytes: it has no surrogates but those for single bytes."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str):
        _refuse("a string", value, where)
    if not is_text(value):
        raise SchemaError(f"{where} contains lone surrogates")
    found: str = value
    return found


def _plain(value: Any, where: str, levels: int) -> Any:
    """Check what may be of any kind: its strings, its numbers, and how deep it is."""
    if levels == 0:
        raise SchemaError(f"{where} is nested too deeply")
    if isinstance(value, str):
        return _string(value, where)
    if isinstance(value, list):
        return [_plain(one, where, levels - 1) for one in value]
    if isinstance(value, dict):
        return {_string(k, where): _plain(v, where, levels - 1) for k, v in value.items()}
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse("an object", value, where)
    found: dict[str, Any] = value
    return found


def _inside(where: str, name: str) -> str:
    short = name if len(name) <= WIDEST else name[:WIDEST] + "..."
    plain = short if short.isidentifier() and short.isascii() else ascii(short)
    return f"{where}.{plain}" if where else plain


def shown(value: object) -> str:
    """Return a value as a message shows it: short, and without control characters.

    >>> shown("a" * 50), shown([1]), shown(2**70)
    ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'...", 'a list', 'a huge number')
    """
    names: list[tuple[type, Callable[[Any], str]]] = [
        (bool, lambda v: "true" if v else "false"),
        (type(None), lambda v: "null"),
        (str, lambda v: ascii(v[:WIDEST]) + ("..." if len(v) > WIDEST else "")),
        (int, lambda v: str(v) if v.bit_length() <= 64 else "a huge number"),
        (float, repr),
        (list, lambda v: "a list"),
        (tuple, lambda v: "a list"),
        (dict, lambda v: "an object"),
    ]
    for kind, text in names:
        if isinstance(value, kind):
            return text(value)
    return f"a {type(value).__name__}"


def _refuse(what: str, value: object, where: str) -> Any:
    raise SchemaError(f"{where or 'the value'} should be {what}, not {shown(value)}")


def known_fields(kind: Any, found: Any, where: str) -> dict[str, Any]:
    """Return those values of an object that are fields of a dataclass.  Raises SchemaError."""
    if not isinstance(found, dict):
        raise SchemaError(f"{where} should be an object")
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in found.items() if name in names}

"""The output of ``--json``: one object per line, numbers with the digits of a float32."""

from __future__ import annotations

import json
from typing import Any

from fastcli.api.json_values import number as number
from fastcli.printable import encodable


def line(answer: dict[str, Any]) -> bytes:
    """Return an object as a line of JSON; bytes that are not UTF-8 are shown as ``\\xff``."""
    try:
        return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(_encodable(answer), ensure_ascii=False).encode() + b"\n"


def _encodable(value: Any) -> Any:
    """Return a value whose texts have no lone surrogates."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _encodable(one) for key, one in value.items()}
    return list(map(_encodable, value)) if isinstance(value, list | tuple) else value

"""The types of columns that hold all values of objects, none of them changed."""

from __future__ import annotations

from typing import Any

from fastcli.tables.dialects import is_unicode

KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
MOST_EXACT = 1 << 53  # whole numbers up to it are floats, too


class Unlike(ValueError):
    """A value that a column cannot hold beside those before it; ``field`` is its path."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class JsonType:
    """What the values of a field are: one kind, numbers of a range, items or fields of types.

    A field that is missing or null in some rows is null in these.
    """

    __slots__ = ("all_exact", "fields", "has_floats", "high", "items", "kind", "low")

    def __init__(self) -> None:
        self.kind = ""
        self.low = self.high = 0  # of whole numbers
        self.has_floats = False
        self.all_exact = True  # each whole number is a float, too
        self.items: JsonType | None = None
        self.fields: dict[str, JsonType] = {}

    def add(self, value: Any, field: str) -> None:
        """Take in a value; raises ``Unlike`` where none of Arrow's types holds all so far."""
        if value is None:
            return
        kind = KINDS[type(value)]
        if self.kind != kind:
            if self.kind:
                raise Unlike(field, f"is {kind}, and {self.kind} in rows above")
            self.kind = kind
        if kind == "a number":
            self._add_number(value, field)
        elif kind == "text":
            if not value.isascii() and not is_unicode(value):
                raise Unlike(field, "has text that is not Unicode")
        elif kind == "a list":
            self.items = self.items or JsonType()
            for one in value:
                self.items.add(one, f"{field}[]")
        elif kind == "an object":
            self.add_fields(value, f"{field}.")

    def add_fields(self, found: dict[str, Any], before: str = "") -> None:
        """Take in the values of an object, whose fields are called ``before`` and their names."""
        for name, value in found.items():
            if (known := self.fields.get(name)) is None:
                if not is_unicode(name):
                    raise Unlike(before + name, "has a name that is not Unicode")
                known = self.fields[name] = JsonType()
            known.add(value, before + name)

    def _add_number(self, value: Any, field: str) -> None:
        if isinstance(value, float):
            self.has_floats = True
        else:
            self.low, self.high = min(self.low, value), max(self.high, value)
            if abs(value) > MOST_EXACT and not _is_float(value):
                self.all_exact = False
        if self.has_floats and not self.all_exact:
            raise Unlike(field, "has fractions, and whole numbers too long to be exact beside them")
        if not self.has_floats and (
            self.low < -(1 << 63) or self.high >= 1 << (64 if self.low >= 0 else 63)
        ):
            raise Unlike(field, "has whole numbers of more than 64 bits")

    def arrow(self, field: str) -> Any:
        """Return the type of Arrow.  Raises ``Unlike`` where there is none for all values."""
        import pyarrow

        if self.kind == "a number":
            if self.has_floats:
                return pyarrow.float64()
            return pyarrow.uint64() if self.high >= 1 << 63 else pyarrow.int64()
        if self.kind == "a list":
            return pyarrow.list_((self.items or JsonType()).arrow(f"{field}[]"))
        if self.kind == "an object":
            if not self.fields:
                raise Unlike(field, "has objects without any field")
            inner = [(name, one.arrow(f"{field}.{name}")) for name, one in self.fields.items()]
            return pyarrow.struct(inner)
        plain = {"true or false": pyarrow.bool_(), "text": pyarrow.string()}
        return plain.get(self.kind, pyarrow.null())


def _is_float(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False

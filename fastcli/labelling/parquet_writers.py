"""Writing labelled rows as a Parquet file, whose types of columns hold all values as they are."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastcli.distribution import installing
from fastcli.errors import DataError, FastcliError
from fastcli.labelling.json_types import JsonType, Unlike
from fastcli.labelling.outputs import Put
from fastcli.labelling.predicted import Predicted
from fastcli.labelling.row_writer import Rows, RowWriter, check_fields, with_values
from fastcli.labelling.rows import OpenTable, RowBlock

if TYPE_CHECKING:
    Added = Mapping[str, type]

GROUP_ROWS, GROUP_BYTES = 1 << 17, 1 << 25  # of a row group, whichever is reached first
IN_MEMORY = 1 << 25  # bytes of rows that wait for the types of their columns; more go to a file


class _Sink:
    """What pyarrow writes to: it passes bytes on, until it is off."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self.size = 0
        self.closed = False
        self.is_off = False

    def write(self, data: Any) -> int:
        found = bytes(data)
        if not self.is_off:
            self._put(found)
        self.size += len(found)
        return len(found)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class _ParquetRows(RowWriter):
    """A Parquet file of columns, and added ones behind them."""

    def __init__(self, added: Added, put: Put) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise FastcliError(f"Writing Parquet needs {installing('parquet')}.") from None
        self._arrow, self._parquet = pyarrow, parquet
        types = {str: pyarrow.string(), float: pyarrow.float64()}
        self._added = [pyarrow.field(name, types[kind]) for name, kind in added.items()]
        self._sink = _Sink(put)
        self._file: Any = None
        self._waiting: list[Any] = []

    def _begin(self, schema: Any) -> None:
        """Begin a file whose columns before those that are added have a schema."""
        for one in self._added:
            schema = schema.append(one)
        self._file = self._parquet.ParquetWriter(self._sink, schema)

    def _add(self, table: Any, values: Sequence[Sequence[Any]]) -> None:
        """Write rows, and the values that are added to each, when there are enough."""
        columns = zip(*values, strict=True)
        for one, column in zip(self._added, columns, strict=True):
            table = table.append_column(one, self._arrow.array(column, one.type))
        self._waiting.append(table)
        n_bytes = sum(one.nbytes for one in self._waiting)
        if n_bytes >= GROUP_BYTES or sum(map(len, self._waiting)) >= GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        if self._waiting:
            table = self._arrow.concat_tables(self._waiting).unify_dictionaries()
            self._file.write_table(table.cast(self._file.schema), row_group_size=GROUP_ROWS)
            self._waiting = []

    def finish(self) -> None:
        """Write the rest, and the end of the file."""
        self._write_group()
        self._file.close()

    def abandon(self) -> None:
        """Write no more: the end of a file that is incomplete would be written, otherwise."""
        self._sink.is_off = True
        if self._file is not None:
            self._file.is_open = False


class ArrowRows(_ParquetRows):
    """Rows of a Parquet file: columns, their types and what is known about them are kept."""

    def __init__(self, table: OpenTable, added: Added, put: Put) -> None:
        super().__init__(added, put)
        self._begin(table.schema)

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write the rows as Arrow has them."""
        table = block.batch if rows is None else block.batch.take(self._arrow.array(rows))
        if len(table):
            self._add(table, found.of(rows).values())


class CellRows(_ParquetRows):
    """Rows of a delimited table, whose cells are text."""

    has_unique_names = True

    def __init__(self, table: OpenTable, added: Added, put: Put) -> None:
        super().__init__(added, put)
        text = self._arrow.string()
        self._schema = self._arrow.schema([(name, text) for name in table.keys])
        self._begin(self._schema)

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write cells as text."""
        places, values = [], []
        for i, row in with_values(block, rows, found):
            places.append(i)
            values.append(row)
        if places:
            columns = zip(*[block.table[i] for i in places], strict=True)
            arrays = [self._cells(column) for column in columns]
            self._add(self._arrow.Table.from_arrays(arrays, schema=self._schema), values)

    def _cells(self, cells: Sequence[str]) -> Any:
        try:
            return self._arrow.array(cells, self._arrow.string())
        except UnicodeEncodeError:
            raise DataError(
                "A cell has bytes that are not UTF-8, which Parquet cannot hold: give --encoding, "
                "or write .csv."
            ) from None


class ObjectRows(_ParquetRows):
    """Objects of JSON; the types of columns are known, and rows written, when all have been seen.

    Raises DataError for a value that no type holds beside the others, where it is met.
    """

    def __init__(self, table: OpenTable, added: Added, put: Put) -> None:
        super().__init__(added, put)
        self._type = JsonType()
        self._type.fields = {name: JsonType() for name in table.names}
        self._names = set(added)
        self._rows = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Keep objects until the end."""
        objects, values = [], []
        for i, row in with_values(block, rows, found):
            one = block.objects[i]
            check_fields(one, self._names)
            try:
                self._type.add_fields(one)
            except Unlike as error:
                raise _no_type(f"Line {block.numbers[i]:,}: ", error) from None
            objects.append(one)
            values.append(row)
        if objects:
            pickle.dump((objects, values), self._rows, pickle.HIGHEST_PROTOCOL)

    def finish(self) -> None:
        """Write all rows."""
        try:
            columns = [(name, one.arrow(name)) for name, one in self._type.fields.items()]
        except Unlike as error:
            raise _no_type("", error) from None
        schema = self._arrow.schema(columns)
        self._begin(schema)
        end = self._rows.tell()
        self._rows.seek(0)
        while self._rows.tell() < end:
            objects, values = pickle.load(self._rows)
            self._add(self._arrow.Table.from_pylist(objects, schema=schema), values)
        self._rows.close()
        super().finish()

    def abandon(self) -> None:
        """Write nothing."""
        self._rows.close()
        super().abandon()


def _no_type(where: str, error: Unlike) -> DataError:
    return DataError(
        f"{where}the field {error.field!r} {error}, which a column of Parquet cannot hold as it "
        "is: write .jsonl instead."
        if where
        else f"The field {error.field!r} {error}, which a column of Parquet cannot hold as it is: "
        "write .jsonl instead."
    )


def parquet_rows_of(table: OpenTable, added: Added, put: Put) -> RowWriter:
    """Return what writes the rows of a table as a Parquet file.

    Raises FastcliError without pyarrow.
    """
    if table.schema is not None:
        return ArrowRows(table, added, put)
    return (CellRows if table.dialect is not None else ObjectRows)(table, added, put)

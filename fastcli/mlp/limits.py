"""The largest numbers that arguments, files and networks may have."""

from __future__ import annotations

MOST = 2**31 - 1  # what an int32 holds: rows, buckets, counts of options
MOST_LAYERS = 1000
MOST_UNITS = 1_000_000  # of a layer
MOST_PIECES = 1000  # linear functions of a maxout unit
MOST_HINGES = 100  # of a unit with an adaptive piecewise linear activation
LARGE = 1e30  # what float32 holds with room for sums
MOST_FLOATS = 1 << 22  # of the values of a batch; of very wide networks fewer lines go together

"""The learning rate of fastText's model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device
from fastcli.jit.group import Group

if TYPE_CHECKING:
    from fastcli.jit.signature import f64, i64


class Schedule(Group):
    """Linear decay of the learning rate, updated every ``update_rate`` tokens."""

    lr: f64
    total: i64  # tokens in all epochs
    update_rate: i64


@device
def linear_decay(schedule: Schedule, done: i64) -> f64:
    """Return the learning rate after so many tokens: lr (1 - done / total), and not below 0."""
    return schedule.lr * max(1.0 - done / schedule.total, 0.0)

"""Activations as given by the user: a name, and values of its parameters.

What there is to choose from is in ``kernels/mlp/activation_table.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.kernels.mlp.activation_table import ACTIVATIONS, ALIASES, Activation
from fastcli.mlp.limits import LARGE, MOST_PIECES
from fastcli.mlp.names import lookup
from fastcli.printable import shortened

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Chosen", "parse_activation"]


@dataclass(frozen=True)
class Chosen:
    """An activation with the values of its parameters."""

    activation: Activation
    values: tuple[float, ...]

    @property
    def pieces(self) -> int:
        """How many linear functions a unit has: more than 1 for maxout."""
        return int(self.values[0]) if self.activation.name == "maxout" else 1

    @property
    def forward(self) -> int:
        """The address of the kernel that computes it, 0 for maxout, which is handled separately."""
        return self._address("forward")

    @property
    def backward(self) -> int:
        """The address of the kernel of its derivative, 0 for maxout."""
        return self._address("backward")

    @property
    def gradient(self) -> int:
        """The address of the kernel for the gradients of learned parameters, 0 without any."""
        return self._address("learned")

    def _address(self, kind: str) -> int:
        # Names alone are known without the kernels, for which NumPy is imported.
        from fastcli.kernels.base.indirect import address_of
        from fastcli.kernels.mlp.activations import ROWS

        kernel = getattr(ROWS.get(self.activation.name), kind, None)
        return address_of(kernel) if kernel else 0

    def __str__(self) -> str:
        values = [str(int(v)) if v == int(v) else repr(v) for v in self.values]
        return ":".join([self.activation.name, *values])


def parse_activation(text: str) -> Chosen:
    """Read ``relu`` or, with parameters, ``leaky-relu:0.2``, ``rrelu:0.1:0.3``, ``maxout:3``.

    Raises ArgumentError for an unknown name (with the nearest known one) and for values that
    cannot be.
    """
    name, *given = text.strip().lower().split(":")
    activation, text = lookup("activation", name, ACTIVATIONS, ALIASES), shortened(text)
    if len(given) > len(activation.parameters):
        known = ", ".join(one.name for one in activation.parameters) or "no parameters"
        raise ArgumentError(f"Activation {text}: {activation.name} has {known}.")
    values = list(activation.defaults)
    for i, (word, parameter) in enumerate(zip(given, activation.parameters, strict=False)):
        try:
            values[i] = float(word)
        except ValueError:
            values[i] = float("nan")
        if values[i] - values[i] != 0:
            raise ArgumentError(f"Activation {text}: {shortened(word)!r} is not a number.")
        if abs(values[i]) > LARGE:
            raise ArgumentError(f"Activation {text}: {shortened(word)} is above {LARGE:g}.")
        if values[i] < parameter.minimum:
            least = f"{parameter.name} must be {parameter.minimum:g} or more"
            raise ArgumentError(f"Activation {text}: {least}.")
    if activation.name == "maxout" and values[0] not in range(2, MOST_PIECES + 1):
        raise ArgumentError(
            f"Activation {text}: maxout needs a whole number of pieces, 2 to {MOST_PIECES}."
        )
    if activation.is_random and not values[0] <= values[1]:
        raise ArgumentError(f"Activation {text}: low must not be above high.")
    return Chosen(activation, tuple(values))

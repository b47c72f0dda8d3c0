"""The kernels of activations, for the values of a layer's units: one template for each purpose.

``ROWS`` has them by the name of the activation.  All arrays are float32 and begin where the unit
values do; parameter j of unit k is ``params[j * row + k]``, and its gradient is laid out the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.jit.build import AnyDevice, Kernel, device, kernel
from fastcli.kernels.base import functions as elementary
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp import activation_functions
from fastcli.kernels.mlp.activation_table import ACTIVATIONS, Activation

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


class Rows(NamedTuple):
    """The kernels of an activation."""

    forward: Kernel[[F32, F32, i64, F32, i64], None]
    backward: Kernel[[F32, F32, i64, F32, i64], None]
    learned: Kernel[[F32, F32, i64, F32, i64, F32], None] | None


# What an activation's functions take of the parameters, by how many these are.


@device
def no_parameters(params: F32, k: i64, row: i64) -> tuple[()]:
    """Return the parameters of unit k of an activation that has none."""
    return ()


@device
def one_parameter(params: F32, k: i64, row: i64) -> tuple[f32]:
    """Return the parameter of unit k."""
    return (params[k],)


@device
def two_parameters(params: F32, k: i64, row: i64) -> tuple[f32, f32]:
    """Return the two parameters of unit k."""
    return params[k], params[row + k]


@device
def three_parameters(params: F32, k: i64, row: i64) -> tuple[f32, f32, f32]:
    """Return the three parameters of unit k."""
    return params[k], params[row + k], params[2 * row + k]


@device
def four_parameters(params: F32, k: i64, row: i64) -> tuple[f32, f32, f32, f32]:
    """Return the four parameters of unit k."""
    return params[k], params[row + k], params[2 * row + k], params[3 * row + k]


PARAMETERS: tuple[AnyDevice, ...] = (
    no_parameters,
    one_parameter,
    two_parameters,
    three_parameters,
    four_parameters,
)


def _constants(values: tuple[float, ...]) -> AnyDevice:
    """Return the function that stands for those above where all units have the same constants."""
    fixed = tuple(map(np.float32, values))

    def constants(params: F32, k: i64, row: i64) -> tuple[f32, ...]:
        return fixed

    return device(constants)


# The templates.


def _forward(value: AnyDevice, parameters: AnyDevice, scale: f32) -> Any:
    def forward(z: F32, out: F32, n: i64, params: F32, row: i64) -> None:
        """Set ``out[:n]`` to the activations of ``z[:n]``."""
        for k in range(n):
            out[k] = scale * value(z[k], *parameters(params, k, row))

    return forward


def _backward(slope: AnyDevice, parameters: AnyDevice, scale: f32) -> Any:
    def backward(z: F32, d: F32, n: i64, params: F32, row: i64) -> None:
        """Multiply the gradients ``d[:n]`` by the derivatives at ``z[:n]``."""
        for k in range(n):
            d[k] *= scale * slope(z[k], *parameters(params, k, row))

    return backward


def _flat_backward() -> Any:
    def backward(z: F32, d: F32, n: i64, params: F32, row: i64) -> None:
        """Set the gradients ``d[:n]`` to 0, whatever they are."""
        for k in range(n):
            d[k] = np.float32(0.0)

    return backward


def _learned(learned: AnyDevice, parameters: AnyDevice) -> Any:
    def learned_row(z: F32, d: F32, n: i64, params: F32, row: i64, grads: F32) -> None:
        """Add the gradients of the parameters, by the gradients ``d[:n]`` of the activations."""
        for k in range(n):
            learned(z[k], d[k], at(grads, k), row, *parameters(params, k, row))

    return learned_row


def _named(function: str) -> AnyDevice:
    """Return a function that the table names.  Raises AttributeError if there is none."""
    home = activation_functions if hasattr(activation_functions, function) else elementary
    found: AnyDevice = getattr(home, function)
    return found


def _rows(activation: Activation, value: str) -> Rows:
    """Make the kernels of an activation: ``NAME_forward``, ``NAME_backward``, ``NAME_learned``."""

    def made(template: Any, kind: str) -> Any:
        name = f"{activation.name.replace('-', '_')}_{kind}"
        template.__name__ = template.__qualname__ = name
        return kernel(template)

    slope, learned = activation.slope, activation.learned
    constants, n = activation.constants, activation.n_unit_parameters
    parameters = _constants(constants) if constants else PARAMETERS[n]
    scale = np.float32(activation.scale)
    backward = _backward(_named(slope), parameters, scale) if slope else _flat_backward()
    return Rows(
        made(_forward(_named(value), parameters, scale), "forward"),
        made(backward, "backward"),
        made(_learned(_named(learned), parameters), "learned") if learned else None,
    )


ROWS = {one.name: _rows(one, one.value) for one in ACTIVATIONS.values() if one.value is not None}


# Maxout is a function of several numbers.


@device
def maxout(z: F32, out: F32, n: i64, pieces: i64) -> None:
    """Set ``out[k]`` to the largest of the unit's pieces ``z[j * n + k]``.

    Goodfellow et al. (2013), Maxout Networks, section 2.
    """
    for k in range(n):
        out[k] = z[k]
    for j in range(1, pieces):
        for k in range(n):
            out[k] = max(out[k], z[j * n + k])


@device
def maxout_backward(z: F32, d: F32, n: i64, pieces: i64, dz: F32) -> None:
    """Give the gradient ``d[k]`` to the first largest piece, 0 to the others."""
    for k in range(n):
        best = 0
        for j in range(1, pieces):
            if z[j * n + k] > z[best * n + k]:
                best = j
        for j in range(pieces):
            dz[j * n + k] = np.float32(0.0)
        dz[best * n + k] = d[k]

"""The kernels of activations, for the values of a layer's units: one template for each purpose.

``ROWS`` has them by the name of the activation.  All arrays are float32 and begin where the unit
values do; parameter j of unit k is ``params[j * row + k]``, and its gradient is laid out the same.
``n_learned`` is how many learned parameters a unit has, which few kernels need to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.jit.build import AnyDevice, Kernel, device, kernel
from fastcli.kernels.base import functions as elementary
from fastcli.kernels.base.functions import settle
from fastcli.kernels.base.vector import exp
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp import activation_functions
from fastcli.kernels.mlp.activation_table import ACTIVATIONS, Activation

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


class Rows(NamedTuple):
    """The kernels of an activation."""

    forward: Kernel[[F32, F32, i64, F32, i64, i64], None]
    backward: Kernel[[F32, F32, i64, F32, i64, i64], None]
    learned: Kernel[[F32, F32, i64, F32, i64, i64, F32], None] | None


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
    def forward(z: F32, out: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
        """Set ``out[:n]`` to the activations of ``z[:n]``."""
        for k in range(n):
            out[k] = scale * value(z[k], *parameters(params, k, row))

    return forward


def _backward(slope: AnyDevice, parameters: AnyDevice, scale: f32) -> Any:
    def backward(z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
        """Multiply the gradients ``d[:n]`` by the derivatives at ``z[:n]``."""
        for k in range(n):
            d[k] *= scale * slope(z[k], *parameters(params, k, row))

    return backward


def _flat_backward() -> Any:
    def backward(z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
        """Set the gradients ``d[:n]`` to 0, whatever they are."""
        for k in range(n):
            d[k] = np.float32(0.0)

    return backward


def _learned(learned: AnyDevice, parameters: AnyDevice) -> Any:
    def learned_row(
        z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64, grads: F32
    ) -> None:
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
    constants, n = activation.constants, len(activation.parameters)
    parameters = _constants(constants) if constants else PARAMETERS[n]
    if activation.is_random:  # the slope alone
        parameters = one_parameter
    scale = np.float32(activation.scale)
    backward = _backward(_named(slope), parameters, scale) if slope else _flat_backward()
    return Rows(
        made(_forward(_named(value), parameters, scale), "forward"),
        made(backward, "backward"),
        made(_learned(_named(learned), parameters), "learned") if learned else None,
    )


ROWS = {one.name: _rows(one, one.value) for one in ACTIVATIONS.values() if one.value is not None}


# A sum over any number of hinges.


@kernel
def apl_forward(z: F32, out: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
    """Set ``out[:n]`` to max(0, z) + the sum of a max(0, b - z): adaptive piecewise linear units.

    Agostinelli et al. (2015), Learning Activation Functions to Improve Deep Neural Networks,
    equation 1.  The first half of the parameters are a of each hinge, the second half b.
    """
    zero, hinges = np.float32(0.0), n_learned // 2
    for k in range(n):
        out[k] = max(z[k], zero)
    for j in range(hinges):
        a, b = at(params, j * row), at(params, (hinges + j) * row)
        for k in range(n):
            out[k] += a[k] * max(b[k] - z[k], zero)


@kernel
def apl_backward(z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
    """Multiply the gradients ``d[:n]`` by 1 above 0, less a where z is below b.

    At a corner a term has the slope 0, as PyTorch's ReLU.
    """
    zero, hinges = np.float32(0.0), n_learned // 2
    for k in range(n):
        slope = np.float32(1.0) if z[k] > zero else zero
        for j in range(hinges):
            slope -= params[j * row + k] if z[k] < params[(hinges + j) * row + k] else zero
        d[k] *= slope


@kernel
def apl_learned(z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64, grads: F32) -> None:
    """Add the gradients of a, max(0, b - z), and of b, a where z is below b, times ``d[:n]``."""
    zero, hinges = np.float32(0.0), n_learned // 2
    for j in range(hinges):
        a, b = at(params, j * row), at(params, (hinges + j) * row)
        da, db = at(grads, j * row), at(grads, (hinges + j) * row)
        for k in range(n):
            da[k] += d[k] * max(b[k] - z[k], zero)
            db[k] += d[k] * a[k] if z[k] < b[k] else zero


ROWS["apl"] = Rows(apl_forward, apl_backward, apl_learned)


# Functions of all units of a layer, or of several numbers for each.


@kernel
def softmax_forward(z: F32, out: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
    """Set ``out[:n]`` to p = e**z over the sum of e**z, n being all units (Bridle 1990)."""
    largest, total = z[0], 0.0
    for k in range(1, n):
        largest = max(largest, z[k])
    for k in range(n):
        out[k] = settle(exp(z[k] - largest))
        total += float(out[k])
    inverse = np.float32(1.0 / total)
    for k in range(n):
        out[k] *= inverse


@kernel
def softmax_backward(z: F32, d: F32, n: i64, params: F32, row: i64, n_learned: i64) -> None:
    """Turn the gradients ``d[:n]`` of p into those of z: p (d - the sum of p d)."""
    largest, total, along = z[0], 0.0, 0.0
    for k in range(1, n):
        largest = max(largest, z[k])
    for k in range(n):
        e = settle(exp(z[k] - largest))
        total += float(e)
        along += float(e) * float(d[k])
    inverse, mean = np.float32(1.0 / total), np.float32(along / total)
    for k in range(n):
        d[k] = settle(exp(z[k] - largest)) * inverse * (d[k] - mean)


ROWS["softmax"] = Rows(softmax_forward, softmax_backward, None)


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

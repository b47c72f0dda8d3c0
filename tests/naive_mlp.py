"""A multilayer perceptron in plain NumPy and float64: forward, loss and backward.

Written from the formulas, not from the kernels: whole batches as matrices, one function an idea.
"""

from __future__ import annotations

from math import factorial

import numpy as np

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    import math

    return np.vectorize(math.erf)(x)


def phi(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def softplus(x):
    return np.logaddexp(0, x)


def soft_exponential(x, a):
    safe = np.where(np.abs(a) > 1e-12, a, 1.0)
    up = np.expm1(safe * x) / safe + safe
    with np.errstate(invalid="ignore", divide="ignore"):
        down = -np.log1p(-safe * (x + safe)) / safe
    flat = x + a * (x * x / 2 + 1)
    return np.where(np.abs(a) <= 1e-12, flat, np.where(a > 0, up, down))


def soft_exponential_slope(x, a):
    with np.errstate(divide="ignore"):
        return np.where(a > 0, np.exp(a * x), 1 / (1 - a * (x + a)))


def soft_exponential_turn(x, a):
    """Return the derivative by a: with power series where the formula takes near numbers apart."""
    u, w = a * x, -a * (x + a)
    near = sum(u**k * (k + 1) / factorial(k + 2) for k in range(10))
    safe = np.where(np.abs(u) > 0.1, u, 1.0)
    up = x * x * np.where(np.abs(u) > 0.1, ((safe - 1) * np.exp(safe) + 1) / safe**2, near) + 1
    near = sum((-w) ** k * (k + 1) / (k + 2) for k in range(16))
    safe = np.where(np.abs(w) > 0.1, w, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        far = (np.log1p(safe) - safe / (1 + safe)) / safe**2
        down = (x + a) ** 2 * np.where(np.abs(w) > 0.1, far, near) + 1 / (1 + w)
    return np.where(a > 0, up, down)


def leaky(x, a):
    return np.where(x > 0, x, a * x)


def leaky_slope(x, a):
    return np.where(x > 0, 1, a)


def srelu_turns(x, tl, al, tr, ar):
    left, right = x <= tl, (x >= tr) & (x > tl)
    return [left * (1 - al), left * (x - tl), right * (1 - ar), right * (x - tr)]


def apl(x, *shape):
    """Adaptive piecewise linear: the first half of the parameters are a, the second half b."""
    n = len(shape) // 2
    hinges = zip(shape[:n], shape[n:], strict=True)
    return np.maximum(x, 0) + sum(a * np.maximum(b - x, 0) for a, b in hinges)


def apl_slope(x, *shape):
    n = len(shape) // 2
    return (x > 0) - sum(a * (x < b) for a, b in zip(shape[:n], shape[n:], strict=True))


def apl_turns(x, *shape):
    n = len(shape) // 2
    a, b = shape[:n], shape[n:]
    return [*(np.maximum(one - x, 0) for one in b), *(a[j] * (x < b[j]) for j in range(n))]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_backward(z, d):
    """Multiply by the whole Jacobian of each example, diag(p) - p p^T."""
    jacobians = [np.diag(p) - np.outer(p, p) for p in softmax(z)]
    return np.stack([jacobian @ one for jacobian, one in zip(jacobians, d, strict=True)])


# Name: the function and its derivative, of x and the parameters of the units; where these are
# learned also the list of derivatives by them.
ACTIVATIONS = {
    "identity": (lambda x: x, np.ones_like),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "hard-sigmoid": (
        lambda x: np.clip(x / 6 + 0.5, 0, 1),
        lambda x: ((x > -3) & (x < 3)) / 6,
    ),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "softplus": (softplus, sigmoid),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x: ((x > 0) & (x < 6)) * 1.0),
    "leaky-relu": (leaky, leaky_slope),
    "prelu": (leaky, leaky_slope, lambda x, a: [np.minimum(x, 0)]),
    "rrelu": (leaky, leaky_slope),
    "elu": (
        lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
        lambda x, a: np.where(x > 0, 1, a * np.exp(np.minimum(x, 0))),
    ),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0))),
    ),
    "gelu": (
        lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
        lambda x: (1 + erf(x / np.sqrt(2))) / 2 + x * phi(x),
    ),
    "silu": (
        lambda x: x * sigmoid(x),
        lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    ),
    "mish": (
        lambda x: x * np.tanh(softplus(x)),
        lambda x: np.tanh(softplus(x)) + x * (1 - np.tanh(softplus(x)) ** 2) * sigmoid(x),
    ),
    "binary-step": (lambda x: (x >= 0) * 1.0, np.zeros_like),
    "hard-tanh": (lambda x: np.clip(x, -1, 1), lambda x: ((x > -1) & (x < 1)) * 1.0),
    "isru": (
        lambda x, a: x / np.sqrt(1 + a * x * x),
        lambda x, a: (1 / np.sqrt(1 + a * x * x)) ** 3,
    ),
    "isrlu": (
        lambda x, a: np.where(x > 0, x, x / np.sqrt(1 + a * x * x)),
        lambda x, a: np.where(x > 0, 1, (1 + a * x * x) ** -1.5),
    ),
    "apl": (apl, apl_slope, apl_turns),
    "sqnl": (
        lambda x: np.where(np.abs(x) > 2, np.sign(x), x - np.sign(x) * x * x / 4),
        lambda x: np.where(np.abs(x) > 2, 0, 1 - np.abs(x) / 2),
    ),
    "arsinh": (np.arcsinh, lambda x: 1 / np.sqrt(x * x + 1)),
    "sq-rbf": (
        lambda x: np.where(
            np.abs(x) <= 1, 1 - x * x / 2, np.where(np.abs(x) < 2, (2 - np.abs(x)) ** 2 / 2, 0)
        ),
        lambda x: np.where(np.abs(x) <= 1, -x, np.where(np.abs(x) < 2, x - 2 * np.sign(x), 0)),
    ),
    "bent-identity": (
        lambda x: (np.sqrt(x * x + 1) - 1) / 2 + x,
        lambda x: x / (2 * np.sqrt(x * x + 1)) + 1,
    ),
    "srelu": (
        lambda x, tl, al, tr, ar: np.where(
            x <= tl, tl + al * (x - tl), np.where(x >= tr, tr + ar * (x - tr), x)
        ),
        lambda x, tl, al, tr, ar: np.where(x <= tl, al, np.where(x >= tr, ar, 1.0)),
        srelu_turns,
    ),
    "soft-exponential": (
        soft_exponential,
        soft_exponential_slope,
        lambda x, a: [soft_exponential_turn(x, a)],
    ),
    "sine": (np.sin, np.cos),
    "sinc": (
        lambda x: np.sinc(x / np.pi),
        lambda x: np.where(
            np.abs(x) < 1e-3, -x / 3, (np.cos(x) - np.sinc(x / np.pi)) / np.where(x == 0, 1, x)
        ),
    ),
    "gaussian": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
}


def normalize(z, kind, gamma, beta, eps):
    """Return gamma z' + beta, z' and 1 / std; over examples (batch) or units (layer)."""
    axis = 0 if kind == "batch" else 1
    inv = 1 / np.sqrt(z.var(axis=axis, keepdims=True) + eps)
    hat = (z - z.mean(axis=axis, keepdims=True)) * inv
    return gamma * hat + beta, hat, inv


def normalize_backward(d, hat, inv, kind, gamma):
    """Return the gradients of z, gamma and beta."""
    axis = 0 if kind == "batch" else 1
    e = d * gamma
    dz = inv * (
        e - e.mean(axis=axis, keepdims=True) - hat * (e * hat).mean(axis=axis, keepdims=True)
    )
    return dz, (d * hat).sum(axis=0), d.sum(axis=0)


def targets(labels, n_labels, loss, smoothing):
    """Return the smoothed targets of lists of labels; those of softmax sum to 1.

    A label that a line has twice has twice its share.
    """
    y = np.zeros((len(labels), n_labels))
    for i, some in enumerate(labels):
        if loss in ("softmax", "bce"):
            others = np.setdiff1d(np.arange(n_labels), some)
            eps = smoothing if len(others) else 0.0
            y[i, others] = eps / max(len(others), 1)
            np.add.at(y[i], some, (1 - eps) / len(some))
        else:
            y[i] = smoothing
            y[i, list(some)] = 1 - smoothing
    return y


def one_score(z, y, weights):
    """Return what ``loss_and_gradient`` does for one score with P(second label) = sigmoid(z)."""
    losses = -y[:, 1] * np.log(sigmoid(z)) - y[:, 0] * np.log(1 - sigmoid(z))
    d = y[:, 0] * sigmoid(z) - y[:, 1] * (1 - sigmoid(z))
    return (weights * losses).mean(), (weights * d / len(z))[:, None]


def error_loss(errors, loss):
    """Return the losses of errors and their derivatives; ``huber:0.7`` is linear from 0.7 on."""
    name, _, delta = loss.partition(":")
    if name == "squared":
        return errors**2, 2 * errors
    if name == "absolute":
        return np.abs(errors), np.sign(errors)
    size, delta = np.abs(errors), float(delta)
    is_near = size <= delta
    losses = np.where(is_near, errors**2 / 2, delta * size - delta**2 / 2)
    return losses, np.where(is_near, errors, delta * np.sign(errors))


def loss_and_gradient(z, y, loss, weights=1.0, label_weights=1.0):
    """Return the mean loss and the gradient of the scores.

    ``weights`` multiply the losses of examples, ``label_weights`` what targets say for a label.
    The losses of regression are means over targets.
    """
    n = len(z)
    weights = np.ones(n) * weights
    if loss.startswith(("squared", "absolute", "huber")):
        losses, slopes = error_loss(z - y, loss)
        return (weights * losses.mean(axis=1)).mean(), weights[:, None] * slopes / z.size
    y_w = y * label_weights
    if loss == "bce":  # one score, of the second label
        return one_score(z[:, 0], y_w, weights)
    if loss == "softmax":
        log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        losses = -(y_w * log_p).sum(axis=1)
        d = np.exp(log_p) * y_w.sum(axis=1, keepdims=True) - y_w
    elif loss == "perceptron":
        fires = (z >= 0) * 1.0
        losses = (np.where(y > 0, label_weights, 1) * (fires - y) * z).sum(axis=1)
        d = np.where(y > 0, label_weights, 1) * (fires - y)
    else:
        losses = (y_w * softplus(-z) + (1 - y) * softplus(z)).sum(axis=1)
        d = (y_w + 1 - y) * sigmoid(z) - y_w
    return (weights * losses).sum() / n, weights[:, None] * d / n


def run(layers, x, y, loss, activation_l1=0.0, weights=1.0, label_weights=1.0):
    """Return the loss, its parts that are penalties included, and the gradients of everything.

    A layer is a dict: w (inputs x pieces x units), b (pieces x units), activation (None: last),
    shape (list of rows), norm, after, gamma, beta, eps.  The gradients are a list of such dicts;
    the last entry of the answer is the gradient of x.
    """
    n, seen = len(x), []
    h, penalty = x, 0.0
    for layer in layers:
        k, units = layer["w"].shape[1:]
        z = np.einsum("ni,iku->nku", h, layer["w"]) + layer["b"]
        kept = {"h": h}
        flat = z.reshape(n, k * units)
        if layer["norm"] and not layer["after"]:
            flat, kept["hat"], kept["inv"] = normalize(
                flat,
                layer["norm"],
                layer["gamma"].reshape(-1),
                layer["beta"].reshape(-1),
                layer["eps"],
            )
        kept["z"] = z = flat.reshape(n, k, units)
        if layer["activation"] is None:
            h = z[:, 0]
        elif layer["activation"] == "maxout":
            h = z.max(axis=1)
        elif layer["activation"] == "softmax":
            h = softmax(z[:, 0])
        else:
            h = ACTIVATIONS[layer["activation"]][0](z[:, 0], *layer["shape"])
        if layer["norm"] and layer["after"]:
            h, kept["hat"], kept["inv"] = normalize(
                h, layer["norm"], layer["gamma"][0], layer["beta"][0], layer["eps"]
            )
        if layer["activation"] is not None:
            penalty += activation_l1 * np.abs(h).sum() / n
        kept["out"] = h
        seen.append(kept)
    value, d = loss_and_gradient(h, y, loss, weights, label_weights)
    grads = []
    for layer, kept in zip(reversed(layers), reversed(seen), strict=True):
        grad = {}
        z = kept["z"]
        if layer["activation"] is not None:
            d = d + activation_l1 * np.sign(kept["out"]) / n
        if layer["norm"] and layer["after"]:
            d, grad["gamma"], grad["beta"] = normalize_backward(
                d, kept["hat"], kept["inv"], layer["norm"], layer["gamma"][0]
            )
        if layer["activation"] is None:
            dz = d[:, None]
        elif layer["activation"] == "maxout":
            best = z.argmax(axis=1)
            dz = np.where(np.arange(z.shape[1])[:, None] == best[:, None], d[:, None], 0)
        elif layer["activation"] == "softmax":
            dz = softmax_backward(z[:, 0], d)[:, None]
        else:
            _, slope_of, *turns_of = ACTIVATIONS[layer["activation"]]
            slope = slope_of(z[:, 0], *layer["shape"])
            if turns_of:
                turns = turns_of[0](z[:, 0], *layer["shape"])
                grad["shape"] = [(d * turn).sum(axis=0) for turn in turns]
            dz = (d * slope)[:, None]
        if layer["norm"] and not layer["after"]:
            flat, grad["gamma"], grad["beta"] = normalize_backward(
                dz.reshape(n, -1),
                kept["hat"],
                kept["inv"],
                layer["norm"],
                layer["gamma"].reshape(-1),
            )
            dz = flat.reshape(dz.shape)
        grad["w"] = np.einsum("ni,nku->iku", kept["h"], dz)
        grad["b"] = dz.sum(axis=0)
        d = np.einsum("nku,iku->ni", dz, layer["w"])
        grads.append(grad)
    return value + penalty, grads[::-1], d


def moves(name, n, w, gradients, lr):
    """Yield parameters after each step of an optimiser; ``n`` are its ``Numbers``."""
    m, v, u, product = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w), 1.0
    v += n.initial_accumulator

    def root(x):
        return np.sqrt(x + n.eps) if n.eps_inside else np.sqrt(x) + n.eps

    for t, g in enumerate(gradients, 1):
        unbiased1, unbiased2 = 1 - n.beta1**t, 1 - n.beta2**t
        if name in ("sgd", "perceptron"):
            w = w - lr * g
        elif name in ("momentum", "nesterov"):
            m = n.momentum * m + g
            w = w - lr * (m if name == "momentum" else g + n.momentum * m)
        elif name == "adagrad":
            v = v + g**2
            w = w - lr * g / root(v)
        elif name == "rmsprop":
            v = n.rho * v + (1 - n.rho) * g**2
            u = n.rho * u + (1 - n.rho) * g
            m = n.momentum * m + g / root(v - n.centered * u**2)
            w = w - lr * m
        elif name == "adadelta":
            v = n.rho * v + (1 - n.rho) * g**2
            d = g * np.sqrt(u + n.eps) / np.sqrt(v + n.eps)
            u = n.rho * u + (1 - n.rho) * d**2
            w = w - lr * d
        elif name == "adamax":
            m = n.beta1 * m + (1 - n.beta1) * g
            u = np.maximum(n.beta2 * u, np.abs(g) + n.eps)
            w = w - lr / unbiased1 * m / u
        else:
            m = n.beta1 * m + (1 - n.beta1) * g
            v = n.beta2 * v + (1 - n.beta2) * g**2
            below = root(v / unbiased2)
            if name == "nadam":
                now, later = (n.beta1 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in (t, t + 1))
                product *= now
                ahead = (1 - now) / (1 - product) * g + later / (1 - product * later) * m
                w = w - lr * ahead / below
            else:
                w = w - lr * m / unbiased1 / below
        yield w


def soft_threshold(w, t):
    """Return the minimum over x of (x - w)**2 / 2 + t |x|: the proximal step of an L1 penalty."""
    return np.sign(w) * np.maximum(np.abs(w) - t, 0)


def nearest_in_l1_ball(w, limit):
    """Return the point nearest to w of those whose absolutes sum to at most ``limit``.

    Duchi et al. (2008), figure 1: by sorting.
    """
    if np.abs(w).sum() <= limit:
        return w
    mu = np.sort(np.abs(w))[::-1]
    over = (np.cumsum(mu) - limit) / np.arange(1, len(w) + 1)
    rho = np.flatnonzero(mu > over)[-1]
    return soft_threshold(w, over[rho])


def is_right(z, labels):
    """Return whether the label with the largest score is one of an example's."""
    return int(np.argmax(z)) in set(labels)

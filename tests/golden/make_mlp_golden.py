"""Make mlp_torch.json of this folder with PyTorch.

Small perceptrons, each with ten steps of an optimiser in float64: where they start, the loss of
each batch before its step, and where they end.  Run it with a Python that has PyTorch 2.13
(the CPU build will do)::

    python tests/golden/make_mlp_golden.py

``config`` of a case is what ``MlpArgs`` takes.  Examples and starting values are multiples of
1/1024 (of 1/64, those of normalisations), which float32 holds as they are; what PyTorch found is
rounded to ten digits.
"""

import json
import random
import re
from pathlib import Path

import torch
from torch import nn

FILE = Path(__file__).resolve().parent / "mlp_torch.json"
N_EXAMPLES, N_IN, N_LABELS, BATCH, STEPS = 24, 5, 3, 8, 10

# What every case says of itself unless it says something else.
COMMON = {
    "hidden": "7",
    "activation": "tanh",
    "batch_size": BATCH,
    "epoch": 4,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "eps": 1e-8,
}
ADAM = {"optimizer": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999}
SGD = {"optimizer": "sgd", "lr": 0.1}
MOMENTUM = {"optimizer": "momentum", "lr": 0.05, "momentum": 0.9}
RMSPROP = {"optimizer": "rmsprop", "lr": 0.01, "rho": 0.9}

OPTIMIZERS = {
    "sgd": SGD,
    "momentum": MOMENTUM,
    "nesterov": {**MOMENTUM, "optimizer": "nesterov"},
    "adagrad": {"optimizer": "adagrad", "lr": 0.05, "eps": 1e-10, "initial_accumulator": 0.0},
    "adagrad from 0.1": {"optimizer": "adagrad", "lr": 0.1, "initial_accumulator": 0.1},
    "rmsprop": RMSPROP,
    "rmsprop centered": {**RMSPROP, "centered": True},
    "rmsprop momentum": {**RMSPROP, "lr": 0.002, "momentum": 0.9},
    "rmsprop centered momentum": {**RMSPROP, "lr": 0.002, "momentum": 0.9, "centered": True},
    "adadelta": {"optimizer": "adadelta", "lr": 1.0, "rho": 0.9, "eps": 1e-6},
    "adam": ADAM,
    "adam other betas": {**ADAM, "beta1": 0.8, "beta2": 0.95, "eps": 1e-4},
    "adamw": {**ADAM, "optimizer": "adamw", "weight_decay": 0.1},
    "adamax": {**ADAM, "optimizer": "adamax"},
    "nadam": {**ADAM, "optimizer": "nadam"},
    "nadam other betas": {
        "optimizer": "nadam",
        "lr": 0.2,  # large enough that its schedule of momentum shows
        "beta1": 0.8,
        "beta2": 0.95,
        "eps": 1e-4,
    },
}


class Apl(nn.Module):
    """Adaptive piecewise linear units: PyTorch differentiates the sum of its own ReLUs."""

    def __init__(self, hinges, n=7):
        super().__init__()
        rng, self.hinges = random.Random(3), int(hinges)
        sizes = [0.5] * self.hinges * n + [1.0] * self.hinges * n
        start = [round((2 * rng.random() - 1) * size * 1024) / 1024 for size in sizes]
        self.shape = nn.Parameter(torch.tensor(start, dtype=torch.float64))

    def forward(self, x):
        rows = self.shape.reshape(2, self.hinges, -1)
        return torch.relu(x) + sum(a * torch.relu(b - x) for a, b in zip(*rows, strict=True))


class Function(nn.Module):
    """A function of PyTorch's operations, which it differentiates itself."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def isrlu(alpha):
    below = lambda x: x / torch.sqrt(1 + alpha * x * x)  # noqa: E731
    return Function(lambda x: torch.where(x > 0, x, below(x)))


def sqnl(x):
    t = torch.clamp(x, -2, 2)
    return t - torch.sign(t) * t * t / 4


def sq_rbf(x):
    a = x.abs()
    far = torch.clamp(2 - a, min=0) ** 2 / 2
    return torch.where(a <= 1, 1 - x * x / 2, far)


# name: PyTorch's module of the parameters after the name, the factor of the weights that start
# (a larger one for functions whose corners are far apart)
ACTIVATIONS = {
    "sigmoid": (nn.Sigmoid, 1),
    "hard-sigmoid": (nn.Hardsigmoid, 4),
    "tanh": (nn.Tanh, 1),
    "softsign": (nn.Softsign, 1),
    "softplus": (nn.Softplus, 1),
    "relu": (nn.ReLU, 1),
    "relu6": (nn.ReLU6, 8),
    "leaky-relu:0.2": (nn.LeakyReLU, 1),
    "prelu:0.25": (lambda alpha: nn.PReLU(7, alpha, dtype=torch.float64), 1),
    "elu:0.7": (nn.ELU, 1),
    "selu": (nn.SELU, 1),
    "gelu": (nn.GELU, 1),
    "silu": (nn.SiLU, 1),
    "mish": (nn.Mish, 1),
    "hard-tanh": (nn.Hardtanh, 2),
    "identity": (nn.Identity, 1),
    "maxout:1": (lambda pieces: nn.Identity(), 1),
    "isrlu:1.5": (isrlu, 1),
    "apl:2": (Apl, 1),
    "softmax": (lambda: nn.Softmax(dim=1), 2),
    "sqnl": (lambda: Function(sqnl), 3),
    "arsinh": (lambda: Function(torch.asinh), 1),
    "sq-rbf": (lambda: Function(sq_rbf), 2),
}
CORNERS = {
    "hard-sigmoid": (-3, 3),
    "sqnl": (-2, 2),
    "sq-rbf": (-2, 2),
    "relu6": (0, 6),
    "hard-tanh": (-1, 1),
    "relu": (0, 0),
}

NORMS = {
    f"{norm} norm {position}, {name}": {"norm": norm, "norm_position": position, **rule}
    for norm in ("batch", "layer")
    for position in ("before", "after")
    for name, rule in (("momentum", MOMENTUM), ("adam", ADAM))
}
NORMS["batch norm after, other numbers"] = {
    **NORMS["batch norm after, momentum"],
    "norm_momentum": 0.3,
    "norm_eps": 0.01,
}
# With batch norm before the activation, the gradients of biases are 0 but for rounding errors.
# Adam would make whole steps of those, in directions that nobody can foretell; not with this eps.
BATCH_ADAM = {**ADAM, "norm": "batch", "norm_position": "before", "eps": 0.01}
NORMS["batch norm before, adam"] = BATCH_ADAM

# Limits are such that some of the steps, or some of the gradients, are clipped and some are not.
LEARNED = {**SGD, "norm": "layer", "activation": "prelu:0.25"}
PENALTIES = {
    "clip norm": {**SGD, "clip_norm": 0.75},
    "clip norm, with layer norm and prelu": {**LEARNED, "clip_norm": 1.1},
    "clip value": {**SGD, "clip_value": 0.05},
    "clip value, with layer norm and prelu": {**LEARNED, "clip_value": 0.05},
    "l2": {**SGD, "l2": 0.05},
    "l2, with layer norm and prelu": {**LEARNED, "l2": 0.05},
}

# More columns than a vector has: threads have columns of their own here.
WIDE = {
    f"wide, {name}": {"hidden": "35,20", **config}
    for name, config in {
        "momentum": MOMENTUM,
        "adam, batch norm before": BATCH_ADAM,
        "sgd, layer norm after, clip norm": {
            **SGD,
            "norm": "layer",
            "norm_position": "after",
            "clip_norm": 3.2,
        },
    }.items()
}

CASES = {
    "optimizer": OPTIMIZERS,
    "activation": {name: {**ADAM, "activation": name} for name in ACTIVATIONS},
    "norm": NORMS,
    "penalty": PENALTIES,
    "wide": WIDE,
    "one output unit": {
        "bce": {**ADAM, "loss": "bce"},
        "bce, label smoothing": {**MOMENTUM, "loss": "bce", "label_smoothing": 0.1},
    },
}


def uniform(rng, shape, size, unit=1024):
    """Return random numbers from -size to size, multiples of 1 / unit."""
    n = torch.Size(shape).numel()
    numbers = [round((2 * rng.random() - 1) * size * unit) / unit for _ in range(n)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def examples():
    """Return the examples and the label of each."""
    rng = random.Random(1)
    x = uniform(rng, (N_EXAMPLES, N_IN), 2.0)
    return x, torch.tensor([int(rng.random() * N_LABELS) for _ in range(N_EXAMPLES)])


class Hidden(nn.Module):
    """A hidden layer: a linear function, and an activation with a norm on either side, or none."""

    def __init__(self, n_in, n, args):
        super().__init__()
        _, *values = args["activation"].split(":")
        self.linear = nn.Linear(n_in, n, dtype=torch.float64)
        self.activation = ACTIVATIONS[args["activation"]][0](*map(float, values))
        self.norm, eps = None, args.get("norm_eps", 1e-5)
        if args.get("norm") == "batch":
            momentum = args.get("norm_momentum", 0.1)
            self.norm = nn.BatchNorm1d(n, eps=eps, momentum=momentum, dtype=torch.float64)
        elif args.get("norm") == "layer":
            self.norm = nn.LayerNorm(n, eps=eps, dtype=torch.float64)
        self.is_after = args.get("norm_position") == "after"

    def forward(self, x):
        x = self.linear(x)
        if self.norm is not None and not self.is_after:
            x = self.norm(x)
        x = self.activation(x)
        return self.norm(x) if self.norm is not None and self.is_after else x


def network(args):
    """Return a network that starts from seeded numbers."""
    widths = [N_IN, *map(int, args["hidden"].split(","))]
    layers = [Hidden(widths[i], widths[i + 1], args) for i in range(len(widths) - 1)]
    n_outputs = 1 if args.get("loss") == "bce" else N_LABELS
    model = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs, dtype=torch.float64))
    rng, gain = random.Random(2), ACTIVATIONS[args["activation"]][1]
    with torch.no_grad():
        for layer in model:
            linear = layer.linear if isinstance(layer, Hidden) else layer
            factor = gain if isinstance(layer, Hidden) else 1
            size = 1.5 / linear.in_features**0.5
            linear.weight[:] = uniform(rng, linear.weight.shape, size) * factor
            linear.bias[:] = uniform(rng, linear.bias.shape, size) * factor
            if isinstance(layer, Hidden) and layer.norm is not None:
                layer.norm.weight[:] = 1 + uniform(rng, layer.norm.weight.shape, 0.5, 64)
                layer.norm.bias[:] = uniform(rng, layer.norm.bias.shape, 0.5, 64)
    return model


def tensors(model):
    """Return the numbers of a network by the names, and in the order, that fastcli gives them."""
    found = {}
    for i, layer in enumerate(model):
        linear = layer.linear if isinstance(layer, Hidden) else layer
        found[f"layers.{i}.weight"] = linear.weight.T
        found[f"layers.{i}.bias"] = linear.bias
        if isinstance(layer, Hidden):
            if layer.norm is not None:
                found[f"layers.{i}.gamma"] = layer.norm.weight
                found[f"layers.{i}.beta"] = layer.norm.bias
            if isinstance(layer.norm, nn.BatchNorm1d):
                found[f"layers.{i}.running_mean"] = layer.norm.running_mean
                found[f"layers.{i}.running_var"] = layer.norm.running_var
            if isinstance(layer.activation, nn.PReLU):
                found[f"layers.{i}.shape"] = layer.activation.weight
            if isinstance(layer.activation, Apl):
                found[f"layers.{i}.shape"] = layer.activation.shape
    return {name: rounded(tensor.reshape(-1).tolist()) for name, tensor in found.items()}


def optimizer(args, model):
    """Return PyTorch's optimiser; weight decay, of either kind, is for weights of layers only."""
    weights = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    name, lr, eps, momentum = args["optimizer"], args["lr"], args["eps"], args["momentum"]
    decay = args["weight_decay"] if name == "adamw" else args.get("l2", 0.0)
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    if name in ("sgd", "momentum", "nesterov"):
        return torch.optim.SGD(groups, lr, momentum, nesterov=name == "nesterov")
    if name == "adagrad":
        start = args["initial_accumulator"]
        return torch.optim.Adagrad(groups, lr, eps=eps, initial_accumulator_value=start)
    if name == "rmsprop":
        centered = args.get("centered", False)
        return torch.optim.RMSprop(groups, lr, args["rho"], eps, 0.0, momentum, centered)
    if name == "adadelta":
        return torch.optim.Adadelta(groups, lr, args["rho"], eps)
    betas = args["beta1"], args["beta2"]
    if name == "nadam":
        return torch.optim.NAdam(groups, lr, betas, eps, momentum_decay=0.004)
    rules = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "adamax": torch.optim.Adamax}
    return rules[name](groups, lr, betas, eps)


def loss_of(args, scores, labels):
    """Return PyTorch's loss; that of one output is for two labels, the third being the first."""
    if args.get("loss") != "bce":
        return nn.functional.cross_entropy(scores, labels)
    eps, second = args.get("label_smoothing", 0.0), labels % 2 == 1
    targets = torch.where(second, 1 - eps, eps).double()
    return nn.functional.binary_cross_entropy_with_logits(scores[:, 0], targets)


def train(args):
    """Return a case: its arguments, where it starts, the losses of its steps, where it ends."""
    x, labels = examples()
    model = network(args)
    start, losses, clipped = tensors(model), [], []
    check_corners(args, model, x)
    rule = optimizer(args, model)
    for step in range(STEPS):
        first = step * BATCH % N_EXAMPLES
        rule.zero_grad()
        scores = model(x[first : first + BATCH])
        loss = loss_of(args, scores, labels[first : first + BATCH])
        loss.backward()
        if "clip_norm" in args:
            length = nn.utils.clip_grad_norm_(model.parameters(), args["clip_norm"])
            clipped.append(bool(length > args["clip_norm"]))
        if "clip_value" in args:
            grads = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
            clipped += (grads.abs() > args["clip_value"]).tolist()
            nn.utils.clip_grad_value_(model.parameters(), args["clip_value"])
        losses.append(loss.item())
        rule.step()
    assert not clipped or 0 < sum(clipped) < len(clipped), "clips everything, or nothing"
    return {
        "config": args,
        "start": start,
        "losses": rounded(losses),
        "final": tensors(model),
    }


def check_corners(args, model, x):
    """Raise AssertionError unless there are examples on all sides of an activation's corners."""
    if args["activation"] in CORNERS and "norm" not in args:
        low, high = CORNERS[args["activation"]]
        z = model[0].linear(x)
        shares = [float((part).double().mean()) for part in (z < low, z > high)]
        assert min(shares) > 0.03, (args["activation"], shares)


def rounded(numbers):
    """Return numbers with ten digits."""
    return [float(f"{number:.10g}") for number in numbers]


def make():
    """Return all that the file holds."""
    x, labels = examples()
    return {
        "examples": x.tolist(),
        "labels": labels.tolist(),
        "cases": {
            group: {name: train({**COMMON, **config}) for name, config in cases.items()}
            for group, cases in CASES.items()
        },
    }


def text_of(made):
    """Return the file's text, with a line for each list of numbers."""
    text = json.dumps(made, indent=1)
    return re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = make()
    text = text_of(made)
    assert json.loads(text) == made
    FILE.write_text(text, encoding="utf-8")
    print(f"{sum(map(len, made['cases'].values()))} cases, {len(text):,} bytes")

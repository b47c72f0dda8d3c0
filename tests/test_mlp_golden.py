"""Ten steps of PyTorch's, taken by fastcli; golden/make_mlp_golden.py made them.

PyTorch's steps are in float64, ours in float32.
"""

import json

import numpy as np
import pytest

from fastcli.mlp import trainer as training
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.examples import of_dense
from fastcli.mlp.network import Network, loss_code, stride
from fastcli.optimizers import OPTIMIZERS, PERCEPTRON, Steps
from tests.command import GOLDEN

FOUND = json.loads((GOLDEN / "mlp_torch.json").read_text(encoding="utf-8"))
CASES = {
    f"{group}: {name}": case
    for group, cases in FOUND["cases"].items()
    for name, case in cases.items()
}
RELATIVE, ABSOLUTE = 3e-6, 1e-7


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


def ten_steps(case, n_threads, monkeypatch):
    """Return the trainer of a case after its steps, with the mean loss of each."""
    args = MlpArgs(**case["config"], thread=n_threads).resolved()
    args.check_values()
    x = np.array(FOUND["examples"], np.float32)
    labels, offsets = np.array(FOUND["labels"], np.int32), np.arange(len(x) + 1)
    if args.loss == "bce":
        labels %= 2
    examples = of_dense(x, stride(x.shape[1]), labels, offsets)
    loss = loss_code(args.loss, examples.has_several)
    n_labels = int(labels.max()) + 1
    network = Network(args, x.shape[1], n_labels, False, loss, args.batch_size, n_threads)
    network.start(0)
    tensors = network.tensors()
    for name, values in case["start"].items():
        tensors[name][:] = np.reshape(values, tensors[name].shape)
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    trainer = training.Trainer(args, network, examples, None, np.zeros(1, np.float32), 0)
    assert trainer.n_threads == n_threads
    monkeypatch.setattr(trainer, "_order", lambda epoch: np.arange(examples.n))
    trainer.transpose()
    numbers, losses = Steps(args.hyperparameters()), []
    for step in range(len(case["losses"])):
        batches = trainer._batches_of(step, step + 1)
        rows = numbers.next(trainer._rates(step, step + 1))
        found, _ = trainer._steps(batches, step, step + 1, rows)
        losses.append(found[batches.start(step) : batches.start(step + 1)].mean())
    return trainer, losses


def test_losses_and_weights(case, monkeypatch):
    trainer, losses = ten_steps(case, 1, monkeypatch)
    np.testing.assert_allclose(losses, case["losses"], rtol=RELATIVE, atol=0)
    for name, values in case["final"].items():
        ours = trainer.network.tensors()[name].astype(np.float64).reshape(-1)
        distance, length = np.linalg.norm(ours - values), np.linalg.norm(values)
        assert distance <= RELATIVE * length + ABSOLUTE, (name, distance, length)


def test_all_that_training_moves_is_compared(case, monkeypatch):
    trainer, _ = ten_steps(case, 1, monkeypatch)
    network = trainer.network
    moving = set(network.tensors())
    for i, layer in enumerate(network.layers[:-1]):
        if not layer.activation.activation.learned:
            moving.discard(f"layers.{i}.shape")
    assert set(case["start"]) == set(case["final"]) == moving


def test_two_threads_take_the_same_steps(case, monkeypatch):
    one, losses = ten_steps(case, 1, monkeypatch)
    two, again = ten_steps(case, 2, monkeypatch)
    assert losses == again
    for name in ("params", "running"):
        ours, ref = getattr(two.network, name), getattr(one.network, name)
        assert ours.tobytes() == ref.tobytes(), name
    assert two.states.tobytes() == one.states.tobytes()


def test_all_optimizers_are_there():
    known = set(OPTIMIZERS) - {PERCEPTRON}  # which PyTorch does not have
    assert {case["config"]["optimizer"] for case in CASES.values()} == known

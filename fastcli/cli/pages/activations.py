"""The page on activations: words to the rows of the table, and curves from training's own code."""

from __future__ import annotations

from functools import partial

from fastcli.cli.pages import Curve, Entry, Page, Words, facts_of
from fastcli.mlp.activations import ACTIVATIONS, Activation

TITLE = "Activation functions: mlp-train --activation NAME, or one for each layer: relu,tanh"
INTRO = (
    "A unit adds up its weighted inputs and a bias, z = w x + b, and gives f(z) to the next layer. "
    "f has to be curved: layers of linear units, however many, are one linear function of the "
    "input, and cannot learn XOR. Backpropagation multiplies by f'(z) in every layer, so where "
    "f' is near 0 nothing is learned. Numbers of a function follow its name: leaky-relu:0.2."
)
POINTS = 161  # of a curve
USUAL = (-4.0, 4.0)
WIDE = {"relu6": (-3.0, 9.0), "sinc": (-12.0, 12.0), "sine": (-6.5, 6.5)}
# Where the parameters that a unit starts from would show a straight line or plain ReLU.
SHOWN = {
    "apl": (0.5, -0.4, 0.0, -2.0),
    "soft-exponential": (0.5,),
    "srelu": (-1.0, 0.2, 1.0, 0.4),
}

WORDS = {
    "identity": Words(
        derivative="1",
        why="No activation at all: the unit of linear regression, for comparison.",
        good="Gradients pass unchanged; nothing saturates.",
        bad="Layers of it collapse: W2 (W1 x) = (W2 W1) x is one layer, so depth adds nothing.",
    ),
    "sigmoid": Words(
        derivative="f (1 - f), at most 1/4",
        why="The perceptron's step has no useful derivative; this is a smooth step from 0 to 1, "
        "with which backpropagation became possible.",
        good="Bounded, smooth, and readable as a probability: right for the output of a yes or no.",
        bad="Every layer multiplies gradients by 1/4 or less, so they vanish in deep networks; far "
        "from 0 a unit is saturated and learns nothing. Outputs are all positive, so the weights "
        "of a unit above it move in one direction together, for one example. e^x takes time.",
        title="Learning Representations by Back-Propagating Errors",
    ),
    "hard-sigmoid": Words(
        derivative="1/6 between -3 and 3, 0 beyond (and at both)",
        why="A sigmoid of three straight pieces, for small processors and low precision.",
        good="Cheap: no exponential; bounded as the sigmoid is.",
        bad="Exactly no gradient beyond -3 and 3, a small one between; not centred at 0.",
        title="Searching for MobileNetV3",
    ),
    "tanh": Words(
        derivative="1 - f^2, at most 1",
        why="The sigmoid shifted and stretched, 2 sigmoid(2x) - 1, so that outputs have mean 0, "
        "which speeds up gradient descent.",
        good="Centred at 0, and close to x near 0: usually better than sigmoid in hidden layers.",
        bad="Saturates on both sides, so gradients still vanish in deep networks; e^x takes time.",
        title="Efficient BackProp",
    ),
    "arctan": Words(
        derivative="1 / (1 + x^2)",
        why="Another S-shape, whose ends flatten slowly.",
        good="Centred at 0; far from 0 the gradient falls as 1 / x^2, not as e^-x.",
        bad="Saturates; bounds of +-pi/2 are no natural scale.",
    ),
    "softsign": Words(
        derivative="1 / (1 + |x|)^2",
        why="From a model of neurons in the visual cortex, as a gentler tanh.",
        good="Centred at 0, no exponential, and saturates slowly, so that units recover.",
        bad="Still bounded: gradients shrink from layer to layer.",
        title="Quadratic Polynomials Learn Better Image Features",
    ),
    "softplus": Words(
        derivative="sigmoid(x)",
        why="A smooth function that is always positive and rises everywhere, made for prices "
        "that theory says are so; later seen as a smooth ReLU.",
        good="Differentiable everywhere; no unit is ever quite dead.",
        bad="Never 0, so nothing is sparse; not centred; slower than ReLU and seldom better.",
        title="Incorporating Second-Order Functional Knowledge for Better Option Pricing",
    ),
    "relu": Words(
        derivative="1 above 0, 0 below (and at 0)",
        why="Proposed for restricted Boltzmann machines, as an approximation to many binary units "
        "that share weights. In deep networks, which sigmoids kept from learning, a unit that is "
        "linear wherever it is on passes gradients whole.",
        good="No vanishing gradients where units are on; cheap; about half the outputs are 0, "
        "a sparse code. Trains several times faster than tanh.",
        bad="A unit that is below 0 for every example has no gradient any more: it is dead. Too "
        "large a learning rate kills many. Outputs are not centred at 0.",
        title="Rectified Linear Units Improve Restricted Boltzmann Machines; Deep Sparse Rectifier "
        "Neural Networks",
    ),
    "relu6": Words(
        derivative="1 between 0 and 6, 0 beyond (and at both)",
        why="ReLU with a ceiling, so that a unit cannot answer with any size; it suits arithmetic "
        "of few bits.",
        good="Bounded, cheap, sparse.",
        bad="No gradient below 0 nor above 6; the ceiling rarely helps in float32.",
        title="Convolutional Deep Belief Networks on CIFAR-10",
    ),
    "leaky-relu": Words(
        derivative="1 above 0, alpha below",
        why="To keep ReLU's units from dying: a small slope below 0 lets them come back.",
        good="No dead units; as cheap as ReLU.",
        bad="Better than ReLU on some tasks, not on all; alpha has to be chosen.",
        title="Rectifier Nonlinearities Improve Neural Network Acoustic Models",
    ),
    "prelu": Words(
        derivative="1 above 0, alpha below; by alpha: x below 0",
        why="The slope of leaky ReLU is a guess; here every unit learns its own.",
        good="No dead units, no slope to choose; few more parameters.",
        bad="May overfit small data; penalties do not apply to alpha.",
        title="Delving Deep into Rectifiers",
    ),
    "rrelu": Words(
        derivative="1 above 0, a below",
        why="A leaky slope drawn anew in training makes a network robust, as noise does.",
        good="Regularises: in its paper it helped on small image data, where others overfit.",
        bad="Training is noisier; predictions use the mean slope, which was never trained as such.",
        title="Empirical Evaluation of Rectified Activations in Convolution Network",
    ),
    "elu": Words(
        derivative="1 above 0, alpha e^x below",
        why="ReLU's outputs are never negative; a smooth tail down to -alpha brings their mean "
        "near 0, as batch norm would.",
        good="No dead units, outputs centred near 0, robust where it saturates on the left.",
        bad="e^x takes time; in practice not reliably better than ReLU.",
        title="Fast and Accurate Deep Network Learning by Exponential Linear Units",
    ),
    "selu": Words(
        derivative="1.0507 above 0, 1.7581 e^x below",
        why="Its two constants are chosen so that mean 0 and variance 1 are a fixed point: layers "
        "normalise themselves, without batch norm.",
        good="Deep plain networks train; nothing dies.",
        bad="Holds only for plain layers with lecun-normal weights, standardised input and no "
        "usual dropout.",
        title="Self-Normalizing Neural Networks",
    ),
    "gelu": Words(
        derivative="Phi(x) + x phi(x), the normal distribution and its density",
        why="Dropout multiplies by 0 or 1 at random; here x is multiplied by the chance that a "
        "normal number is below it.",
        good="Smooth; usual in transformers (BERT, GPT).",
        bad="Costs more than ReLU; not monotonic, near -0.75 it turns; little gain in small "
        "networks.",
        title="Gaussian Error Linear Units",
    ),
    "silu": Words(
        derivative="s (1 + x (1 - s)), s = sigmoid(x)",
        why="x weighted by its own sigmoid; proposed for reinforcement learning, and found again "
        "as Swish by a search over formulas.",
        good="Smooth, no dead units; often better than ReLU in deep networks.",
        bad="e^x takes time; not monotonic; on small tables it may be worse.",
        title="Sigmoid-Weighted Linear Units for Neural Network Function Approximation in "
        "Reinforcement Learning",
    ),
    "mish": Words(
        derivative="t + x (1 - t^2) sigmoid(x), t = tanh(softplus(x))",
        why="Swish's shape with a slightly smoother tail, found by experiment.",
        good="Smooth, unbounded above, no dead units; good on image data.",
        bad="The most costly of this family; differences from silu are small.",
        title="Mish: A Self Regularized Non-Monotonic Activation Function",
    ),
    "maxout": Words(
        derivative="1 for the piece that is largest, 0 for the others",
        why="Instead of choosing a function, learn one: the largest of k linear functions can "
        "form any convex one. Made to go with dropout.",
        good="Does not saturate and has no dead units; ReLU and |x| are special cases (k = 2).",
        bad="k times the weights and the work of a layer; with k = 1 it is linear.",
        title="Maxout Networks",
    ),
    "binary-step": Words(
        derivative="0",
        why="The perceptron of 1958 copied the neuron that fires or not.",
        good="Shows how it began; one layer of it can be taught by the perceptron's own rule.",
        bad="Its derivative is 0, so backpropagation cannot train the layers before it.",
        title="The Perceptron: A Probabilistic Model for Information Storage and Organization in "
        "the Brain",
    ),
    "hard-tanh": Words(
        derivative="1 between -1 and 1, 0 beyond (and at both)",
        why="A tanh of three straight pieces, for speed.",
        good="Cheap, centred at 0.",
        bad="Exactly no gradient beyond -1 and 1.",
        title="Large Scale Machine Learning",
    ),
    "isru": Words(
        derivative="(1 / sqrt(1 + alpha x^2))^3",
        why="An S-shape whose only costly part is an inverse root, which processors do fast.",
        good="Centred at 0; cheaper than tanh; alpha sets the bounds, +-1 / sqrt(alpha).",
        bad="Saturates as tanh does.",
        title="Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)",
    ),
    "bent-identity": Words(
        derivative="x / (2 sqrt(x^2 + 1)) + 1, between 1/2 and 3/2",
        why="A line with a bend: curved, but never flat.",
        good="No saturation and no dead units.",
        bad="Nearly linear, so a layer adds little; gradients may grow by 3/2 in each.",
    ),
    "srelu": Words(
        derivative="left up to low, 1 between, right from high on",
        why="Laws of perception (Weber and Fechner, Stevens) are S-shaped; here every unit learns "
        "where it bends, and how steep it is on both sides.",
        good="Can take convex and other shapes; ReLU and leaky ReLU are special cases.",
        bad="Four more parameters for each unit, which may overfit.",
        title="Deep Learning with S-shaped Rectified Linear Activation Units",
    ),
    "soft-exponential": Words(
        derivative="1 / (1 - a (x + a)) for a < 0, 1 for 0, e^(a x) above",
        why="One formula from logarithm over line to exponential, so that units may learn to add "
        "or to multiply.",
        good="Starts as a line (a = 0) and bends only where that helps.",
        bad="Exponentials of exponentials overflow; the logarithm has a pole: needs small rates.",
        title="A Continuum among Logarithmic, Linear, and Exponential Functions",
    ),
    "sine": Words(
        derivative="cos(x)",
        why="Sums of sines make any periodic function, as Fourier showed.",
        good="Right where the data are periodic; never saturates.",
        bad="Many minima: training can get stuck, and mostly uses the middle, where it is like "
        "tanh.",
        title="Taming the Waves: Sine as Activation Function in Deep Neural Networks",
    ),
    "sinc": Words(
        derivative="cos(x) / x - sin(x) / x^2, 0 at 0",
        why="The ideal low-pass filter of signal theory, as a unit.",
        good="A peak in the middle and ripples: local, as gaussian is.",
        bad="Gradients change sign all the time and fall as 1 / x: hard to train.",
    ),
    "gaussian": Words(
        derivative="-2 x e^(-x^2)",
        why="The bell of radial units, which answer to what is near a prototype.",
        good="Local: outputs are about 0 far away.",
        bad="Far from 0 there is no gradient at all, so units that start far never come near.",
        title="Multivariable Functional Interpolation and Adaptive Networks",
    ),
    "isrlu": Words(
        derivative="1 above 0, (1 / sqrt(1 + alpha x^2))^3 below",
        why="ELU's idea with an inverse root in place of e^x.",
        good="As ELU: no dead units, mean near 0; cheaper, and twice differentiable at 0.",
        bad="Seldom used; gains over ELU are in speed alone.",
        title="Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)",
    ),
    "apl": Words(
        derivative="1 above 0, less a for each hinge where x < b",
        why="To learn the function itself: a sum of s hinges is any piecewise linear one that "
        "is the identity far to the right.",
        good="Not only convex shapes, unlike maxout; starts as ReLU.",
        bad="2 s more parameters for each unit; corners in unlucky places.",
        title="Learning Activation Functions to Improve Deep Neural Networks",
    ),
    "softmax": Words(
        derivative="p_i (1 - p_i) by its own z, -p_i p_j by another unit's",
        why="To make scores into probabilities that sum to 1; as a hidden layer it divides "
        "attention among its units.",
        good="Units compete: a soft choice of one of them.",
        bad="Depends on all units of the layer; saturates, and passes little gradient. For the "
        "output layer it is the loss softmax that does this.",
        title="Probabilistic Interpretation of Feedforward Classification Network Outputs",
    ),
    "sqnl": Words(
        derivative="1 - |x| / 2 between -2 and 2, 0 beyond",
        why="A tanh made of one square, for processors where e^x is expensive.",
        good="Cheap, centred at 0, with a linear derivative.",
        bad="Exactly no gradient beyond -2 and 2.",
        title="SQNL: A New Computationally Efficient Activation Function",
    ),
    "arsinh": Words(
        derivative="1 / sqrt(x^2 + 1)",
        why="Linear near 0 and logarithmic far away, on both sides.",
        good="Centred at 0, unbounded: it flattens slowly and never saturates quite.",
        bad="Outputs may grow; logarithm and root take time.",
    ),
    "sq-rbf": Words(
        derivative="-x for |x| up to 1, x - 2 sign(x) up to 2, 0 beyond",
        why="gaussian made of squares, for processors where e^x is expensive.",
        good="Cheap and local.",
        bad="Exactly 0 beyond -2 and 2, values and gradients: units that start there stay there.",
        title="Computationally Efficient Radial Basis Function",
    ),
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(one) for one in ACTIVATIONS.values()])


def _entry(one: Activation) -> Entry:
    numbers = ", ".join(f"{p.name} {p.default:.4g}" for p in one.parameters)
    facts = facts_of(WORDS[one.name], one.source, numbers=numbers, weights=f"--init {one.init}")
    return Entry(
        name=one.name,
        formula=one.formula,
        facts=facts,
        aliases=one.aliases,
        curves=partial(curves, one.name),
    )


def curves(name: str) -> list[Curve]:
    """Return the curves of an activation and of its derivative, as training computes them."""
    from fastcli.mlp.curves import activation_points

    low, high = WIDE.get(name, USUAL)
    shown = ""
    if name == "maxout":
        shown = ", pieces x and -x / 2"
    elif name == "softmax":
        shown = ", of two units, the other at 0"
    elif name in SHOWN:
        shown = f", at {', '.join(f'{value:g}' for value in SHOWN[name])}"
    x = [low + (high - low) * k / (POINTS - 1) for k in range(POINTS)]
    values, slopes = activation_points(name, x, SHOWN.get(name, ()))
    return [
        Curve(title=f"f(x){shown}", low=low, high=high, values=values),
        Curve(title="f'(x)", low=low, high=high, values=slopes),
    ]

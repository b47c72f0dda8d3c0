"""The table of activation functions: one row each, of names and numbers only.

It imports no code, so that whatever only needs the names (help, completion) stays light.  The
functions that it names are in ``activation_functions.py`` or ``base/functions.py``; the kernels
made of them are in ``activations.py``.
"""

from __future__ import annotations

from typing import NamedTuple


class Parameter(NamedTuple):
    """A parameter of an activation: its default and its minimum."""

    name: str
    default: float
    minimum: float = float("-inf")


class Activation(NamedTuple):
    """A row of the table.

    ``value`` and ``slope`` name functions ``(x, *parameters) -> f32`` of a pre-activation x and
    the parameters of its unit, or ``(x, *constants) -> f32``; the slope at a corner is PyTorch's: 0
    at both bounds of clamped ones (relu6, hard-tanh, hard-sigmoid), else that of the left side.
    ``source`` is "" where nobody proposed the function.
    ``learned`` names a function ``(x, d, grads, row, *parameters)`` that adds ``d`` times the
    derivative by parameter j to ``grads[j * row]``; with it training moves the parameters, of
    which every unit has its own.  Where ``value`` is None ``activations.py`` has special kernels.
    """

    name: str
    formula: str
    source: str
    value: str | None  # None: not a function of one number and a few parameters
    slope: str | None  # None: 0 everywhere
    learned: str | None = None  # None: the parameters stay as they are given
    parameters: tuple[Parameter, ...] = ()
    constants: tuple[float, ...] = ()  # what the functions take where there are no parameters
    scale: float = 1.0  # what values and slopes are multiplied by
    aliases: tuple[str, ...] = ()
    init: str = "xavier-uniform"  # the initialisation that suits it
    is_random: bool = False  # units have one parameter, drawn in training from [first, second]
    saturates: tuple[float, float] | None = None  # bounds of its values, where gradients vanish
    rectifies: bool = False  # 0 for all x below 0, so that units can die
    couples: bool = False  # a unit's value depends on all units of the layer

    @property
    def defaults(self) -> tuple[float, ...]:
        """The parameters unless given."""
        return tuple(one.default for one in self.parameters)


ACTIVATIONS = {
    one.name: one
    for one in (
        Activation(
            name="identity",
            formula="x",
            source="",
            value="identity",
            slope="identity_slope",
            aliases=("linear", "none"),
        ),
        Activation(
            name="sigmoid",
            formula="1 / (1 + e^-x)",
            source="Rumelhart et al. 1986",
            value="logistic",
            slope="logistic_slope",
            aliases=("logistic",),
            saturates=(0.0, 1.0),
        ),
        Activation(
            name="hard-sigmoid",
            formula="min(max(x / 6 + 1/2, 0), 1)",
            source="Howard et al. 2019",
            value="hard_sigmoid",
            slope="hard_sigmoid_slope",
            aliases=("hardsigmoid",),
            saturates=(0.0, 1.0),
        ),
        Activation(
            name="tanh",
            formula="(e^x - e^-x) / (e^x + e^-x)",
            source="LeCun et al. 1998",
            value="tanh",
            slope="tanh_slope",
            saturates=(-1.0, 1.0),
        ),
        Activation(
            name="arctan",
            formula="arctan(x)",
            source="",
            value="arctan",
            slope="arctan_slope",
            aliases=("atan",),
        ),
        Activation(
            name="softsign",
            formula="x / (1 + |x|)",
            source="Bergstra et al. 2009",
            value="softsign",
            slope="softsign_slope",
            saturates=(-1.0, 1.0),
        ),
        Activation(
            name="softplus",
            formula="log(1 + e^x)",
            source="Dugas et al. 2001",
            value="softplus",
            slope="logistic",
            init="he-normal",
        ),
        Activation(
            name="relu",
            formula="max(0, x)",
            source="Nair and Hinton 2010; Glorot et al. 2011",
            value="leaky",
            slope="leaky_slope",
            constants=(0.0,),
            init="he-normal",
            rectifies=True,
        ),
        Activation(
            name="relu6",
            formula="min(max(0, x), 6)",
            source="Krizhevsky 2010",
            value="clamp",
            slope="inside",
            constants=(0.0, 6.0),
            init="he-normal",
            rectifies=True,
        ),
        Activation(
            name="leaky-relu",
            formula="x above 0, alpha x below",
            source="Maas et al. 2013",
            value="leaky",
            slope="leaky_slope",
            parameters=(Parameter("alpha", 0.01),),
            aliases=("leakyrelu",),
            init="he-normal",
        ),
        Activation(
            name="prelu",
            formula="x above 0, alpha x below, alpha learned for each unit",
            source="He et al. 2015",
            value="leaky",
            slope="leaky_slope",
            learned="leaky_learned",
            parameters=(Parameter("alpha", 0.25),),
            init="he-normal",
        ),
        Activation(
            name="rrelu",
            formula="x above 0, a x below; a uniform in [low, high] in training, their mean after",
            source="Xu et al. 2015",
            value="leaky",
            slope="leaky_slope",
            parameters=(Parameter("low", 1 / 8), Parameter("high", 1 / 3)),
            init="he-normal",
            is_random=True,
        ),
        Activation(
            name="elu",
            formula="x above 0, alpha (e^x - 1) below",
            source="Clevert et al. 2016",
            value="elu",
            slope="elu_slope",
            parameters=(Parameter("alpha", 1.0),),
            init="he-normal",
        ),
        Activation(
            name="selu",
            formula="1.0507 x above 0, 1.0507 * 1.67326 (e^x - 1) below",
            source="Klambauer et al. 2017",
            value="elu",
            slope="elu_slope",
            constants=(1.6732632423543772,),
            scale=1.0507009873554805,
            init="lecun-normal",
        ),
        Activation(
            name="gelu",
            formula="x (1 + erf(x / sqrt 2)) / 2",
            source="Hendrycks and Gimpel 2016",
            value="gelu",
            slope="gelu_slope",
            init="he-normal",
        ),
        Activation(
            name="silu",
            formula="x / (1 + e^-x)",
            source="Elfwing et al. 2018",
            value="silu",
            slope="silu_slope",
            aliases=("swish",),
            init="he-normal",
        ),
        Activation(
            name="mish",
            formula="x tanh(log(1 + e^x))",
            source="Misra 2019",
            value="mish",
            slope="mish_slope",
            init="he-normal",
        ),
        Activation(
            name="maxout",
            formula="the largest of k linear functions of the layer's input; k = 1: a linear layer",
            source="Goodfellow et al. 2013",
            value=None,
            slope=None,
            parameters=(Parameter("k", 2),),
            init="he-normal",
        ),
        Activation(
            name="binary-step",
            formula="1 from 0 on, 0 below; derivative 0, so layers before it are not trained",
            source="Rosenblatt 1958",
            value="binary_step",
            slope=None,
            aliases=("step",),
        ),
        Activation(
            name="hard-tanh",
            formula="min(max(x, -1), 1)",
            source="Collobert 2004",
            value="clamp",
            slope="inside",
            constants=(-1.0, 1.0),
            aliases=("hardtanh",),
            saturates=(-1.0, 1.0),
        ),
        Activation(
            name="isru",
            formula="x / sqrt(1 + alpha x^2)",
            source="Carlile et al. 2017",
            value="isru",
            slope="isru_slope",
            parameters=(Parameter("alpha", 1.0, minimum=0.0),),
        ),
        Activation(
            name="isrlu",
            formula="x above 0, x / sqrt(1 + alpha x^2) below",
            source="Carlile et al. 2017",
            value="isrlu",
            slope="isrlu_slope",
            parameters=(Parameter("alpha", 1.0, minimum=0.0),),
            init="he-normal",
        ),
        Activation(
            name="apl",
            formula="max(0, x) + the sum of a max(0, b - x) over s hinges; all a and b learned for "
            "each unit, a from 0, b from -1 to 1",
            source="Agostinelli et al. 2015",
            value=None,
            slope=None,
            learned="apl_learned",
            parameters=(Parameter("s", 2),),
            init="he-normal",
        ),
        Activation(
            name="softmax",
            formula="e^x / the sum of e^x over the units of the layer",
            source="Bridle 1990",
            value=None,
            slope=None,
            couples=True,
        ),
        Activation(
            name="sqnl",
            formula="x - x |x| / 4 within -2 and 2, -1 and 1 beyond",
            source="Wuraola and Patel 2018",
            value="sqnl",
            slope="sqnl_slope",
            saturates=(-1.0, 1.0),
        ),
        Activation(
            name="arsinh",
            formula="log(x + sqrt(x^2 + 1))",
            source="",
            value="arsinh",
            slope="arsinh_slope",
            aliases=("asinh", "arcsinh"),
        ),
        Activation(
            name="sq-rbf",
            formula="1 - x^2 / 2 for |x| up to 1, (2 - |x|)^2 / 2 up to 2, 0 beyond",
            source="Wuraola and Patel 2018",
            value="sq_rbf",
            slope="sq_rbf_slope",
            aliases=("sqrbf",),
        ),
        Activation(
            name="bent-identity",
            formula="(sqrt(x^2 + 1) - 1) / 2 + x",
            source="",
            value="bent",
            slope="bent_slope",
        ),
        Activation(
            name="srelu",
            formula="x; slope left up to low, slope right from high on; all learned for each unit",
            source="Jin et al. 2016",
            value="srelu",
            slope="srelu_slope",
            learned="srelu_learned",
            parameters=(
                Parameter("low", 0.0),
                Parameter("left", 0.1),
                Parameter("high", 1.0),
                Parameter("right", 1.0),
            ),
            init="he-normal",
        ),
        Activation(
            name="soft-exponential",
            formula="-log(1 - a (x + a)) / a for a < 0, x for 0, (e^(a x) - 1) / a + a above; "
            "a learned",
            source="Godfrey and Gashler 2015",
            value="soft_exponential",
            slope="soft_exponential_slope",
            learned="soft_exponential_learned",
            parameters=(Parameter("alpha", 0.0),),
        ),
        Activation(
            name="sine",
            formula="sin(x)",
            source="Parascandolo et al. 2017",
            value="sine",
            slope="cosine",
            aliases=("sin",),
        ),
        Activation(
            name="sinc",
            formula="sin(x) / x, 1 at 0",
            source="",
            value="sinc",
            slope="sinc_slope",
        ),
        Activation(
            name="gaussian",
            formula="e^(-x^2)",
            source="Broomhead and Lowe 1988",
            value="gaussian",
            slope="gaussian_slope",
        ),
    )
}

ALIASES = {alias: one.name for one in ACTIVATIONS.values() for alias in one.aliases}

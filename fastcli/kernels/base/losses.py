"""The codes of the losses, as fastText's files have them; mlp-train uses the last two."""

HS, NS, SOFTMAX, OVA = 1, 2, 3, 4
PERCEPTRON = 6  # of training only: in inference it is OVA

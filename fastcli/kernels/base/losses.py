"""The codes of the losses, as fastText's files have them; mlp-train has all but HS and NS."""

HS, NS, SOFTMAX, OVA, BCE = 1, 2, 3, 4, 5  # BCE: one output unit for two labels
PERCEPTRON = 6  # of training only: in inference it is OVA
ONE_OF_ALL = (SOFTMAX, BCE)  # of networks: the probabilities of all labels sum to 1
SQUARED, ABSOLUTE, HUBER = 8, 9, 10  # of regression; those of classification have smaller codes

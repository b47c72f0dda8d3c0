"""The linear model: arguments, matrices, training, prediction, and the files it lives in."""

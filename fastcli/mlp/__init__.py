"""Multilayer perceptrons on text and numbers: one file for each idea.

args (every choice), activations, initializers, optimizers, schedules, network (layers and
memory), data (text and numbers as examples), train (the loop, early stopping), model, model_file.
What a formula computes is in ``kernels``, forward and backward side by side.
"""

"""Neural networks (MLP) on text and numbers: one file for each idea.

options and args (every choice), activations, initializers, schedules, network (layers and memory),
text_data, number_data and examples (text and numbers as examples), trainer (the loop),
early_stopping, scorer, model, model_file, predict.  What a formula computes is in ``kernels/mlp``,
forward and backward side by side; the update rules are in ``kernels/base/optimizers.py``.
"""

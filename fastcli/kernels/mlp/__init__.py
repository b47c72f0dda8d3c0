"""Multilayer perceptrons: layers forward and backward, and their training steps."""

"""Bytes in: opening inputs, the dictionary, and lines as rows of features."""

VECTORS_WORDS = ("all", "corpus")
"""Which words of a file of pretrained vectors become words of the model: all, or the text's."""

"""Labelling tables: the rows of a file, with the labels that a model predicts for them."""

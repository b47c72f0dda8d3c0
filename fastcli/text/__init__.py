"""Bytes in: opening inputs, the dictionary, and lines as rows of features."""

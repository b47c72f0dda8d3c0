"""Fuzzing: every format that is read is damaged by someone who knows its structure.

A case is a format and a seed: it makes a damaged file, and a command that reads it.

    python -m tests.fuzz --format mlp --seed 123    # one case again; its files are kept
    python -m tests.fuzz -n 100000                  # so many, of all formats in turn
    python -m tests.fuzz -n 500 --python-mode       # kernels as Python, each index checked
"""

"""Fuzzing: every format that is read is damaged by someone who knows its structure.

A case is a format and a seed: it makes a damaged file, and a command that reads it.

    python -m tests.fuzz --format mlp --seed 123    # one case again; its files are kept
    python -m tests.fuzz -n 100000                  # so many, of all formats in turn
    python -m tests.fuzz -n 500 --python-mode       # kernels as Python, each index checked

``samples`` makes sound files, ``damage`` and the modules of formats damage them, ``formats`` says
which commands read what, ``judge`` runs a command and says whether that went well, ``worker`` does
so case by case in a process that may crash, and ``runner`` looks after these processes.
"""

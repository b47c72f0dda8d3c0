"""Compiling kernels, keeping their machine code, and calling it; ``build.py`` is the door."""

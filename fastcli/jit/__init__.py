"""Compiling kernels, caching their machine code, and calling it; ``build.py`` is the entry."""

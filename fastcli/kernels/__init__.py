"""Compiled inner loops: pointers and scalars in, memory mutated.

No Python objects, no allocation, no I/O, no globals.  ``_build.py`` is the door to
Numba; the other files that begin with ``_`` compile, keep and load what it asks for.
"""

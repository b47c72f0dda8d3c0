"""Compiled inner loops: pointers and scalars in, memory mutated.

No Python objects, no allocation, no I/O, no globals.  ``_build.py`` is the one door to Numba.
"""

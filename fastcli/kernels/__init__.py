"""Compiled inner loops: pointers and scalars in, memory mutated.

No Python objects, no allocation, no I/O, no globals.  Four rooms: ``base`` is for all, ``text``
for bytes, words and features, ``linear`` for fastText's model, ``mlp`` for perceptrons; ``linear``
and ``mlp`` do not know each other.  ``fastcli/jit`` compiles, keeps and loads what is here.
"""

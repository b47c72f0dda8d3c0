"""Compiled inner loops: pointers and scalars in, memory mutated.

No Python objects, no allocation, no I/O, no globals.  Four packages: ``base`` is for all, ``text``
for bytes, words and features, ``linear`` for fastText's model, ``mlp`` for networks; ``linear``
and ``mlp`` do not know each other.

Work is shared out in four words.  A *thread* is one of those that do it together.  A *shard* is
rows of a table that go together by their numbers, a *block* is neighbouring ones; how many there
are does not depend on the number of threads, so that results do not either, and each has one
thread at a time.  A *chunk* is neighbouring things that go to a thread together.

``fastcli/jit`` compiles, keeps and loads what is here.
"""

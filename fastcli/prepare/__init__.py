"""From raw data to training files: read, clean, segment, split, write.

``sources`` reads rows, ``clean`` and ``segment`` change their text, ``duplicates`` and ``split``
decide what is kept and where, ``shuffle`` in which order; ``write_parts`` goes through all of it.
"""

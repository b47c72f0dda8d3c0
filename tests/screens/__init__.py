"""Screens as files: what commands show in so many columns, as a person sees it.

Each ``.txt`` begins with its command after ``$ COLUMNS=80 fastcli``; paths are those of this
repository.  ``python -m tests.screens`` writes them anew.
"""

"""Run the command line with ``python -m fastcli``."""

from fastcli.cli import main

if __name__ == "__main__":
    main()

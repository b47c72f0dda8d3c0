"""What pip calls this package.

The command and the module are ``fastcli``, which on PyPI is the name of another program.
"""

DISTRIBUTION = "fasttext-cli"


def extra(name: str) -> str:
    """Return what pip calls an extra of this package, such as ``zh``."""
    return f"{DISTRIBUTION}[{name}]"


def installing(name: str) -> str:
    """Return the command that installs an extra, also where this package is installed already."""
    return f"pip install '{extra(name)}'"

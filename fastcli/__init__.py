"""fastcli: fastText's command line, rebuilt on kernels that pip alone can install."""

__version__ = "0.1.0"

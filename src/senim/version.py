"""The version of Senim."""

__version__ = "0.1.0"

"""Draupnir: clock-level hardware emulation of digital neuromorphic chips."""

from importlib.metadata import version

__version__ = version("draupnir")

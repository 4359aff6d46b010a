"""Waveforms of golden models, with their registers and memories, and with an RTL's pins beside them."""

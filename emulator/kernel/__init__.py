"""The integer operations that the chips are made of."""

"""What to do to each chip: named recipes for seeded constrained-random stimuli."""

"""Mesh, a chip of somebody."""

"""Small networks in NIR files, made by the package nir, for tests. Tests that need them skip where nir is missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

nir = pytest.importorskip("nir", reason="needs the extra [nir]: pip install 'draupnir[nir]'")

DT = 1e-4


def lif(*shape, tau=1e-3, r=10.0, threshold=1.0, leak=0.0, reset=0.0):
    """LIF neurons of a shape, as snnTorch exports a beta of 0.9 with dt 1e-4."""
    parameters = {"tau": tau, "r": r, "v_threshold": threshold, "v_leak": leak, "v_reset": reset}
    return nir.LIF(**{name: np.full(shape, value) for name, value in parameters.items()})


def integrate_and_fire(*shape):
    """IF neurons that add a weight as a whole when dt is 1e-4."""
    return nir.IF(r=np.full(shape, 1e4), v_threshold=np.ones(shape), v_reset=np.zeros(shape))


def leaky(*shape):
    """LI neurons."""
    return nir.LI(tau=np.full(shape, 1e-3), r=np.full(shape, 10.0), v_leak=np.zeros(shape))


def weights(n_out, n_in, seed=0):
    """(n_out, n_in) float32, none of them 0"""
    return np.random.default_rng(seed).normal(size=(n_out, n_in)).astype(np.float32)


def linear(n_out, n_in, seed=0):
    """A node of weights."""
    return nir.Linear(weight=weights(n_out, n_in, seed))


def entry(*shape):
    """An Input."""
    return nir.Input(input_type={"input": np.array(shape)})


def out(*shape):
    """An Output."""
    return nir.Output(output_type={"output": np.array(shape)})


def chain(**nodes):
    """A graph whose nodes stand in a row."""
    return graph(nodes, list(pairwise(nodes)))


def graph(nodes, edges):
    """A graph; nothing is checked."""
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)


def small(**nodes):
    """Input of 6, weights, 4 neurons, output; nodes that are given take the place of those."""
    return chain(**({"input": entry(6), "fc": linear(4, 6), "lif": lif(4), "output": out(4)} | nodes))


def write(folder, model):
    """The path of a NIR file that holds a graph."""
    path = folder / "net.nir"
    nir.write(path, model, compression=None)
    return path

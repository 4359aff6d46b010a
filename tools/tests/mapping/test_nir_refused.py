"""NIR files that are refused: one line for each broken rule, with node, index, value and what would be right."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.conventions import Decay, Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.violations import BrokenRules
from draupnir.tools.tests.mapping.graphs import (
    DT,
    chain,
    entry,
    graph,
    leaky,
    lif,
    linear,
    nir,
    out,
    small,
    weights,
    write,
)

pytestmark = pytest.mark.usefixtures("in_process")


def refusal_lines(folder, model, decay=Decay.EULER):
    """The lines with which a graph is refused, without the file's name."""
    path = write(folder, model)
    with pytest.raises(BrokenRules) as caught:
        load(path, DT, Reset.ZERO, decay)
    lines = caught.value.lines
    assert str(caught.value) == "; ".join(lines)
    assert "\n" not in str(caught.value)
    return [line.removeprefix(f"{path}: ") for line in lines]


def change(node, name, index, value):
    """A node with one number changed."""
    array = np.array(getattr(node, name), float)
    array[index] = value
    setattr(node, name, array)
    return node


def cuba(n, threshold=True):
    parameters = {
        name: np.full(n, value) for name, value in {"tau_mem": 1e-3, "tau_syn": 5e-4, "r": 10, "v_leak": 0}.items()
    }
    return nir.CubaLIF(v_threshold=np.ones(n), **parameters) if threshold else nir.CubaLI(**parameters)


ALL = [  # nodes of the small graph that are changed, and the line
    (
        {"fc": change(linear(4, 6), "weight", (3, 5), np.nan)},
        "node 'fc': weight[3, 5] is nan; right is a finite number",
    ),
    (
        {"fc": change(linear(4, 6), "weight", (0, 0), np.inf)},
        "node 'fc': weight[0, 0] is inf; right is a finite number",
    ),
    (
        {"fc": nir.Linear(weight=np.full((4, 6), -np.inf))},
        "node 'fc': weight[0, 0] is -inf (and 23 more); right is a finite number",
    ),
    (
        {"fc": nir.Linear(weight=np.zeros((4, 6)))},
        "node 'fc': weight: all 24 are 0, so nothing passes; right is a trained network",
    ),
    (
        {"fc": nir.Linear(weight=np.ones((4, 6, 1)))},
        "node 'fc': weight has shape (4, 6, 1); right is 2 dimensions, none 0",
    ),
    (
        {"fc": nir.Affine(weight=weights(4, 6), bias=np.ones(3))},
        "node 'fc': bias has shape (3,), and weight has (4, 6); right is (4,)",
    ),
    (
        {"fc": nir.Affine(weight=weights(4, 6), bias=np.array([0, 0, np.nan, 0]))},
        "node 'fc': bias[2] is nan; right is a finite number",
    ),
    ({"fc": linear(5, 6)}, "edge 'fc' -> 'lif': 'fc' gives 5 values, 'lif' takes 4 values"),
    ({"fc": linear(4, 7)}, "edge 'input' -> 'fc': 'input' gives 6 values, 'fc' takes 7 values"),
    ({"output": out(2, 3)}, "edge 'lif' -> 'output': 'lif' gives 4 values, 'output' takes 6 values of shape (2, 3)"),
    ({"input": entry(0)}, "node 'input': shape has 0; right is a whole number from 1 to 16777216"),
    ({"lif": change(lif(4), "tau", 0, -1e-3)}, "node 'lif': tau[0] is -0.001; right is above 0"),
    ({"lif": change(lif(4), "tau", 2, 0)}, "node 'lif': tau[2] is 0; right is above 0"),
    ({"lif": change(lif(4), "tau", 1, np.nan)}, "node 'lif': tau[1] is nan; right is a finite number"),
    (
        {"lif": lif(4, tau=np.inf, r=1.0)},
        "node 'lif': tau[0] is inf (and 3 more) (a beta of 1); right is an IF node, or a beta a little below 1",
    ),
    (
        {"lif": lif(4, tau=5e-5)},
        "node 'lif': tau[0] is 5e-05 s (and 3 more), shorter than a timestep of 0.0001 s: beta would be -1; "
        "right is a longer tau, or another --dt",
    ),
    ({"lif": change(lif(4), "r", 1, 0)}, "node 'lif': r[1] is 0, and r scales the input; right is above 0"),
    (
        {"lif": lif(4, threshold=0.0)},
        "node 'lif': v_threshold[0] is 0 (and 3 more), not above the leak potential: it spikes without an input; "
        "right is above v_leak",
    ),
    (
        {"lif": change(lif(4), "v_reset", 3, -0.5)},
        "node 'lif': v_reset[3] is -0.5, and a chip resets to where the leak ends (0); right is v_leak, or 0 for IF",
    ),
    (
        {"lif": cuba(4)},
        "node 'lif': CubaLIF has a synaptic current (tau_syn 0.0005 s), and a chip's synapses have none; right is LIF",
    ),
    (
        {"lif": cuba(4, threshold=False)},
        "node 'lif': CubaLI has a synaptic current (tau_syn 0.0005 s), and a chip's synapses have none; right is LI",
    ),
    (
        {"lif": nir.Threshold(threshold=np.ones(4))},
        "node 'lif': a Threshold has no memory, and neurons have; right is IF or LIF",
    ),
]


@pytest.mark.parametrize(("nodes", "line"), ALL, ids=[line[:60] for _, line in ALL])
def test_each_broken_rule_is_one_line(tmp_path, nodes, line):
    assert refusal_lines(tmp_path, small(**nodes)) == [line]


def test_all_broken_rules_are_told_at_once(tmp_path):
    wrong = small(fc=change(linear(5, 6), "weight", (1, 1), np.nan), lif=lif(4, tau=-1.0, threshold=-1.0))
    assert [line.split(";")[0] for line in refusal_lines(tmp_path, wrong)] == [
        "node 'fc': weight[1, 1] is nan",
        "node 'lif': tau[0] is -1 (and 3 more)",
        "node 'lif': v_threshold[0] is -1 (and 3 more), not above the leak potential: it spikes without an input",
        "edge 'fc' -> 'lif': 'fc' gives 5 values, 'lif' takes 4 values",
    ]


def test_a_time_constant_may_be_short_where_the_decay_is_exponential(tmp_path):
    path = write(tmp_path, small(lif=lif(4, tau=5e-5)))
    assert load(path, DT, Reset.ZERO, Decay.EXPONENTIAL).network.output == "lif"


def test_a_delay(tmp_path):
    model = chain(input=entry(6), fc=linear(4, 6), d=nir.Delay(delay=np.full(4, 2e-3)), lif=lif(4), output=out(4))
    assert refusal_lines(tmp_path, model) == [
        "node 'd': delay[0] is 0.002 s (and 3 more), and the chip has no delays; right is no Delay node"
    ]


def test_an_empty_graph(tmp_path):
    assert refusal_lines(tmp_path, graph({}, [])) == [
        "the graph: it has no nodes; right is an Input, neurons and an Output"
    ]


def test_no_neurons(tmp_path):
    lines = refusal_lines(tmp_path, chain(input=entry(6), fc=linear(6, 6), output=out(6)))
    assert lines == [
        "the graph: no neurons between input and output; right is a LIF or an IF node before the output",
        "output 'output': it is fed by 'fc', of the kind Linear; right is LIF or IF neurons, or LI neurons whose "
        "potentials are read",
    ]


def test_an_edge_from_nowhere_and_one_to_nowhere(tmp_path):
    model = small()
    model.edges += [("ghost", "lif"), ("lif", "nobody")]
    names = "the nodes are 'fc', 'input', 'lif', 'output'"
    assert refusal_lines(tmp_path, model) == [
        f"edge 'ghost' -> 'lif': an edge from 'ghost', which is no node; {names}",
        f"edge 'lif' -> 'nobody': an edge to 'nobody', which is no node; {names}",
    ]


def test_an_edge_that_stands_twice(tmp_path):
    model = small()
    model.edges.append(("fc", "lif"))
    assert refusal_lines(tmp_path, model) == ["edge 'fc' -> 'lif': it stands 2 times; right is once"]


def test_two_populations_at_one_output(tmp_path):
    nodes = {"input": entry(6), "fc": linear(4, 6), "a": lif(4), "w": linear(4, 4), "b": lif(4), "output": out(4)}
    edges = [("input", "fc"), ("fc", "a"), ("a", "w"), ("w", "b"), ("b", "output"), ("a", "output")]
    assert refusal_lines(tmp_path, graph(nodes, edges)) == [
        "output 'output': it is fed by 'b' and 'a'; right is one node of neurons"
    ]


def test_two_outputs_and_no_input(tmp_path):
    nodes = {"fc": linear(4, 6), "fc2": linear(4, 6), "lif": lif(4), "o": out(4), "o2": out(4)}
    edges = [("fc", "lif"), ("fc2", "lif"), ("lif", "o"), ("lif", "o2")]
    assert refusal_lines(tmp_path, graph(nodes, edges)) == [
        "the graph: 0 inputs; right is one node of the kind Input",
        "the graph: 2 outputs: 'o', 'o2'; right is one node of the kind Output",
    ]


def test_a_node_that_nothing_feeds(tmp_path):
    model = small()
    model.nodes["lost"] = linear(4, 6)
    model.edges.append(("lost", "lif"))
    assert refusal_lines(tmp_path, model) == [
        "node 'lost': no edges lead from the input to it; right is an edge, or no such node"
    ]


def test_a_loop_without_neurons(tmp_path):
    nodes = {"input": entry(6), "fc": linear(4, 6), "a": linear(4, 4), "lif": lif(4), "output": out(4)}
    edges = [("input", "fc"), ("fc", "a"), ("a", "a"), ("a", "lif"), ("lif", "output")]
    assert refusal_lines(tmp_path, graph(nodes, edges)) == [
        "node 'a': a loop without neurons: 'a'; right is neurons in each loop"
    ]


def test_potentials_that_are_sent_on(tmp_path):
    model = chain(input=entry(6), fc=linear(4, 6), li=leaky(4), fc2=linear(2, 4), lif=lif(2), output=out(2))
    assert refusal_lines(tmp_path, model) == [
        "node 'li': LI gives potentials to 'fc2', and neurons on a chip send spikes alone; right is LIF or IF"
    ]


def convolved(**others):
    parameters = {"input_shape": (4, 4), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    conv = nir.Conv2d(**({"weight": np.ones((2, 1, 3, 3)), "bias": np.zeros(2)} | parameters | others))
    return chain(
        input=entry(1, 4, 4), conv=conv, lif=lif(), output=nir.Output(output_type={"output": np.array([2, 2, 2])})
    )


@pytest.mark.parametrize(
    ("others", "line"),
    [
        ({"bias": np.zeros(3)}, "node 'conv': bias has 3 numbers, and weight has 2 output channels; right is (2,)"),
        ({"groups": 3}, "node 'conv': 2 output channels in 3 groups; right is a divisor"),
        ({"dilation": (2, 2)}, "node 'conv': a kernel that reaches over 5 is larger than the input and its padding, 4"),
        (
            {"weight": np.ones((2, 1, 200, 200))},
            "node 'conv': a kernel of (200, 200); right is at most 16,384 places",
        ),
    ],
    ids=["bias", "groups", "dilation", "kernel"],
)
def test_convolutions_that_are_none(tmp_path, others, line):
    assert refusal_lines(tmp_path, convolved(**others)) == [line]


def test_a_stride_of_nothing(tmp_path):
    model = convolved()
    model.nodes["conv"].stride = (0, 1)
    assert refusal_lines(tmp_path, model) == ["node 'conv': stride has 0; right is a whole number from 1 to 16777216"]


def test_a_matrix_that_would_take_too_much_memory(tmp_path):
    pool = nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))
    model = chain(input=entry(2, 128, 128), pool=pool, lif=lif(), output=out(2, 64, 64))
    assert refusal_lines(tmp_path, model) == [
        "node 'input': 32,768 values of 32,768 sources, once unrolled; "
        "right is at most 16,777,216 weights, and 67,108,864 in all"
    ]


def test_a_kind_that_is_not_known(tmp_path):
    import h5py

    path = write(tmp_path, small())
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif/type"]
        file["node/nodes/lif/type"] = "Izhikevich"
        del file["node/nodes/fc/weight"]
        file["node/nodes/fc/weight"] = "many"
    with pytest.raises(BrokenRules) as caught:
        load(path, DT, Reset.ZERO)
    text = " ".join(caught.value.lines)
    assert "node 'lif': its kind is 'Izhikevich'; right is one of Affine, AvgPool2d," in text
    assert "node 'fc': weight is 'many'; right is a number" in text


def test_a_file_that_was_not_written_to_its_end(tmp_path):
    """Norse's parameters of shape () make nir stop in the middle of a compressed file."""
    path = tmp_path / "net.nir"
    with pytest.raises(TypeError):
        nir.write(path, small(lif=lif()))
    with pytest.raises(InputError, match=r"was the file written to its end\?"):
        load(path, DT, Reset.ZERO)


def test_an_hdf5_file_of_something_else(tmp_path):
    import h5py

    path = tmp_path / "net.nir"
    with h5py.File(path, "w") as file:
        file["things"] = np.ones(3)
    with pytest.raises(InputError, match="it is not a NIR file: it has no group 'node', but 'things'"):
        load(path, DT, Reset.ZERO)


def test_an_array_that_claims_more_than_it_has(tmp_path):
    """Chunks that are not there cost nothing in the file, and would fill all memory."""
    import h5py

    path = write(tmp_path, small())
    with h5py.File(path, "a") as file:
        del file["node/nodes/fc/weight"]
        file.create_dataset("node/nodes/fc/weight", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024))
    with pytest.raises(InputError) as caught:
        load(path, DT, Reset.ZERO)
    assert str(caught.value) == f"{path}: 'weight' of shape (1048576, 1048576) is too large: 1,099,511,627,776 values"


def test_a_link_to_another_file_is_not_followed(tmp_path):
    import h5py

    path = write(tmp_path, small())
    with h5py.File(path, "a") as file:
        del file["node/nodes/fc"]
        file["node/nodes/fc"] = h5py.ExternalLink("/etc/hosts", "/fc")
    with pytest.raises(InputError, match="'fc' is a link to another place"):
        load(path, DT, Reset.ZERO)


def test_graphs_in_graphs_without_an_end(tmp_path):
    import h5py

    path = write(tmp_path, small())
    with h5py.File(path, "a") as file:
        file["node/nodes/again"] = file["node"]
    with pytest.raises(InputError, match="groups are nested more than 24 deep"):
        load(path, DT, Reset.ZERO)


def test_a_subgraph_with_two_inputs(tmp_path):
    inner = graph(
        {"i": entry(4), "j": entry(4), "lif": lif(4), "o": out(4)}, [("i", "lif"), ("j", "lif"), ("lif", "o")]
    )
    path = write(tmp_path, chain(input=entry(6), fc=linear(4, 6), sub=inner, output=out(4)))
    with pytest.raises(InputError, match="subgraph 'sub' has 2 nodes of the kind Input; right is one"):
        load(path, DT, Reset.ZERO)


@pytest.mark.parametrize(
    ("dt", "line"),
    [
        (
            None,
            "NIR has no timestep; right is --dt with that of the training: 1e-4 for snnTorch and SpikingJelly,",
        ),
        (0.0, "--dt 0: right is a time above 0, in seconds"),
        (float("nan"), "--dt nan: right is a time above 0, in seconds"),
        (float("inf"), "--dt inf: right is a time above 0, in seconds"),
    ],
)
def test_a_timestep_that_is_none(tmp_path, dt, line):
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, small()), dt, Reset.ZERO)
    assert line in str(caught.value)

"""The stimulus of a neuron in one update, in a form that both neuron models take."""

from amaranth.lib import data

from draupnir.emulator.odin.layout import SYN_WEIGHT
from draupnir.rtl.lib.views import shape_of

STIMULUS = data.StructLayout(
    {
        "tref": 1,  # a time reference: leakage, and whatever counts time; at most one of tref, exc and inh is 1
        "exc": 1,  # an excitatory synaptic event
        "inh": 1,  # an inhibitory synaptic event
        "syn_weight": shape_of(SYN_WEIGHT),
        "burst_end": 1,  # the neuron's own burst has come to its last spike
    }
)

"""The stimulus of a neuron in one update, for both neuron models."""

from amaranth.lib import data

from draupnir.emulator.odin.layout import SYN_WEIGHT
from draupnir.rtl.lib.views import shape_of

STIMULUS = data.StructLayout(
    {
        "tref": 1,  # a time reference, for leakage and all that counts time; at most one of tref, exc and inh is 1
        "exc": 1,  # an excitatory synaptic event
        "inh": 1,  # an inhibitory synaptic event
        "syn_weight": shape_of(SYN_WEIGHT),
        "burst_end": 1,  # the last spike of the neuron's own burst
    }
)

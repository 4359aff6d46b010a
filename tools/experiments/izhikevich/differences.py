"""The differences between ODIN's neuron and Izhikevich's model, behaviour by behaviour.

ODIN's neuron is phenomenological: it has no second variable, but a lock, a counter or a moving threshold for each
behaviour. Tests hold each of these sentences to the golden model.
"""

DIFFERENCES = {
    "A": "",
    "B": "The lock opens after the first time step whose stimulation is below stim_thr.",
    "C": "A burst has spk_ref + 1 spikes at fixed distances. They come from the scheduler, and the potential stays at"
    " -rfr until the last one. isi_ref has to be at least 1.",
    "D": "As C and B.",
    "E": "As C. A single spike and a burst leave the same potential, -rfr.",
    "F": "Each spike raises the threshold by 1 LSB, up to 7, so the intervals take seven values at most.",
    "G": "The frequency follows from the accumulator alone: a spike for each 8 thr LSB of weight.",
    "H": "The parameter stim_thr is the strength at which the spikes begin.",
    "I": "The delay is the parameter dapdel. A stronger pulse does not shorten it.",
    "J": "The period is always four time references, and the amplitude falls by 1 LSB in each period.",
    "K": "The period is always four time references. A pulse that makes the amplitude 0 just before the swing to"
    " negative potentials leaves -1 LSB, and that oscillation grows.",
    "L": "The leakage is linear: leak_str LSB of weight in each time step.",
    "M": "Only an inhibition of exactly one time step has a rebound; one of two steps has none.",
    "N": "As M and C.",
    "O": "Each membrane step of the input moves the threshold, so a strong pulse raises its own threshold.",
    "P": "Only a pulse of exactly one time step switches; one of two steps does not.",
    "Q": "The after-potential is a plateau: it falls from rfr to 0 at once.",
    "R": "The threshold follows the strength of the last time step, and the potential forgets its input at each time"
    " reference.",
    "S": "The spikes begin when the potential has reached -thr, and end with the first time step without input. Their"
    " period is rfr, however strong the inhibition is.",
    "T": "As S and C.",
}

"""A network of Brian2 for the chip: its weights and neurons, and the spikes that Brian2 itself computes.

``digits.py`` makes ``net.npz`` and ``test.npz``. Here its weights are those of leaky neurons in Brian2.
``brian2.npz`` and ``brian2_spikes.npz`` are for ``draupnir map``.
"""

import brian2 as b2
import numpy as np

N_SAMPLES = 40  # that Brian2 runs
STEP = 1 * b2.ms
TAU = 10 * b2.ms

b2.prefs.codegen.target = "numpy"  # needs no compiler
b2.defaultclock.dt = STEP
net, test = np.load("net.npz"), np.load("test.npz")
spikes = test["spikes"][:N_SAMPLES]
n_samples, n_timesteps, n_inputs = spikes.shape

# --- The network in Brian2 --------------------------------------------------------------------------------------

inputs = b2.SpikeGeneratorGroup(n_inputs, [], [] * b2.second)
output = b2.NeuronGroup(10, "dv/dt = -v / TAU : 1", threshold="v > 0.5", reset="v = 0", method="exact")
synapses = b2.Synapses(inputs, output, "w : 1", on_pre="v_post += w")
synapses.connect()
synapses.w = net["w1"][synapses.i[:], synapses.j[:]]
monitor = b2.SpikeMonitor(output)
network = b2.Network(inputs, output, synapses, monitor)
# Brian2 resets after synapses, which deletes what arrives as a neuron spikes. A chip resets first.
network.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]

# --- Its spikes -------------------------------------------------------------------------------------------------

# A spike of an input meets the threshold one timestep later (with a second layer, the output's one more).
LATER = 1
recording = np.zeros((n_samples, n_timesteps, 10), np.uint8)
network.store()
for sample in range(n_samples):
    network.restore()
    timesteps, neurons = np.nonzero(spikes[sample])
    inputs.set_spikes(neurons, timesteps * STEP)
    network.run((n_timesteps + LATER) * STEP)
    fired = np.rint(monitor.t / STEP).astype(int) - LATER
    recording[sample, fired, monitor.i[:]] = 1

# --- The files --------------------------------------------------------------------------------------------------

weights = np.zeros((n_inputs, 10))
weights[synapses.i[:], synapses.j[:]] = synapses.w[:]  # a row for each source
keep = np.exp(-STEP / TAU)  # of a potential, in a timestep
# Brian2 compares a potential after its leak: with 0.5, what is v before the leak then is above 0.5 / keep.
np.savez("brian2.npz", w1=weights, thr1=0.5 / keep, beta1=keep)
np.savez("brian2_samples.npz", spikes=spikes, labels=test["labels"][:N_SAMPLES])
np.savez("brian2_spikes.npz", spikes=recording)

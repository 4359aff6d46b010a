"""A network of NEST for the chip: its weights and neurons, and the spikes that NEST itself computes.

``digits.py`` makes ``net.npz`` and ``test.npz``. Here its weights are those of leaky neurons in NEST.
``nest.npz`` and ``nest_spikes.npz`` are for ``draupnir map``.
"""

import nest
import numpy as np

N_SAMPLES = 40  # that NEST runs
STEP, TAU, THRESHOLD = 1.0, 10.0, 0.5  # ms, ms, mV

nest.set_verbosity("M_ERROR")
nest.resolution = STEP
net, test = np.load("net.npz"), np.load("test.npz")
spikes = test["spikes"][:N_SAMPLES]
n_samples, n_timesteps, n_inputs = spikes.shape

# --- The network in NEST ----------------------------------------------------------------------------------------

neuron = {"tau_m": TAU, "V_th": THRESHOLD, "E_L": 0.0, "V_reset": 0.0, "V_m": 0.0, "t_ref": 0.0}
generators = nest.Create("spike_generator", n_inputs)
inputs = nest.Create("parrot_neuron", n_inputs)
output = nest.Create("iaf_psc_delta", 10, neuron)
recorder = nest.Create("spike_recorder")
nest.Connect(generators, inputs, "one_to_one", {"delay": STEP})
nest.Connect(inputs, output, "all_to_all", {"weight": net["w1"].T, "delay": STEP})
nest.Connect(output, recorder)

# --- Its spikes -------------------------------------------------------------------------------------------------

# Each connection takes one timestep, and time begins at 1 (with a second layer, the output spikes one later).
LATER = 3
PAUSE = 20  # timesteps between two samples
recording = np.zeros((n_samples, n_timesteps, 10), np.uint8)
for sample in range(n_samples):
    output.V_m = 0.0
    start = nest.biological_time
    for generator, train in zip(generators, spikes[sample].T, strict=True):
        generator.spike_times = start + STEP * (np.flatnonzero(train) + 1)
    recorder.n_events = 0
    nest.Simulate((n_timesteps + PAUSE) * STEP)
    fired = np.rint((recorder.events["times"] - start) / STEP).astype(int) - LATER
    recording[sample, fired, recorder.events["senders"] - output[0].global_id] = 1

# --- The files --------------------------------------------------------------------------------------------------

weights = np.zeros((n_inputs, 10))
synapses = nest.GetConnections(inputs, output).get(["source", "target", "weight"])
sources = np.array(synapses["source"]) - inputs[0].global_id
targets = np.array(synapses["target"]) - output[0].global_id
weights[sources, targets] = synapses["weight"]  # a row for each source
np.savez("nest.npz", w1=weights, thr1=THRESHOLD, beta1=np.exp(-STEP / TAU))
np.savez("nest_samples.npz", spikes=spikes, labels=test["labels"][:N_SAMPLES])
np.savez("nest_spikes.npz", spikes=recording)

"""A network for handwritten digits without any framework: the weights of a logistic regression, and test images.

Each pixel of 0..16 spikes up to eight times in eight timesteps. ``net.npz`` and ``test.npz`` are for ``draupnir map``.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

images, labels = load_digits(return_X_y=True)  # 1,797 images of 8 x 8 pixels
timesteps = np.arange(1, 9)[:, np.newaxis]
spikes = np.diff(np.floor(images[:, np.newaxis, :] / 16 * timesteps), axis=1, prepend=0).astype(np.uint8)

counts = spikes.sum(axis=1)
fit = LogisticRegression(C=0.02, max_iter=500).fit(counts[:1400], labels[:1400])
weights = fit.coef_.T - fit.coef_.mean(axis=0)[:, np.newaxis]  # (64, 10): a row for each input

np.savez("net.npz", w1=weights, thr1=0.6)  # integrate-and-fire neurons
np.savez("test.npz", spikes=spikes[1400:], labels=labels[1400:])

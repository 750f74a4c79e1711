#!/usr/bin/env python3
"""FID of two feature files by numpy and scipy.linalg.sqrtm, with its time.

The plain way to compute it, for comparison with ours in one run:

    python3 -m venv v && v/bin/pip install numpy scipy
    REID_PYTHON=v/bin/python cargo bench -p reid-apps --bench fid

Importing is not timed; reading the files is.
"""

import sys
import time

import numpy as np
import scipy
import scipy.linalg


def moments(path):
    features = np.load(path).astype(np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: fid.py FIRST.npy SECOND.npy")
    began = time.perf_counter()
    (mu1, sigma1), (mu2, sigma2) = (moments(path) for path in sys.argv[1:])
    seconds_moments = time.perf_counter() - began
    root = scipy.linalg.sqrtm(sigma1 @ sigma2)
    gap = mu1 - mu2
    fid = gap @ gap + np.trace(sigma1) + np.trace(sigma2) - 2 * np.trace(root).real
    seconds = time.perf_counter() - began
    print(f"numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"  seconds {seconds:.2f} (statistics {seconds_moments:.2f})  fid {fid:.9f}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the files beside it, with numpy and scipy: `python3 make.py`.

Three queries and four gallery rows of two numbers; row r of a set holds (r + 1, -0.5) as float32.
"""

from pathlib import Path

import numpy as np
import scipy.io

HERE = Path(__file__).parent


def features(rows):
    return np.stack([np.arange(1, rows + 1), np.full(rows, -0.5)], axis=1).astype(np.float32)


SETS = {
    "query_f": features(3),
    "query_label": np.array([1, 2, 3]),
    "query_cam": np.array([1, 1, 2]),
    "gallery_f": features(4),
    "gallery_label": np.array([1, 2, 3, 0]),
    "gallery_cam": np.array([2, 3, 300, 2]),
    "note": "not read",
}

scipy.io.savemat(HERE / "plain.mat", SETS)
scipy.io.savemat(HERE / "compressed.mat", SETS, do_compression=True)
doubles = {k: v.astype(np.float64) if k != "note" else v for k, v in SETS.items()}
scipy.io.savemat(HERE / "doubles.mat", doubles, do_compression=True)
np.savez(HERE / "plain.npz", **SETS)
np.savez_compressed(HERE / "compressed.npz", **SETS)
np.savez(HERE / "doubles.npz", **doubles)
np.savez(HERE / "columns.npz", **{**SETS, "gallery_f": np.asfortranarray(features(4))})

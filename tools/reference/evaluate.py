#!/usr/bin/env python3
"""mAP and CMC of a features folder by numpy and scipy, with time and peak memory.

The plain way to compute them, for comparison with ours in one run:

    cargo build --release -p reid-apps --example evaluate_speed
    python3 -m venv v && v/bin/pip install numpy scipy
    E=target/release/examples/evaluate_speed
    $E draw drawn && $E run drawn && v/bin/python tools/reference/evaluate.py drawn
    $E run drawn --rerank && v/bin/python tools/reference/evaluate.py drawn --rerank

Formulas: cdist in double precision, or k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3) in single precision with whole
matrices; average precision as the step-wise sum over distinct distances; boxes of the query's person and camera are set aside.
"""

import json
import os
import resource
import sys
import time

import numpy as np
from scipy.spatial.distance import cdist


def load(folder, name):
    total = np.load(os.path.join(folder, name + ".npy")) + np.load(os.path.join(folder, name + "_flip.npy"))
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def reranked(query, gallery, k1=20, k2=6, share=0.3):
    rows = np.concatenate([query, gallery])
    distance = 2 - 2 * (rows @ rows.T)
    distance /= distance.max(axis=1, keepdims=True)
    count = len(rows)
    nearest = np.argpartition(distance, range(1, k1 + 1), axis=1)[:, :k1 + 1]
    order = np.argsort(np.take_along_axis(distance, nearest, 1), axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, order, 1)

    def mutual(i, k):
        forward = nearest[i, :k + 1]
        return forward[(nearest[forward, :k + 1] == i).any(axis=1)]

    half = int(np.around(k1 / 2))
    weights = np.zeros((count, count), np.float32)
    for i in range(count):
        base = mutual(i, k1)
        grown = [base]
        for candidate in base:
            other = mutual(candidate, half)
            if len(np.intersect1d(other, base)) > 2 / 3 * len(other):
                grown.append(other)
        members = np.unique(np.concatenate(grown))
        weight = np.exp(-distance[i, members])
        weights[i, members] = weight / weight.sum()
    if k2 > 1:
        weights = np.stack([weights[nearest[i, :k2]].mean(axis=0) for i in range(count)])
    holders = [np.flatnonzero(weights[:, j]) for j in range(count)]
    queries = len(query)
    result = np.empty((queries, count), np.float32)
    for i in range(queries):
        shared = np.zeros(count, np.float32)
        for j in np.flatnonzero(weights[i]):
            shared[holders[j]] += np.minimum(weights[i, j], weights[holders[j], j])
        result[i] = 1 - shared / (2 - shared)
    return ((1 - share) * result + share * distance[:queries])[:, queries:]


def score(distance, query, gallery):
    precisions, curve, counted = [], np.zeros(100), 0
    ids, cameras = (np.array([row[key] for row in gallery]) for key in ("id", "camera"))
    for row, truth in zip(distance, query):
        kept = ~((ids == truth["id"]) & (cameras == truth["camera"]))
        order = np.argsort(row[kept], kind="stable")
        right, values = (ids[kept] == truth["id"])[order], row[kept][order]
        if not right.any():
            continue
        counted += 1
        first = int(np.flatnonzero(right)[0])
        if first < 100:
            curve[first] += 1
        ends = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)
        found = np.cumsum(right)[ends]
        steps = np.diff(np.append(0, found)) / found[-1]
        precisions.append((steps * found / (ends + 1)).sum())
    curve = np.cumsum(curve) / counted
    return np.mean(precisions), curve[[0, 2, 4, 9]]


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--rerank"]):
        sys.exit("usage: evaluate.py FEATURES [--rerank]")
    folder = sys.argv[1]
    began = time.perf_counter()
    with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
        sets = json.load(file)["sets"]
    query, gallery = load(folder, "query"), load(folder, "gallery")
    for name in ["Without Re-Ranking"] + ["With    Re-Ranking"] * (len(sys.argv) == 3):
        distance = cdist(query, gallery) if name.startswith("Without") else reranked(query, gallery)
        precision, ranks = score(distance, sets["query"]["rows"], sets["gallery"]["rows"])
        print(f"[{name}] mAP: {precision:.4f} " + " ".join(f"rank{r}: {v:.4f}" for r, v in zip((1, 3, 5, 10), ranks)))
        del distance
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{time.perf_counter() - began:.2f} s, {time.process_time():.2f} s of processor, peak {peak // 1_000_000} MB")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The transformer's mixer in NumPy, written from docs/models.md and the papers it names.

For tests/models/attention_parity_test.cpp: attention.json lists the cases, attention.npy [cases, length, width] their
outputs. Run by hand when a formula changes; writes both files.

Scores are formed pair by pair from the distance of query and key, with the length x length matrix, so that
nothing is shared with the operators in tiles. Inputs and weights are the formulas of `wave`."""
import json
import pathlib

import numpy as np

LENGTH, WIDTH = 11, 8


def wave(rows, columns, phase):
    i, j = np.arange(rows)[:, None], np.arange(columns)[None]
    return np.cos(phase + 0.9 * i + 2.3 * j + 0.11 * i * j)


def weights(options):
    heads, d = options["heads"], WIDTH // options["heads"]
    shared = (options["kv_heads"] or heads) * d
    p = {n: wave(WIDTH, shared if n in "kv" else WIDTH, 1 + 0.37 * i) for i, n in
         enumerate(["q", "k", "v", "out"])}
    h = np.arange(heads)
    p["r1"], p["r2"] = 0.5 + 0.3 * h, 0.2 + 0.25 * h
    return p


def kept_by_yarn(o, theta, d, length):
    if o["post_hoc"] == "yarn":
        turns = theta * length / (2 * np.pi)
        return np.clip((turns - 1) / (o["yarn_fast"] - 1), 0, 1)

    def index(turns):
        return d * np.log(length / (turns * 2 * np.pi)) / (2 * np.log(o["rope_base"]))
    low = max(np.floor(index(o["yarn_fast"])), 0)
    high = min(np.ceil(index(1)), d - 1)
    return 1 - np.clip((np.arange(d // 2) - low) / max(high - low, 1e-3), 0, 1)


def frequencies(o, d, length):
    m, k, change = np.arange(d // 2), o["post_hoc_factor"], o["post_hoc"]
    base = o["rope_base"]
    if change == "ntk_aware":
        base *= k ** (d / (d - 2))
    if change == "ntk_old":
        base *= k
    theta = base ** (-2 * m / d)
    if change == "pi":
        return theta / k
    if change == "ntk_fixed":
        grown = k ** (2 / d)
        return 1 / (grown * (base ** (2 / d) * grown) ** m)
    if change == "ntk_mixed":
        a = np.log(k) / (d / 2) ** 0.625
        return theta * np.exp(-a * (m + 1) ** 0.625)
    if change.startswith("yarn"):
        g = kept_by_yarn(o, theta, d, length)
        return (g + (1 - g) / k) * theta
    return theta


def dots(q, k, o, position, length):
    """<q_i, k_j> [T, T], as the position scheme has it."""
    d = q.shape[1]
    if position not in ("rope", "xpos"):
        return q @ k.T
    distance = np.arange(LENGTH)[:, None] - np.arange(LENGTH)[None].astype(float)
    w = o["post_hoc_window"]
    if o["post_hoc"] == "rerope":
        distance = np.minimum(distance, w)
    if o["post_hoc"] == "leaky_rerope":
        distance = np.where(distance < w, distance, w + (distance - w) / o["post_hoc_kappa"])
    theta = frequencies(o, d, length)
    zq, zk = (z[:, :d // 2] + 1j * z[:, d // 2:] for z in (q, k))
    pairs = zq[:, None] * zk[None].conj() * np.exp(1j * distance[..., None] * theta)
    if position == "xpos":
        c = np.arange(d // 2)
        zeta = (2 * c + 0.4 * d) / (1.4 * d)
        pairs = pairs * zeta ** (distance[..., None] / 512)
    return pairs.real.sum(-1)


def bias(o, p, h):
    distance = np.abs(np.arange(LENGTH)[:, None] - np.arange(LENGTH)[None]).astype(float)
    if o["position"] == "alibi":
        n = 2 ** int(np.log2(o["heads"]))
        slopes = [2 ** (-8 * (i + 1) / n) for i in range(n)]
        slopes += [2 ** (-8 * (i + 1) / (2 * n)) for i in range(2 * n)][::2]
        return -slopes[h] * distance
    if o["position"] == "kerple_log":
        return -p["r1"][h] * np.log(1 + p["r2"][h] * distance)
    if o["position"] == "kerple_power":
        return -p["r1"][h] * distance ** p["r2"][h]
    return np.zeros_like(distance)


def gradient_sum(alpha, n, samples, weight):
    """G(alpha) of the annealed estimate, for scores `samples` with density `weight`."""
    mean = lambda a: (weight * np.exp(a * samples)).sum() / weight.sum()
    return alpha * (1 - mean(2 * alpha) / (n * mean(alpha) ** 2))


def scale(o, d, causal, length, logn):
    norms, n = o["query_norm"] + o["key_norm"], length / 2 if causal else length
    if o["scale"] == "none":
        value = 1
    elif o["scale"] == "standard":
        value = [1 / np.sqrt(d), 1, 4 * np.log(length if logn else n)][norms]
    else:
        if norms == 2:
            s = np.linspace(-1, 1, 20001)[1:-1]
            weight = (1 - s * s) ** ((d - 3) / 2)
        else:
            s = np.linspace(-30, 30, 20001)
            weight = np.exp(-s * s / 2)
        value, step = 4.0, 0.02
        for _ in range(3):
            grid = value + step * np.arange(-199, 200)
            value = grid[np.argmax([gradient_sum(a, n, s, weight) for a in grid])]
            step /= 50
        value /= np.sqrt(d) if norms == 0 else 1
    if o["post_hoc"].startswith("yarn"):
        value *= (0.1 * np.log(o["post_hoc_factor"]) + 1) ** 2
    return value * o["scale_factor"]


def mixer(x, p, o, causal, layer, layers, length):
    heads = o["heads"]
    groups, d = o["kv_heads"] or heads, WIDTH // heads
    position, logn, window = o["position"], o["logn"], o["window"]
    if o["hwfa"]:
        last = layer == layers - 1
        position, logn = ("none", True) if last else (position, logn)
        window = 0 if last else window or int((0.75 * length - 1) // (layers - 1)) + 1
    if o["post_hoc"] == "window":
        window = o["post_hoc_window"]
    D = np.arange(LENGTH)[:, None] - np.arange(LENGTH)[None]
    seen = (D >= 0) if causal else np.ones_like(D, bool)
    if window:
        seen = seen & (np.abs(D) < window)
    factor = np.log(seen.sum(1)) / np.log(length)
    if not logn:
        at_test = o["post_hoc"] == "logn" or o["post_hoc_logn"]
        factor = np.maximum(1, factor) if at_test else np.ones(LENGTH)
    q, k, v = x @ p["q"], x @ p["k"], x @ p["v"]
    y = []
    for h in range(heads):
        g = h // (heads // groups)
        qh, kh, vh = q[:, h * d:(h + 1) * d], k[:, g * d:(g + 1) * d], v[:, g * d:(g + 1) * d]
        if o["query_norm"]:
            qh = qh / np.linalg.norm(qh, axis=1, keepdims=True)
        if o["key_norm"]:
            kh = kh / np.linalg.norm(kh, axis=1, keepdims=True)
        s = factor[:, None] * dots(qh, kh, o, position, length)
        s = scale(o, d, causal, length, logn) * s + bias(o, p, h)
        a = np.where(seen, np.exp(s - s.max(1, keepdims=True)), 0)
        y.append(a / a.sum(1, keepdims=True) @ vh)
    return np.concatenate(y, 1) @ p["out"]


STANDARD = dict(heads=2, kv_heads=0, position="rope", rope_base=50.0, window=0, hwfa=False,
                trained_length=8, query_norm=False, key_norm=False, logn=False, scale="standard",
                scale_factor=1.0, post_hoc="none", post_hoc_factor=4.0, post_hoc_window=3,
                post_hoc_kappa=4.0, yarn_fast=4.0, post_hoc_logn=False)
ROPE_CHANGES = ["pi", "ntk_aware", "ntk_old", "ntk_fixed", "ntk_mixed", "yarn", "yarn_index", "rerope",
                "leaky_rerope", "logn", "window"]
CASES = [
    dict(), dict(causal=False), dict(position="none", heads=4, kv_heads=2),
    dict(position="alibi", heads=8, kv_heads=2), dict(position="alibi", causal=False, window=4),
    dict(position="kerple_log"), dict(position="kerple_power", causal=False),
    dict(position="xpos", rope_base=10000.0), dict(window=3), dict(window=2, causal=False, logn=True),
    dict(key_norm=True), dict(query_norm=True, logn=True), dict(key_norm=True, query_norm=True),
    dict(key_norm=True, query_norm=True, logn=True, position="none"), dict(scale="none", kv_heads=1),
    dict(scale="gradmax", trained_length=256), dict(scale="gradmax", key_norm=True, scale_factor=0.5),
    dict(scale="gradmax", key_norm=True, query_norm=True, causal=False),
    dict(hwfa=True, layer=0, layers=3), dict(hwfa=True, layer=2, layers=3),
    dict(post_hoc="yarn", post_hoc_logn=True, heads=1, trained_length=20),
    dict(post_hoc="yarn_index", heads=1, trained_length=20),
    dict(post_hoc="rerope", kv_heads=1, key_norm=True),
] + [dict(post_hoc=change, heads=1) for change in ROPE_CHANGES]


def main():
    lines, outputs = [], []
    for case in CASES:
        place = {"causal": True, "layer": 0, "layers": 1}
        options = dict(STANDARD)
        for name, value in case.items():
            (place if name in place else options)[name] = value
        outputs.append(mixer(wave(LENGTH, WIDTH, 0.5), weights(options), options, place["causal"], place["layer"],
                             place["layers"], options["trained_length"]))
        changed = {n: v for n, v in options.items() if n in case}
        lines.append(json.dumps({**place, "changed": changed, "options": options}))
    here = pathlib.Path(__file__).resolve().parent
    np.save(here / "attention.npy", np.array(outputs, "<f4"))
    (here / "attention.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes linear_rnn.json: what the linear RNNs of forward.py make of one input, for
tests/models/linear_rnn_parity_test.cpp. Run by hand when a formula changes.

usage: linear_rnn.py > linear_rnn.json

Parameters and input are not stored: element i of the tensor called NAME is
0.6 sin(0.7 i + length of NAME), the input is x[t, d] = sin(0.9 t + 2 d)."""
import json
import sys

import numpy as np

import forward

D, T = 4, 11
PAIR = {"nu_log": (5,), "gamma_log": (5,), "B": (D, 5)}
CASES = [  # model, options, causal, shapes
    ("slru", {"state": 5}, True, {**PAIR, "C": (5, D), "D": (D,)}),
    ("slru", {"state": 5}, False, {**PAIR, **{"reverse." + n: s for n, s in PAIR.items()},
                                   "C": (10, D), "D": (D,)}),
    ("lru", {"state": 3}, True, {"nu_log": (3,), "theta_log": (3,), "gamma_log": (3,), "B": (D, 6),
                                 "C": (6, D), "D": (D,)}),
]
for discretisation in ("zoh", "bilinear"):
    for causal in (True, False):
        shapes = {"A_log": (3, D), "A_imag": (3, D), "dt_log": (D,), "C": (6, D), "D": (D,),
                  "out.weight": (D, D)}
        if not causal:
            shapes["reverse.C"] = (6, D)
        CASES.append(("s4d", {"state": 6, "discretisation": discretisation}, causal, shapes))
for causal in (True, False):
    CASES.append(("s5", {"state": 6}, causal,
                  {"A_log": (3,), "A_imag": (3,), "dt_log": (3,), "B": (D, 6),
                   "C": (6 if causal else 12, D), "D": (D,)}))
CASES.append(("mamba", {"state": 3}, True,
              {"in.weight": (D, 16), "conv.weight": (4, 8), "conv.bias": (8,),
               "select.weight": (8, 7), "dt.weight": (1, 8), "dt.bias": (8,), "A_log": (3, 8),
               "D": (8,), "out.weight": (8, D)}))
for candidate in ("positive", "linear"):
    gates = {"weight": (D, 5), "bias": (5,)}
    for model, names in (("min_gru", "zh"), ("min_lstm", "fih")):
        shapes = {f"{n}.{kind}": shape for n in names for kind, shape in gates.items()}
        CASES.append((model, {"state": 5, "candidate": candidate}, True,
                      {**shapes, "out.weight": (5, D)}))
CASES.append(("hgrn", {"state": 5}, True,
              {**{f"{n}.{kind}": shape for n in "cfg" for kind, shape in gates.items()},
               "bound": (5,), "norm.gain": (5,), "norm.bias": (5,), "out.weight": (5, D),
               "out.bias": (D,)}))
CASES.append(("rwkv", {}, True,
              {**{"mu_" + n: (D,) for n in "rkv"}, "decay": (D,), "u": (D,),
               **{n + ".weight": (D, D) for n in ("r", "k", "v", "out")}}))


def values(name, shape):
    return (0.6 * np.sin(0.7 * np.arange(np.prod(shape)) + len(name))).reshape(shape)


def case(model, options, causal, shapes):
    x = np.sin(0.9 * np.arange(T)[:, None] + 2 * np.arange(D))
    p = {name: values(name, shape) for name, shape in shapes.items()}
    y = getattr(forward, model)(x, p, options, causal)
    return {"model": model, "options": options, "causal": causal, "parameters": sorted(shapes),
            "y": [round(v, 7) for v in y.ravel().tolist()]}


if __name__ == "__main__":
    lines = [json.dumps(case(*c)) for c in CASES]
    sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n")

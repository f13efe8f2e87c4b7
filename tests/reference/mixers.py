#!/usr/bin/env python3
"""What the mixers of forward.py make of one input, for tests/models/mixers_parity_test.cpp: mixers.json lists the
cases, mixers.npy [cases, length, width] their outputs. Run by hand when a formula changes; writes both files.

Parameters and input are not stored: element i of the tensor called NAME is 0.6 sin(0.7 i + s), s the sum of the
character codes of NAME; the input is x[t, d] = sin(0.9 t + 2 d)."""
import json
import pathlib

import numpy as np

import forward

D, T, HEADS = 4, 11, 2
QKV = {n + ".weight": (D, D) for n in ("q", "k", "v", "out")}
GAIN = {"norm.gain": (D // HEADS,)}
GATE = {"gate.weight": (D, D)}
CASES = []  # model, options, causal, shapes


def add(model, shapes, causal=True, **options):
    CASES.append((model, options, causal, shapes))


def linear_attention():
    for feature in ("elu1", "relu2", "exp"):
        for causal in (True, False):
            add("linear_attention", QKV, causal, heads=HEADS, feature=feature, normaliser="sum")
    narrow = {"q.weight": (D, 3 * HEADS), "k.weight": (D, 3 * HEADS)}
    add("linear_attention", {**QKV, **narrow}, heads=HEADS, feature="taylor", key_width=3, normaliser="sum")
    for feature in ("identity", "relu"):
        add("linear_attention", {**QKV, **GAIN}, heads=HEADS, feature=feature, normaliser="rms", chunk=3)


def linear_attention_with_decay():
    for position in ("rope", "none"):
        add("retention", {**QKV, **GATE, **GAIN}, heads=HEADS, position=position, chunk=4)
    add("gla", {**QKV, **GATE, **GAIN, "decay.in.weight": (D, 3), "decay.out.weight": (3, D), "decay.bias": (D,)},
        heads=HEADS, gate_rank=3, tau=4, chunk=4)
    plain = {**QKV, **GAIN, "beta.weight": (D, HEADS)}
    gated = {**plain, **GATE, "a.weight": (D, HEADS), "A_log": (HEADS,), "dt_bias": (HEADS,)}
    for is_gated in (False, True):
        for negative in (False, True):
            add("delta_net", gated if is_gated else plain, heads=HEADS, gated=is_gated,
                negative_eigenvalues=negative, chunk=4)


def linear_rnns_with_fixed_states():
    pair = {"nu_log": (5,), "gamma_log": (5,), "B": (D, 5)}
    add("slru", {**pair, "C": (5, D), "D": (D,)}, state=5)
    add("slru", {**pair, **{"reverse." + n: s for n, s in pair.items()}, "C": (10, D), "D": (D,)}, False, state=5)
    ring = {"nu_log": (3,), "theta_log": (3,), "gamma_log": (3,), "B": (D, 6)}
    add("lru", {**ring, "C": (6, D), "D": (D,)}, state=3)
    add("lru", {**ring, **{"reverse." + n: s for n, s in ring.items()}, "C": (12, D), "D": (D,)}, False, state=3)
    system = {"A_log": (3, D), "A_imag": (3, D), "dt_log": (D,), "C": (6, D), "D": (D,), "out.weight": (D, D)}
    for discretisation in ("zoh", "bilinear"):
        add("s4d", system, state=6, discretisation=discretisation)
        add("s4d", {**system, "reverse.C": (6, D)}, False, state=6, discretisation=discretisation)
    plain = {"A_log": (3, D), "A_imag": (3, D), "dt_log": (D,), "P": (6, D), "B": (6, D), "C": (6, D), "D": (D,),
             "out.weight": (D, D)}
    add("s4", plain, state=6)
    add("s4", {**plain, "reverse.C": (6, D)}, False, state=6)
    for causal in (True, False):
        add("s5", {"A_log": (3,), "A_imag": (3,), "dt_log": (3,), "B": (D, 6), "C": (6 if causal else 12, D),
                   "D": (D,)}, causal, state=6)


    for discretisation in ("im", "imex"):
        add("linoss", {"A_log": (5,), "dt_logit": (5,), "B": (D, 5), "C": (5, D), "D": (D,)}, state=5,
            discretisation=discretisation)


    both = {"select.weight": (D, 3), "dictionary": (3, 5, 5), "B": (D, 10), "C": (10, D), "D": (D,)}
    for name in ("size", "angle"):
        both.update({name + ".weight": (D, 5), name + ".bias": (5,)})
    add("pd_ssm", both, state=5, dictionary=3, generators="linear")
    deep = {k: v for k, v in both.items() if not k.startswith(("size", "angle"))}
    for name in ("size", "angle"):
        deep.update({name + ".in.weight": (D, 10), name + ".in.bias": (10,), name + ".out.weight": (10, 5),
                     name + ".out.bias": (5,)})
    add("pd_ssm", deep, state=5, dictionary=3, generators="mlp")


def gated_linear_rnns():
    add("mamba", {"in.weight": (D, 16), "conv.weight": (4, 8), "conv.bias": (8,), "select.weight": (8, 7),
                  "dt.weight": (1, 8), "dt.bias": (8,), "A_log": (3, 8), "D": (8,), "out.weight": (8, D)}, state=3)

    for order in (2, 3):
        filters = {f"filter.{i}.{kind}": shape for i in range(3)
                   for kind, shape in (("weight", (5 if i == 0 else 6, 6)), ("bias", (6,)))}
        add("hyena", {**filters, "in.weight": (D, (order + 1) * D), "in.bias": ((order + 1) * D,),
                      "conv.weight": (3, (order + 1) * D), "conv.bias": ((order + 1) * D,), "filter.frequency": (6,),
                      "filter.out.weight": (6, (order - 1) * D), "bias": ((order - 1) * D,), "out.weight": (D, D),
                      "out.bias": (D,)}, order=order, filter_width=6, bands=2)

    add("mamba3", {"in.weight": (D, 2 * 8 + 2 * 2 * 8 + 3 * 4 + 2), "dt.bias": (4,), "B.norm.gain": (8,),
                   "C.norm.gain": (8,), "B.bias": (4, 8), "C.bias": (4, 8), "D": (4,), "out.weight": (8, D)},
        state=8, heads=4, groups=2, chunk=4)

    def gates(names):
        return {f"{n}.{kind}": shape for n in names for kind, shape in (("weight", (D, 5)), ("bias", (5,)))}
    for candidate in ("positive", "linear"):
        add("min_gru", {**gates("zh"), "out.weight": (5, D)}, state=5, candidate=candidate)
        add("min_lstm", {**gates("fih"), "out.weight": (5, D)}, state=5, candidate=candidate)
    add("hgrn", {**gates("cfg"), "bound": (5,), "norm.gain": (5,), "norm.bias": (5,), "out.weight": (5, D),
                 "out.bias": (D,)}, state=5)
    add("rwkv", {**{"mu_" + n: (D,) for n in "rkv"}, "decay": (D,), "u": (D,),
                 **{n + ".weight": (D, D) for n in ("r", "k", "v", "out")}})


def nonlinear_rnns():
    for cell, gates in (("tanh", 1), ("gru", 3), ("lstm", 4), ("cifg", 3)):
        for block in (D, 1):
            add("rnn", {"W": (D, gates * D), "b": (gates * D,), "R": (gates, D // block, block, block),
                        "out": (D, D), **({"peepholes": (2, D)} if cell == "cifg" else {})}, cell=cell, block=block)
    add("m2rnn", {**QKV, **GATE, **GAIN, "f.weight": (D, HEADS), "f.bias": (HEADS,), "W": (HEADS, D // HEADS, D // HEADS)},
        heads=HEADS)


def values(name, shape):
    return (0.6 * np.sin(0.7 * np.arange(np.prod(shape)) + sum(map(ord, name)))).reshape(shape)


def main():
    for family in (linear_attention, linear_attention_with_decay, linear_rnns_with_fixed_states, gated_linear_rnns,
                   nonlinear_rnns):
        family()
    x = np.sin(0.9 * np.arange(T)[:, None] + 2 * np.arange(D))
    outputs, lines = [], []
    for model, options, causal, shapes in CASES:
        p = {name: values(name, shape) for name, shape in shapes.items()}
        outputs.append(getattr(forward, model)(x, p, options, causal))
        lines.append(json.dumps({"model": model, "options": options, "causal": causal, "parameters": sorted(shapes)}))
    here = pathlib.Path(__file__).resolve().parent
    np.save(here / "mixers.npy", np.array(outputs, "<f4"))
    (here / "mixers.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()

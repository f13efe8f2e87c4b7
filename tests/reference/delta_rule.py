#!/usr/bin/env python3
"""Writes tests/data/delta_rule.json: inputs and outputs of the delta rule, computed in double from the papers'
matrix recurrences, for tests/math/delta_rule_test.cpp. Run by hand.

  DeltaNet        S_t = S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T           arXiv:2406.06484, section 2.2
  gated DeltaNet  S_t = S_{t-1} (alpha_t (I - beta_t k_t k_t^T)) + beta_t v_t k_t^T  arXiv:2412.06464, eq. 10
  o_t = S_t q_t, with S [d_v, d_k] and column vectors, as the papers have them"""
import json
import pathlib

import numpy as np


def delta_rule(q, k, v, beta, alpha):  # one head: [T, d], [T, d], [T, dv], [T], [T]
    state, outputs = np.zeros((v.shape[1], q.shape[1])), []
    for t in range(len(q)):
        erase = alpha[t] * (np.eye(k.shape[1]) - beta[t] * np.outer(k[t], k[t]))
        state = state @ erase + beta[t] * np.outer(v[t], k[t])
        outputs.append(state @ q[t])
    return np.array(outputs)


def case(about, seed, batch, length, heads, d, dv, gated, largest_beta):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.normal(size=shape).round(3)
    q, k, v = draw(batch, length, heads, d), draw(batch, length, heads, d), draw(batch, length, heads, dv)
    k = (k / np.linalg.norm(k, axis=-1, keepdims=True)).round(5)
    beta = (largest_beta * rng.uniform(size=(batch, length, heads))).round(3)
    log_decay = (-rng.uniform(size=beta.shape) if gated else np.zeros(beta.shape)).round(3)
    y = np.zeros_like(v)
    for b in range(batch):
        for h in range(heads):
            y[b, :, h] = delta_rule(q[b, :, h], k[b, :, h], v[b, :, h], beta[b, :, h], np.exp(log_decay[b, :, h]))
    flat = lambda x: x.reshape(batch, length, -1)
    arrays = {"q": flat(q), "k": flat(k), "v": flat(v), "beta": beta, "y": flat(y).round(7)}
    if gated:
        arrays["log_decay"] = log_decay
    stored = {name: {"shape": x.shape, "values": x.ravel().tolist()} for name, x in arrays.items()}
    return {"about": about, "heads": heads} | stored


cases = [case("delta rule", 1, 2, 13, 2, 4, 3, False, 1), case("gated", 2, 1, 17, 2, 3, 5, True, 1),
         case("beta up to 2", 3, 1, 19, 1, 5, 5, True, 2)]
target = pathlib.Path(__file__).resolve().parent.parent / "data" / "delta_rule.json"
target.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")

#!/usr/bin/env python3
"""Recomputes the logits of a stored checkpoint with NumPy alone, from docs/models.md.

usage: forward.py CHECKPOINT TOKENS.npy LOGITS.npy    compares, prints the largest difference
Exits with 1 if it is above 1e-4 of the largest logit (or of 1, if that is larger)."""
import json
import struct
import sys

import numpy as np


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    spec = json.loads(header.pop("__metadata__")["spec"])
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], "<f4").astype(np.float64)
        tensors[name] = values.reshape(entry["shape"])
    return spec, tensors


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softplus(x):
    return np.logaddexp(0, x)


def gelu(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def rms_norm(x, gain):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * gain


def heads_of(x, heads):  # [T, D] -> [H, T, d]
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def rope(x):  # [H, T, d]
    half = x.shape[2] // 2
    angle = np.arange(x.shape[1])[:, None] * 10000.0 ** (-np.arange(half) / half)
    c, s, low, high = np.cos(angle), np.sin(angle), x[..., :half], x[..., half:]
    return np.concatenate([low * c - high * s, high * c + low * s], -1)


def transformer(x, p, options, causal):
    q, k, v = (heads_of(x @ p[n + ".weight"], options["heads"]) for n in "qkv")
    if options["position"] == "rope":
        q, k = rope(q), rope(k)
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    if causal:
        scores = np.where(np.tri(len(x), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    y = weights / weights.sum(-1, keepdims=True) @ v
    return y.transpose(1, 0, 2).reshape(x.shape) @ p["out.weight"]


def linear_attention(x, p, options, causal):
    def taylor(u):
        u = u / u.shape[-1] ** 0.25
        pairs = u[..., :, None] * u[..., None, :] / np.sqrt(2)
        return np.concatenate([np.ones_like(u[..., :1]), u, pairs.reshape(*u.shape[:-1], -1)], -1)

    phi = {"identity": lambda u: u,
           "elu1": lambda u: np.where(u > 0, u + 1, np.exp(np.minimum(u, 0))),
           "relu": lambda u: np.maximum(u, 0),
           "relu2": lambda u: np.maximum(u, 0) ** 2,
           "exp": np.exp,
           "taylor": taylor}[options["feature"]]
    q, k, v = (heads_of(x @ p[n + ".weight"], options["heads"]) for n in "qkv")
    a = phi(q) @ phi(k).transpose(0, 2, 1)
    if causal:
        a = a * np.tri(len(x))
    if options["normaliser"] == "rms":
        y = rms_norm(a @ v, p["norm.gain"])
    else:
        y = a @ v / (a.sum(-1, keepdims=True) + 1e-6)
    return y.transpose(1, 0, 2).reshape(x.shape) @ p["out.weight"]


def head_readout(y, x, p):  # [H, T, d] -> [T, D]
    y = rms_norm(y, p["norm.gain"]).transpose(1, 0, 2).reshape(x.shape)
    if "gate.weight" in p:
        gate = x @ p["gate.weight"]
        y = y * gate * sigmoid(gate)
    return y @ p["out.weight"]


def retention(x, p, options, causal):
    q, k, v = (heads_of(x @ p[n + ".weight"], options["heads"]) for n in "qkv")
    if options["position"] == "rope":
        q, k = rope(q), rope(k)
    gamma = 1 - 2.0 ** (-5 - np.arange(options["heads"]))
    apart = np.arange(len(x))[:, None] - np.arange(len(x))
    decay = np.tri(len(x)) * gamma[:, None, None] ** np.maximum(apart, 0)
    y = (q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]) * decay) @ v
    return head_readout(y, x, p)


def gla(x, p, options, causal):
    q, k, v = (heads_of(x @ p[n + ".weight"], options["heads"]) for n in "qkv")
    gate = sigmoid(x @ p["decay.in.weight"] @ p["decay.out.weight"] + p["decay.bias"])
    alpha = heads_of(gate ** (1 / options["tau"]), options["heads"])
    state, y = np.zeros((len(q), q.shape[2], q.shape[2])), np.zeros_like(v)
    for t in range(len(x)):
        state = alpha[:, t, :, None] * state + k[:, t, :, None] * v[:, t, None, :]
        y[:, t] = np.einsum("hd,hde->he", q[:, t], state) / np.sqrt(q.shape[2])
    return head_readout(y, x, p)


def delta_net(x, p, options, causal):
    def silu_heads(name):
        u = x @ p[name + ".weight"]
        return heads_of(u * sigmoid(u), options["heads"])

    def unit(u):
        return u / np.sqrt((u * u).sum(-1, keepdims=True) + 1e-6)

    q, k, v = unit(silu_heads("q")), unit(silu_heads("k")), silu_heads("v")
    beta = sigmoid(x @ p["beta.weight"]) * (2 if options["negative_eigenvalues"] else 1)  # [T, H]
    decay = np.ones_like(beta)
    if options["gated"]:
        step = np.logaddexp(0, x @ p["a.weight"] + p["dt_bias"])
        decay = np.exp(-np.exp(p["A_log"]) * step)
    y, eye = np.zeros_like(v), np.eye(q.shape[2])
    for h in range(len(q)):
        state = np.zeros_like(eye)  # [value, key], as the papers have it
        for t in range(len(x)):
            erase = decay[t, h] * (eye - beta[t, h] * np.outer(k[h, t], k[h, t]))
            state = state @ erase + beta[t, h] * np.outer(v[h, t], k[h, t])
            y[h, t] = state @ q[h, t]
    return head_readout(y, x, p)


def run(decay, inputs):  # x_t = decay_t * x_{t-1} + inputs_t; decay: one for all t, or one each
    decay = np.broadcast_to(decay, inputs.shape)
    state, states = np.zeros(inputs.shape[1:], np.result_type(decay, inputs)), []
    for a, b in zip(decay, inputs):
        state = a * state + b
        states.append(state)
    return np.array(states)


def parts(x):  # complex [..., N] -> real [..., 2N], real parts first
    return np.concatenate([x.real, x.imag], -1)


def lru(x, p, options, causal):
    def scan(u, prefix):
        lam = np.exp(-np.exp(p[prefix + "nu_log"]) + 1j * np.exp(p[prefix + "theta_log"]))
        b, n = p[prefix + "B"], len(lam)
        return parts(run(lam, (u @ b[:, :n] + 1j * (u @ b[:, n:])) * np.exp(p[prefix + "gamma_log"])))

    states = scan(x, "")
    if not causal:
        states = np.concatenate([states, scan(x[::-1], "reverse.")[::-1]], -1)
    return states @ p["C"] + p["D"] * x


def slru(x, p, options, causal):
    def scan(u, prefix):
        lam = np.exp(-np.exp(p[prefix + "nu_log"]))
        return run(lam, np.exp(p[prefix + "gamma_log"]) * (u @ p[prefix + "B"]))

    states = scan(x, "")
    if not causal:
        states = np.concatenate([states, scan(x[::-1], "reverse.")[::-1]], -1)
    return states @ p["C"] + p["D"] * x


def s4d(x, p, options, causal):
    a, dt = -np.exp(p["A_log"]) + 1j * p["A_imag"], np.exp(p["dt_log"])
    half = len(a)
    if options["discretisation"] == "bilinear":
        decay, b = (1 + a * dt / 2) / (1 - a * dt / 2), dt / (1 - a * dt / 2)
    else:
        decay, b = np.exp(a * dt), (np.exp(a * dt) - 1) / a

    def system(u, name):
        c = p[name][:half] + 1j * p[name][half:]
        return 2 * (c * run(decay, b * u[:, None, :])).real.sum(1)

    y = system(x, "C") + p["D"] * x
    if not causal:
        y = y + system(x[::-1], "reverse.C")[::-1]
    return gelu(y) @ p["out.weight"] if options.get("output") != "none" else y


def s4(x, p, options, causal):
    def both(name):  # [N, D], conjugates behind
        half = len(p[name]) // 2
        v = p[name][:half] + 1j * p[name][half:]
        return np.concatenate([v, v.conj()])
    lam = -np.exp(p["A_log"]) + 1j * p["A_imag"]
    lam, P, B, dt = np.concatenate([lam, lam.conj()]), both("P"), both("B"), np.exp(p["dt_log"])

    def system(u, name):  # with the whole matrix
        C, y = both(name), np.zeros(u.shape)
        for d in range(u.shape[1]):
            A, one = np.diag(lam[:, d]) - np.outer(P[:, d], P[:, d].conj()), np.eye(len(lam))
            below = np.linalg.inv(one - dt[d] / 2 * A)
            state = np.zeros(len(lam))
            for t in range(len(u)):
                state = below @ ((one + dt[d] / 2 * A) @ state + dt[d] * B[:, d] * u[t, d])
                y[t, d] = (C[:, d] @ state).real
        return y

    y = system(x, "C") + p["D"] * x
    if not causal:
        y = y + system(x[::-1], "reverse.C")[::-1]
    return gelu(y) @ p["out.weight"] if options.get("output") != "none" else y


def s5(x, p, options, causal):
    a, dt = -np.exp(p["A_log"]) + 1j * p["A_imag"], np.exp(p["dt_log"])
    half = len(a)
    b = (p["B"][:, :half] + 1j * p["B"][:, half:]) * (np.exp(a * dt) - 1) / a
    states = parts(run(np.exp(a * dt), x @ b))
    if not causal:
        states = np.concatenate([states, parts(run(np.exp(a * dt), x[::-1] @ b))[::-1]], -1)
    y = 2 * states @ p["C"] + p["D"] * x
    return gelu(y) if options.get("output") != "none" else y


def linoss(x, p, options, causal):
    dt, w = sigmoid(p["dt_logit"]), np.exp(p["A_log"] / 2)
    z, y, out = np.zeros(len(w)), np.zeros(len(w)), []
    for u in x @ p["B"]:  # the oscillators' own equations, not the complex numbers of the page
        if options["discretisation"] == "im":
            z = (z + dt * (u - w ** 2 * y)) / (1 + dt ** 2 * w ** 2)
        else:
            z = z + dt * (u - w ** 2 * y)
        y = y + dt * z
        out.append(y)
    return gelu(np.array(out) @ p["C"] + x * p["D"])


def pd_ssm(x, p, options, causal):
    def generated(name):
        if options["generators"] == "linear":
            return sigmoid(x @ p[name + ".weight"] + p[name + ".bias"])
        inner = gelu(x @ p[name + ".in.weight"] + p[name + ".in.bias"])
        return sigmoid(inner @ p[name + ".out.weight"] + p[name + ".out.bias"])
    d = generated("size") * np.exp(2j * np.pi * generated("angle"))
    shares = np.exp(x @ p["select.weight"])
    M = np.einsum("tk,kij->tij", shares / shares.sum(1, keepdims=True), p["dictionary"])
    N = M.shape[1]
    P = np.eye(N)[M.argmax(1)].transpose(0, 2, 1)  # a one in each column, where M is largest
    h, b, out = np.zeros(N, complex), x @ p["B"], []
    for t in range(len(x)):
        h = P[t] @ (d[t] * h) + b[t, :N] + 1j * b[t, N:]
        out.append(parts(h))
    return np.array(out) @ p["C"] + p["D"] * x


def mamba(x, p, options, causal):
    taps, n = p["conv.weight"], options["state"]
    x, z = np.split(x @ p["in.weight"], 2, -1)
    x = silu(convolve(x, taps, p["conv.bias"]))
    selected = x @ p["select.weight"]
    r, b, c = selected[:, :-2 * n], selected[:, -2 * n:-n], selected[:, -n:]
    dt = softplus(r @ p["dt.weight"] + p["dt.bias"])
    decay = np.exp(dt[:, None, :] * -np.exp(p["A_log"]))
    states = run(decay, b[:, :, None] * (dt * x)[:, None, :])
    y = (c[:, :, None] * states).sum(1) + p["D"] * x
    return y * silu(z) @ p["out.weight"]


def mamba3(x, p, options, causal):
    N, H, G = options["state"], options["heads"], options["groups"]
    E, R, n = p["out.weight"].shape[0], N // 4, len(x)
    widths = [E, E, G * N, G * N, H, H, H, R]
    z, u, b, c, dt, rate, mix, theta = np.split(x @ p["in.weight"], np.cumsum(widths)[:-1], axis=1)
    dt, rate, mix = softplus(dt + p["dt.bias"]), np.maximum(softplus(rate), 1e-4), sigmoid(mix)
    angle = np.cumsum(dt[:, :, None] * np.pi * np.tanh(theta)[:, None, :], axis=0)  # [T, H, R]

    def turned(v, name):
        v = v.reshape(n, G, N)
        v = v / np.sqrt((v * v).mean(-1, keepdims=True) + 1e-5) * p[name + ".norm.gain"]
        v = np.repeat(v, H // G, axis=1) + p[name + ".bias"]
        pairs = (v[..., :R] + 1j * v[..., R:2 * R]) * np.exp(1j * angle)
        return np.concatenate([pairs.real, pairs.imag, v[..., 2 * R:]], -1)
    b, c, u = turned(b, "B"), turned(c, "C"), u.reshape(n, H, E // H)
    h, last, y = np.zeros((H, N, E // H)), np.zeros((H, N, E // H)), []
    for t in range(n):
        a, now = np.exp(-rate[t] * dt[t])[:, None, None], b[t][:, :, None] * u[t][:, None, :]
        late, own = ((1 - mix[t]) * dt[t])[:, None, None], (mix[t] * dt[t])[:, None, None]
        h, last = a * h + late * a * last + own * now, now
        y.append(np.einsum("hn,hne->he", c[t], h) + p["D"][:, None] * u[t])
    return (np.array(y).reshape(n, E) * silu(z)) @ p["out.weight"]


def candidate(x, p, options):
    u = x @ p["h.weight"] + p["h.bias"]
    return u if options["candidate"] == "linear" else np.where(u >= 0, u + 0.5, sigmoid(u))


def min_gru(x, p, options, causal):
    z = sigmoid(x @ p["z.weight"] + p["z.bias"])
    return run(1 - z, z * candidate(x, p, options)) @ p["out.weight"]


def min_lstm(x, p, options, causal):
    f = sigmoid(x @ p["f.weight"] + p["f.bias"])
    i = sigmoid(x @ p["i.weight"] + p["i.bias"])
    return run(f / (f + i), i / (f + i) * candidate(x, p, options)) @ p["out.weight"]


def hgrn(x, p, options, causal):
    f = sigmoid(x @ p["f.weight"] + p["f.bias"])
    if "bound" in p:
        bound = sigmoid(p["bound"])
        f = bound + (1 - bound) * f
    h = run(f, (1 - f) * silu(x @ p["c.weight"] + p["c.bias"]))
    h = h * sigmoid(x @ p["g.weight"] + p["g.bias"])
    h = (h - h.mean(-1, keepdims=True)) / np.sqrt(h.var(-1, keepdims=True) + 1e-5)
    return (h * p["norm.gain"] + p["norm.bias"]) @ p["out.weight"] + p["out.bias"]


def rwkv(x, p, options, causal):
    before = np.concatenate([np.zeros((1, x.shape[1])), x[:-1]])
    r, k, v = ((p["mu_" + n] * x + (1 - p["mu_" + n]) * before) @ p[n + ".weight"] for n in "rkv")
    w, wkv = np.exp(p["decay"]), []
    for t in range(len(x)):
        age = t - 1 - np.arange(t + 1)[:, None]  # -1 at the position itself
        weights = np.exp(k[:t + 1] + np.where(age < 0, p["u"], -w * age))
        wkv.append((weights * v[:t + 1]).sum(0) / weights.sum(0))
    return sigmoid(r) * np.array(wkv) @ p["out.weight"]


def rnn(x, p, options, causal):
    gates, blocks, block, _ = p["R"].shape
    width = blocks * block
    recurrent = np.zeros((gates, width, width))
    for g in range(gates):
        for i in range(blocks):
            at = slice(i * block, (i + 1) * block)
            recurrent[g, at, at] = p["R"][g, i]
    h, c, states = np.zeros(width), np.zeros(width), []
    for u in x @ p["W"] + p["b"]:
        if options["cell"] == "tanh":
            h = np.tanh(u + recurrent[0] @ h)
        elif options["cell"] == "cifg":
            f, g, o = (v + r @ h for v, r in zip(np.split(u, 3), recurrent))
            f = sigmoid(f + p["peepholes"][0] * c)
            c = f * c + (1 - f) * np.tanh(g)
            h = sigmoid(o + p["peepholes"][1] * c) * np.tanh(c)
        elif options["cell"] == "lstm":
            i, f, g, o = (v + r @ h for v, r in zip(np.split(u, 4), recurrent))
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            u_r, u_z, u_n = np.split(u, 3)
            r, z = sigmoid(u_r + recurrent[0] @ h), sigmoid(u_z + recurrent[1] @ h)
            h = (1 - z) * np.tanh(u_n + r * (recurrent[2] @ h)) + z * h
        states.append(h)
    return np.array(states) @ p["out"]


def m2rnn(x, p, options, causal):
    H = options["heads"]
    q, k, v = (heads_of(x @ p[n + ".weight"], H) for n in "qkv")
    f = sigmoid(x @ p["f.weight"] + p["f.bias"])
    S, y = np.zeros((H, q.shape[2], q.shape[2])), []
    for t in range(len(x)):
        z = np.tanh(S @ p["W"] + k[:, t, :, None] * v[:, t, None, :])
        S = f[t][:, None, None] * S + (1 - f[t])[:, None, None] * z
        y.append(np.einsum("hk,hkv->hv", q[:, t], S))
    return head_readout(np.array(y).transpose(1, 0, 2), x, p)


def convolve(x, taps, bias=0):
    padded = np.concatenate([np.zeros((len(taps) - 1, x.shape[1])), x])
    return sum(taps[j] * padded[len(taps) - 1 - j:len(padded) - j] for j in range(len(taps))) + bias


def hyena(x, p, options, causal):
    L = len(x)  # as if training had this length
    n, t, order, bands = len(x), np.arange(len(x))[:, None], options["order"], options["bands"]
    w = 2 * np.pi * t / L * np.linspace(1e-4, bands - 1, bands)
    h = np.concatenate([t / (L - 1), np.cos(w), -np.sin(w)], 1)
    for i in range(3):
        h = np.sin(p["filter.frequency"] * (h @ p[f"filter.{i}.weight"] + p[f"filter.{i}.bias"]))
    width = p["bias"].size
    rates = np.linspace(np.log(100) / 1.5, np.log(100) / 0.3, width).reshape(-1, order - 1).T.ravel()
    h = h @ p["filter.out.weight"] * np.exp(-t / (L - 1) * rates)
    *gates, v = np.split(convolve(x @ p["in.weight"] + p["in.bias"], p["conv.weight"], p["conv.bias"]), order + 1, 1)
    for gate, taps, bias in zip(gates[:0:-1], np.split(h, order - 1, 1), np.split(p["bias"], order - 1)):
        v = v * gate
        v = convolve(v, taps[:n]) + bias * v
    return (v * gates[0]) @ p["out.weight"] + p["out.bias"]


def norm(x, p, name, kind):
    gain = p[name + ".gain"]
    if kind == "rms":
        return rms_norm(x, gain)
    if kind == "batch":
        mean, var = p[name + ".statistics"][:len(gain)], p[name + ".statistics"][len(gain):-1]
    else:
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-5) * gain + p[name + ".bias"]


def feed_forward(x, p, kind):
    if kind == "gelu":
        return gelu(x @ p["mlp.up.weight"] + p["mlp.up.bias"]) @ p["mlp.down.weight"] + p["mlp.down.bias"]
    gate = x @ p["mlp.gate.weight"]
    return (x @ p["mlp.up.weight"] * gate * sigmoid(gate)) @ p["mlp.down.weight"]


def gated_output(x, p, kind):
    g = gelu(x)
    gate = sigmoid(g @ p["glu.gate.weight"] + p["glu.gate.bias"])
    if kind == "glu":
        return (g @ p["glu.value.weight"] + p["glu.value.bias"]) * gate
    return (g if kind == "half_glu1" else x) * gate


def canon(x, p, name):
    return x + convolve(x, p[name]) if name in p else x


def forward(spec, p, tokens, per_position):
    settings, mixer = spec["settings"], globals()[spec["model"]]
    kind, is_post, ff = settings["norm"], settings["norm_place"] == "post", settings["feed_forward"]
    x = p["embedding.weight"][tokens]
    if "position.weight" in p:
        x = x + p["position.weight"][:len(x)]
    for layer in range(settings["layers"]):
        own = {name.split(".", 2)[2]: value for name, value in p.items()
               if name.startswith(f"block.{layer}.")}
        n = x if is_post else norm(x, own, "norm", kind)
        n = canon(n, own, "canon.weight")
        if "conv.weight" in own:
            n = convolve(n, own["conv.weight"])
        inner = {name[6:]: value for name, value in own.items() if name.startswith("mixer.")}
        y = mixer(n, inner, spec["model_options"], settings["causal"])
        x = x + (gated_output(y, own, ff) if "glu" in ff else y)
        x = norm(x, own, "norm", kind) if is_post else x
        if "mlp.up.weight" in own:
            n = x if is_post else norm(x, own, "mlp.norm", kind)
            x = x + feed_forward(canon(n, own, "mlp.canon.weight"), own, ff)
            x = norm(x, own, "mlp.norm", kind) if is_post else x
    if not per_position:
        x = {"last": lambda: x[-1], "mean": lambda: x.mean(0), "max": lambda: x.max(0)}[settings["pooling"]]()
    if "norm.gain" in p:
        x = norm(x, p, "norm", kind)
    return x @ p["head.weight"] + p["head.bias"]


def main(checkpoint, tokens_file, logits_file):
    spec, parameters = read_safetensors(checkpoint)
    logits = np.load(logits_file)
    worst = 0.0
    for row, expected in zip(np.load(tokens_file), logits):
        length = np.flatnonzero(row)[-1] + 1
        per_position = logits.ndim == 3
        y = forward(spec, parameters, row[:length], per_position)
        worst = max(worst, np.abs(y - (expected[:length] if per_position else expected)).max())
    print(f"{spec['model']} on {spec['task']}: largest difference {worst:.2e}")
    return int(worst > 1e-4 * max(1.0, np.abs(logits).max()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

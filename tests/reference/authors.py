#!/usr/bin/env python3
"""What code of others makes of one input, for tests/models/authors_parity_test.cpp: outputs and gradients of models
whose recurrence is computed by flash-linear-attention's naive functions, the transformers library, the authors' xlstm
or torch, where mixers.py has our own reading of the papers. Writes authors.json and authors.npy, see authors_case.py.
Run by hand when a formula changes, in an environment with

    pip install numpy torch einops packaging transformers
    pip install --no-deps fla-core xlstm mlstm_kernels dacite omegaconf pyyaml pararnn-torch

Neither a GPU nor triton's compiler is used."""
import math

import torch
import torch.nn.functional as F
from fla.ops.delta_rule.naive import delta_rule_recurrence
from fla.ops.forgetting_attn.naive import naive_forgetting_attn
from fla.ops.gated_delta_product.naive import naive_recurrent_gated_delta_product
from fla.ops.gated_delta_rule.naive import naive_recurrent_gated_delta_rule
from fla.ops.generalized_delta_rule.dplr.naive import dplr_recurrence
from fla.ops.gla.naive import naive_recurrent_gla
from fla.ops.hgrn.naive import naive_recurrent_hgrn
from fla.ops.kda.naive import naive_recurrent_kda
from fla.ops.retention.naive import naive_retention
from pararnn.cells.para_gru import ParaGRU
from pararnn.cells.para_lstm import ParaLSTM
from transformers import Mamba2Config, MambaConfig
from transformers.models.mamba.modeling_mamba import MambaMixer
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer
from xlstm.blocks.mlstm.backends import parallel_stabilized_simple
from xlstm.blocks.slstm.src.vanilla.slstm import slstm_forward_pointwise

from authors_case import D, H, T, call, case, d, heads, store, taps, weights


def rms(x, gain, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain


def unit(x, n=H, eps=1e-6):
    x = heads(x, n)
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + eps)


def read_out(y, x, p, gate=None, eps=1e-6):
    y = rms(y, p["norm.gain"], eps).flatten(-2)
    return (y if gate is None else y * gate) @ p["out.weight"]


FADING = {"norm.gain": (d,)}


@case("retention", "fla-core", {**weights("q", "k", "v", "gate", "out"), **FADING}, heads=H, position="none", chunk=8)
def retention(x, p):
    q, k, v = (heads(x @ p[n + ".weight"]).transpose(1, 2) for n in "qkv")
    y = naive_retention(q, k, v).transpose(1, 2)
    return read_out(y, x, p, F.silu(x @ p["gate.weight"]))


@case("gla", "fla-core", {**weights("q", "k", "v", "gate", "out"), **FADING, "decay.in.weight": (D, 3),
                          "decay.out.weight": (3, D), "decay.bias": (D,)}, heads=H, gate_rank=3, tau=4.0, chunk=8)
def gla(x, p):
    q, k, v = (heads(x @ p[n + ".weight"]) for n in "qkv")
    g = F.logsigmoid(x @ p["decay.in.weight"] @ p["decay.out.weight"] + p["decay.bias"]) / 4
    return read_out(naive_recurrent_gla(q, k, v, heads(g))[0], x, p, F.silu(x @ p["gate.weight"]))


@case("hgrn", "fla-core", {**{f"{n}.{kind}": shape for n in "cfg" for kind, shape in
                              (("weight", (D, D)), ("bias", (D,)))},
                           "norm.gain": (D,), "norm.bias": (D,), **weights("out"), "out.bias": (D,)}, lower_bound=False)
def hgrn(x, p):
    def linear(n):
        return x @ p[n + ".weight"] + p[n + ".bias"]
    f = torch.sigmoid(linear("f"))
    h = naive_recurrent_hgrn((1 - f) * F.silu(linear("c")), f.log())[0]
    h = F.layer_norm(h * torch.sigmoid(linear("g")), (D,), p["norm.gain"], p["norm.bias"], 1e-5)
    return h @ p["out.weight"] + p["out.bias"]


def delta_parts(x, p):
    q, k = (unit(F.silu(x @ p[n + ".weight"])) for n in "qk")
    return q, k, heads(F.silu(x @ p["v.weight"])), torch.sigmoid(x @ p["beta.weight"])


def head_decay(x, p):
    return -p["A_log"].exp() * F.softplus(x @ p["a.weight"] + p["dt_bias"])


DELTA = {**weights("q", "k", "v", "out"), **FADING, "beta.weight": (D, H)}
FADES = {"a.weight": (D, H), "A_log": (H,), "dt_bias": (H,)}


@case("delta_net", "fla-core", DELTA, heads=H, chunk=8)
def delta_net(x, p):  # its queries are divided by sqrt(d), ours are not
    q, k, v, beta = (z.transpose(1, 2) for z in delta_parts(x, p))
    return read_out(delta_rule_recurrence(q * d ** 0.5, k, v, beta)[0].transpose(1, 2), x, p)


@case("delta_net", "fla-core", {**DELTA, **FADES, **weights("gate")}, heads=H, chunk=8, gated=True)
def gated_delta_net(x, p):
    q, k, v, beta = delta_parts(x, p)
    y = naive_recurrent_gated_delta_rule(q, k, v, beta, head_decay(x, p), scale=1)[0]
    return read_out(y, x, p, F.silu(x @ p["gate.weight"]))


@case("delta_product", "fla-core", {**DELTA, **FADES, **weights("k", "v", width=2 * D), **weights("gate"),
                                    "beta.weight": (D, 2 * H)}, heads=H, chunk=8)
def delta_product(x, p):
    q, k = unit(F.silu(x @ p["q.weight"])), unit(F.silu(x @ p["k.weight"]), 2 * H)
    v, beta = heads(F.silu(x @ p["v.weight"]), 2 * H), 2 * torch.sigmoid(x @ p["beta.weight"])
    k, v, beta = (z.reshape(1, 2 * T, H, -1) for z in (k, v, beta))
    y = naive_recurrent_gated_delta_product(q, k, v, head_decay(x, p), beta.squeeze(-1), d ** -0.5,
                                            num_householder=2)[0]
    return read_out(y, x, p, F.silu(x @ p["gate.weight"]))


@case("kda", "fla-core", {**DELTA, "decay.in.weight": (D, 3), "decay.out.weight": (3, D), "A_log": (H,),
                          "dt_bias": (D,), "gate.in.weight": (D, 3), "gate.out.weight": (3, D), "gate.bias": (D,)},
      heads=H, chunk=8, gate_rank=3)
def kda(x, p):
    q, k, v, beta = delta_parts(x, p)
    g = heads(F.softplus(x @ p["decay.in.weight"] @ p["decay.out.weight"] + p["dt_bias"]))
    y = naive_recurrent_kda(q, k, v, -p["A_log"].exp()[:, None] * g, beta)[0]
    gate = torch.sigmoid(x @ p["gate.in.weight"] @ p["gate.out.weight"] + p["gate.bias"])
    return read_out(y, x, p, gate, 1e-5)


@case("hgrn2", "fla-core", {**weights("q", "f", "v", "out"), "norm.gain": (D,), "bound": (D,)}, heads=H, chunk=8)
def hgrn2(x, p):
    b = torch.sigmoid(p["bound"])
    g = torch.logaddexp(b.log(), torch.log1p(-b) + F.logsigmoid(x @ p["f.weight"]))
    q = F.silu(x @ p["q.weight"]) * d ** 0.5  # the function divides by it
    y = naive_recurrent_gla(heads(q), heads(1 - g.exp()), heads(x @ p["v.weight"]), heads(g))[0]
    return rms(y.flatten(-2), p["norm.gain"], 1e-5) @ p["out.weight"]


@case("rwkv7", "fla-core", {**{"mu_" + n: (D,) for n in "rwkvag"}, **weights("r", "k", "v", "out"),
                            **{f"{n}.in.weight": (D, 3) for n in "wag"}, **{f"{n}.out.weight": (3, D) for n in "wag"},
                            **{n: (D,) for n in ("w.bias", "a.bias", "k_k", "k_a", "r_k", "norm.gain", "norm.bias")}},
      heads=H, rank=3)
def rwkv7(x, p):
    past = F.pad(x, (0, 0, 1, -1))
    s = {n: x + (past - x) * p["mu_" + n] for n in "rwkvag"}
    r, k, v = (s[n] @ p[n + ".weight"] for n in "rkv")

    def lora(n, h):
        return h(s[n] @ p[n + ".in.weight"]) @ p[n + ".out.weight"]
    w = -math.exp(-0.5) * torch.sigmoid(lora("w", torch.tanh) + p["w.bias"])
    a = torch.sigmoid(lora("a", lambda z: z) + p["a.bias"])
    kk = F.normalize(heads(k * p["k_k"]), dim=-1)
    k = k * (1 + (a - 1) * p["k_a"])
    rows = [r * d ** 0.5, k, v, -kk.flatten(-2), kk.flatten(-2) * a, w]  # the function divides r by sqrt(d)
    y = dplr_recurrence(*(heads(z).transpose(1, 2) for z in rows))[0].transpose(1, 2)
    y = F.group_norm(y.reshape(T, D), H, p["norm.gain"], p["norm.bias"], d * 1e-5).reshape(1, T, D)
    own = (heads(r) * heads(k) * heads(p["r_k"])).sum(-1, keepdim=True) * heads(v)
    return (y + own.flatten(-2)) * lora("g", torch.sigmoid) @ p["out.weight"]


@case("transformer", "fla-core", {**weights("q", "k", "v", "gate", "out"), "forget.weight": (D, H), "forget.bias": (H,)},
      heads=H, position="none", forget_gate=True, output_gate=True)
def forgetting_attention(x, p):
    q, k, v = (heads(x @ p[n + ".weight"]) for n in "qkv")
    g = F.logsigmoid(x @ p["forget.weight"] + p["forget.bias"])
    y = naive_forgetting_attn(q, k, v, g).flatten(-2)
    return y * torch.sigmoid(x @ p["gate.weight"]) @ p["out.weight"]


E = 2 * D


@case("mamba", "transformers", {"in.weight": (D, 2 * E), "conv.weight": (4, E), "conv.bias": (E,),
                                "select.weight": (E, 7), "dt.weight": (1, E), "dt.bias": (E,), "A_log": (3, E),
                                "D": (E,), "out.weight": (E, D)}, state=3)
def mamba(x, p):
    module = MambaMixer(MambaConfig(hidden_size=D, state_size=3, time_step_rank=1, num_hidden_layers=1), 0)
    return call(module, {"in_proj.weight": p["in.weight"].T, "conv1d.weight": taps(p["conv.weight"]),
                         "conv1d.bias": p["conv.bias"], "x_proj.weight": p["select.weight"].T,
                         "dt_proj.weight": p["dt.weight"].T, "dt_proj.bias": p["dt.bias"], "A_log": p["A_log"].T,
                         "D": p["D"], "out_proj.weight": p["out.weight"].T}, x)


@case("mamba2", "transformers", {"in.weight": (D, 2 * E + 2 * 2 * 3 + 4), "conv.weight": (4, E + 12),
                                 "conv.bias": (E + 12,), "dt.bias": (4,), "A_log": (4,), "D": (4,),
                                 "norm.gain": (E,), "out.weight": (E, D)}, state=3, heads=4, groups=2, chunk=8)
def mamba2(x, p):
    module = Mamba2Mixer(Mamba2Config(hidden_size=D, state_size=3, num_heads=4, head_dim=4, n_groups=2, chunk_size=8,
                                      num_hidden_layers=1, layer_norm_epsilon=1e-5, rms_norm=True), 0)
    return call(module, {"in_proj.weight": p["in.weight"].T, "conv1d.weight": taps(p["conv.weight"]),
                         "conv1d.bias": p["conv.bias"], "dt_bias": p["dt.bias"], "A_log": p["A_log"], "D": p["D"],
                         "norm.weight": p["norm.gain"], "out_proj.weight": p["out.weight"].T}, x)


@case("mlstm", "xlstm", {**weights("q", "k", "v", "gate", "out"), **weights("i", "f", width=H), "i.bias": (H,),
                         "f.bias": (H,), "norm.gain": (D,)}, heads=H, chunk=8)
def mlstm(x, p):
    q, k, v = (heads(x @ p[n + ".weight"]).transpose(1, 2) for n in "qkv")
    i, f = (15 * torch.tanh((x @ p[n + ".weight"] + p[n + ".bias"]) / 15) for n in "if")
    y = parallel_stabilized_simple(q, k, v, i.transpose(1, 2)[..., None], f.transpose(1, 2)[..., None])
    y = F.layer_norm(y.transpose(1, 2), (d,), eps=1e-6).flatten(-2) * p["norm.gain"]
    return y * torch.sigmoid(x @ p["gate.weight"]) @ p["out.weight"]


@case("slstm", "xlstm", {"W": (D, 4 * D), "b": (4 * D,), "R": (4, H, d, d), "norm.gain": (D,), "out": (D, D)}, heads=H)
def slstm(x, p):
    u, states, y = x[0] @ p["W"], torch.zeros(4, 1, D), []
    for t in range(T):
        recurrent = torch.einsum("ghij,hj->ghi", p["R"], heads(states[0, 0]))
        states = slstm_forward_pointwise(u[t:t + 1], recurrent.reshape(1, -1), p["b"][None], states, {})[0]
        y.append(states[0])
    y = F.layer_norm(heads(torch.cat(y)), (d,), eps=1e-6).flatten(-2) * p["norm.gain"]
    return (y @ p["out"])[None]


def rnn(module, x, p):
    gates = p["b"].shape[0] // D
    wide = {"weight_ih_l0": p["W"].T, "weight_hh_l0": p["R"][:, 0].reshape(gates * D, D), "bias_ih_l0": p["b"],
            "bias_hh_l0": torch.zeros(gates * D)}
    return call(module(D, D, batch_first=True), wide, x)[0] @ p["out"]


for cell, module, gates in (("tanh", torch.nn.RNN, 1), ("gru", torch.nn.GRU, 3), ("lstm", torch.nn.LSTM, 4)):
    case("rnn", "torch", {"W": (D, gates * D), "b": (gates * D,), "R": (gates, 1, D, D), "out": (D, D)}, cell=cell)(
        lambda x, p, module=module: rnn(module, x, p))


def para(cell, h, x, p, gates, **own):
    cell = cell(D, D, max_recurrent_norm=None)
    cell.forward = cell.step
    own |= {"W_x.weight": gates(p["W"]).T, "W_x.bias": gates(p["b"])}
    states = []
    for u in x.unbind(1):
        h = call(cell, own, h, u)
        states.append(h[:, -1] if h.dim() == 3 else h)
    return torch.stack(states, 1) @ p["out"]


def own_names(names, *rows):
    return dict(zip(names.split(), torch.cat(rows)))


DIAGONAL = {"W": (D, 3 * D), "b": (3 * D,), "R": (3, D, 1, 1), "out": (D, D)}


@case("rnn", "pararnn-torch", DIAGONAL, cell="gru", block=1)
def para_gru(x, p):  # its z is 1 - z of ours
    def gates(t):
        r, z, n = t.chunk(3, -1)
        return torch.cat([-z, r, n], -1)
    return para(ParaGRU, torch.zeros(1, D), x, p, gates, **own_names("a_z a_r a_n", gates(p["R"].flatten()).view(3, D)))


@case("rnn", "pararnn-torch", DIAGONAL | {"peepholes": (2, D)}, cell="cifg", block=1)
def para_lstm(x, p):
    own = own_names("a_f a_z a_o c_f c_o", p["R"].flatten(1), p["peepholes"])
    return para(ParaLSTM, torch.zeros(1, 2, D), x, p, lambda t: t, **own)


if __name__ == "__main__":
    store("authors")

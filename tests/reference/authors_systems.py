#!/usr/bin/env python3
"""What code of others makes of one input, for tests/models/authors_parity_test.cpp: state spaces, gated linear RNNs and
positions of attention. Writes authors_systems.json and authors_systems.npy, see authors_case.py. Run by hand when a
formula changes, in an environment with

    pip install numpy scipy torch einops opt_einsum packaging transformers jax equinox
    pip install --no-deps s5-pytorch minGRU-pytorch espnet
    pip install --no-deps --ignore-requires-python discretax

espnet holds the code of S4's authors. AUTHORS names a folder with four files that are in no package, each of its
repository at the commit that its cases name:

    hyena.py                src/models/sequence/hyena.py of HazyResearch/safari
    test_mamba3_siso.py     tests/ops/triton/test_mamba3_siso.py of state-spaces/mamba
    PDSSM.py                time_series_JAX/models/PDSSM.py of IBM/expressive-sparse-state-space-model
    op.py                   xma/layers/m2rnn/op.py of open-lm-engine/accelerated-model-architectures"""
import importlib.util
import math
import os
import sys
import types

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from discretax.sequence_mixers.linoss import LinOSSSequenceMixer
from espnet2.asr.state_spaces import s4 as s4_file
from minGRU_pytorch.minGRU import minGRU
from minGRU_pytorch.minLSTM import minLSTM
from s5.s5_model import apply_ssm, discretize_zoh
from transformers import LlamaConfig
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding
from transformers.models.rwkv.modeling_rwkv import rwkv_linear_attention_cpu

from authors_case import CASES, D, H, T, call, case, d, heads, store, taps, values, weights


def file_of_authors(name, place="", **modules):
    """A file of AUTHORS; `place`: the package that it thinks it is in; `modules`: what stands for those that it imports."""
    for path, names in modules.items():
        parts = path.split("__")
        for i in range(1, len(parts) + 1):
            sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(parts[i - 1]))
        vars(sys.modules[".".join(parts)]).update(names)
        if len(parts) > 1:
            setattr(sys.modules[".".join(parts[:-1])], parts[-1], sys.modules[".".join(parts)])
    spec = importlib.util.spec_from_file_location(place + name, os.path.join(os.environ["AUTHORS"], name + ".py"))
    module = sys.modules[place + name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compl(rows, half):  # complex from real parts and imaginary parts
    return torch.complex(rows[:half].contiguous(), rows[half:].contiguous())


def pairs(z):
    return torch.view_as_real(z.resolve_conj())


def convolved(x, kernel):  # x [1, T, D], kernel [D, T]
    u = x[0].T
    n = 2 * u.shape[1]
    return torch.fft.irfft(torch.fft.rfft(u, n=n) * torch.fft.rfft(kernel, n=n), n=n)[:, :u.shape[1]].T[None]


N = 6
SYSTEM = {"A_log": (N // 2, D), "A_imag": (N // 2, D), "dt_log": (D,), "C": (N, D), "D": (D,)}


def s4d(x, p, disc):
    x, p = x.double(), {name: v.double() for name, v in p.items()}
    half = N // 2
    one = torch.ones(D, half, dtype=torch.cdouble)
    kernel = s4_file.SSKernelDiag(-one, one, one[None], torch.zeros(D), disc=disc).double()
    own = {"inv_A_real": p["A_log"].T, "A_imag": p["A_imag"].T, "log_dt": p["dt_log"],
           "C": pairs(compl(p["C"], half).T[None])}
    K = torch.func.functional_call(kernel, own, (T,))[0][0]
    return (convolved(x, K) + p["D"] * x).float()


for disc in ("zoh", "bilinear"):
    case("s4d", "espnet", SYSTEM, state=N, discretisation=disc, output="none")(
        lambda x, p, disc=disc: s4d(x, p, disc))


# Without an extension or pykeops, the package sums over the states alone and forgets their conjugates.
naive = s4_file.cauchy_naive
s4_file.cauchy_naive = lambda v, z, w: naive(s4_file._conj(v), z, s4_file._conj(w))


@case("s4", "espnet", {**SYSTEM, "P": (N, D), "B": (N, D)}, state=N, output="none")
def s4(x, p):
    x, p = x.double(), {name: v.double() for name, v in p.items()}
    half = N // 2
    P, B, C = (compl(p[n], half).T for n in "PBC")  # [D, half]
    w, dt = torch.complex(-p["A_log"].exp(), p["A_imag"]).T, p["dt_log"].exp()

    def both(z):
        return torch.cat([z, z.conj()], -1)
    # Theirs trains C (1 - A^T) of the sampled A, for the length T; ours is the paper's C.
    A = torch.diag_embed(both(w)) - both(P)[:, :, None] * both(P).conj()[:, None]
    one, half_step = torch.eye(N), (dt / 2)[:, None, None]
    sampled = torch.linalg.solve(one - half_step * A, one + half_step * A)
    tied = both(C)[:, None] @ (one - torch.matrix_power(sampled, T))
    ones = torch.ones(D, half, dtype=torch.cdouble)
    kernel = s4_file.SSKernelNPLR(-ones, ones[None], ones, ones[None], torch.zeros(D)).double()
    kernel.L = torch.tensor(T)
    own = {"inv_w_real": p["A_log"].T, "w_imag": p["A_imag"].T, "log_dt": p["dt_log"], "P": pairs(P[None]),
           "B": pairs(B[None]), "C": pairs(tied[:, 0, :half][None])}
    K = torch.func.functional_call(kernel, own, (), {"L": T})[0][0]
    return (convolved(x, K) + p["D"] * x).float()


@case("s5", "s5-pytorch", {"A_log": (3,), "A_imag": (3,), "dt_log": (3,), "B": (D, 6), "C": (6, D), "D": (D,)}, state=6)
def s5(x, p):
    Lambda, B = torch.complex(-p["A_log"].exp(), p["A_imag"]), compl(p["B"].T, 3)
    C = torch.complex(p["C"][:3], -p["C"][3:]).T  # ours keeps -Im C
    y = apply_ssm(*discretize_zoh(Lambda, B, p["dt_log"].exp()), 2 * C, p["D"], x[0])[0]
    return F.gelu(y, approximate="tanh")[None]


@case("rwkv", "transformers", {**{"mu_" + n: (D,) for n in "rkv"}, "decay": (D,), "u": (D,), **weights("r", "k", "v", "out")})
def rwkv(x, p):
    past = F.pad(x, (0, 0, 1, -1))
    r, k, v = ((p["mu_" + n] * x + (1 - p["mu_" + n]) * past) @ p[n + ".weight"] for n in "rkv")
    return torch.sigmoid(r) * rwkv_linear_attention_cpu(p["decay"], p["u"], k, v)[0] @ p["out.weight"]


# Theirs has no biases. In double: its logarithms of sums leave errors of 1e-4 in float gradients.
def minimal(module, name, x, p, gates):
    x, p = x.double(), {name: v.double() for name, v in p.items()}
    m = module(D)
    setattr(m, name, torch.nn.Linear(D, len(gates) * D))
    return (call(m, {name + ".weight": torch.cat([p[g + ".weight"] for g in gates], 1).T,
                     name + ".bias": torch.cat([p[g + ".bias"] for g in gates])}, x) @ p["out.weight"]).float()


def gates(names):
    return {f"{n}.{kind}": shape for n in names for kind, shape in (("weight", (D, D)), ("bias", (D,)))}


@case("min_gru", "minGRU-pytorch", {**gates("zh"), **weights("out")})
def min_gru(x, p):
    return minimal(minGRU, "to_hidden_and_gate", x, p, "hz")


@case("min_lstm", "minGRU-pytorch", {**gates("fih"), **weights("out")})
def min_lstm(x, p):
    return minimal(minLSTM, "to_hidden_and_f_i_gate", x, p, "hfi")


QKV = weights("q", "k", "v", "out")
AFTER = torch.full((T, T), -math.inf).triu(1)


@case("transformer", "transformers", {**QKV, "sink": (H,)}, heads=H, position="none", sink=True)
def attention_sink(x, p):
    module = torch.nn.Module()
    module.num_key_value_groups, module.sinks = 1, p["sink"]
    q, k, v = (heads(x @ p[n + ".weight"]).transpose(1, 2) for n in "qkv")
    return eager_attention_forward(module, q, k, v, AFTER, d ** -0.5)[0].flatten(-2) @ p["out.weight"]


def rope(n, reach, parameters):
    config = LlamaConfig(hidden_size=D, num_attention_heads=n, max_position_embeddings=reach,
                         rope_parameters={"rope_theta": 50.0, **parameters}, attn_implementation="eager")

    def attention(x, p):
        turns = LlamaRotaryEmbedding(config)(x, torch.arange(T)[None])
        module = LlamaAttention(config, 0)
        own = {f"{name[0]}_proj.weight": w.T for name, w in p.items()}
        return torch.func.functional_call(module, own, (x, turns, AFTER))[0]
    return attention


for n, reach, theirs, ours in (
        (H, 64, {"rope_type": "default"}, {}),
        (1, 64, {"rope_type": "linear", "factor": 4.0}, {"post_hoc": "pi", "post_hoc_factor": 4.0}),
        (1, 8, {"rope_type": "dynamic", "factor": 1.0}, {"post_hoc": "ntk_aware", "post_hoc_factor": T / 8}),
        (1, 80, {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 20, "beta_fast": 4.0,
                 "beta_slow": 1.0}, {"post_hoc": "yarn_index", "post_hoc_factor": 4.0, "yarn_fast": 4.0,
                                     "trained_length": 20})):
    case("transformer", "transformers", QKV, heads=n, rope_base=50.0, **ours)(rope(n, reach, theirs))


class OptimModule(torch.nn.Module):  # of safari: parameters with learning rates of their own
    def register(self, name, tensor, lr=None):
        self.register_buffer(name, tensor)


hyena_file = file_of_authors(
    "hyena", src__utils__registry={"layer": {}}, src__utils__train={"OptimModule": OptimModule},
    src__utils__config={"instantiate": lambda registry, name, partial: hyena_file.HyenaFilter,
                        "auto_assign_attrs": lambda self, **attributes: vars(self).update(attributes)},
    src__models__nn={"Activation": lambda name: torch.nn.Identity()})


def hyena(x, p, order):
    module = hyena_file.HyenaOperator(D, T, order, filter_order=6, emb_dim=5)
    filters = np.arange((order - 1) * D).reshape(order - 1, D).T.ravel()  # theirs lie channel by channel
    own = {"in_proj.weight": p["in.weight"].T, "in_proj.bias": p["in.bias"], "short_filter.weight": taps(p["conv.weight"]),
           "short_filter.bias": p["conv.bias"], "out_proj.weight": p["out.weight"].T, "out_proj.bias": p["out.bias"],
           "filter_fn.bias": p["bias"][filters], "filter_fn.implicit_filter.1.freq": p["filter.frequency"][None],
           "filter_fn.implicit_filter.6.weight": p["filter.out.weight"].T[filters]}
    for i in range(3):
        own[f"filter_fn.implicit_filter.{2 * i}.weight"] = p[f"filter.{i}.weight"].T
        own[f"filter_fn.implicit_filter.{2 * i}.bias"] = p[f"filter.{i}.bias"]
    return call(module, own, x)


for order in (2, 3):
    case("hyena", "HazyResearch/safari", {
        **{f"filter.{i}.{kind}": shape for i in range(3)
           for kind, shape in (("weight", (5 if i == 0 else 6, 6)), ("bias", (6,)))},
        "in.weight": (D, (order + 1) * D), "in.bias": ((order + 1) * D,), "conv.weight": (3, (order + 1) * D),
        "conv.bias": ((order + 1) * D,), "filter.frequency": (6,), "filter.out.weight": (6, (order - 1) * D),
        "bias": ((order - 1) * D,), "out.weight": (D, D), "out.bias": (D,)}, at="c1b5c7b", order=order, filter_width=6,
        bands=2)(lambda x, p, order=order: hyena(x, p, order))

mamba3_file = file_of_authors("test_mamba3_siso", pytest={}, **{
    f"mamba_ssm__ops__triton__mamba3__mamba3_siso_{name}": {f"mamba3_siso_{name}": None}
    for name in ("combined", "fwd", "step")})
E, M, HM, G, R = 2 * D, 8, 4, 2, 2  # channels, states, heads, groups, pairs that turn


@case("mamba3", "state-spaces/mamba", {
    "in.weight": (D, 2 * E + 2 * G * M + 3 * HM + R), "dt.bias": (HM,), "B.norm.gain": (M,), "C.norm.gain": (M,),
    "B.bias": (HM, M), "C.bias": (HM, M), "D": (HM,), "out.weight": (E, D)}, at="041c087", state=M, heads=HM, groups=G,
    chunk=8)
def mamba3(x, p):
    z, v, b, c, dt, rate, mix, theta = (x @ p["in.weight"]).split([E, E, G * M, G * M, HM, HM, HM, R], -1)
    dt = F.softplus(dt + p["dt.bias"]).transpose(1, 2)
    adt = -F.softplus(rate).clamp(min=1e-4).transpose(1, 2) * dt
    neighbours = [0, 2, 1, 3, 4, 5, 6, 7]  # ours turns (i, i + R)

    def normed(u, name):
        u = heads(u, G)
        return (u * torch.rsqrt(u.pow(2).mean(-1, keepdim=True) + 1e-5) * p[name + ".norm.gain"])[..., neighbours]
    y = mamba3_file.mamba3_siso_step_ref(
        normed(c, "C"), normed(b, "B"), heads(v, HM), adt, dt, mix.transpose(1, 2), p["C.bias"][:, neighbours],
        p["B.bias"][:, neighbours], theta[:, :, None], p["D"], heads(z, HM))[0]
    return y.flatten(-2) @ p["out.weight"]


def by_jax(function, x0, shapes):
    """authors_case.by_torch of a function of jax."""
    p = {name: jnp.asarray(values(name, shape)) for name, shape in sorted(shapes.items())}
    weights_of_y = np.cos(0.3 * np.arange(T * D, dtype=np.float32)).reshape(T, D)

    def loss(x, p):
        y = function(x, p)
        return (y * weights_of_y).sum(), y
    (_, y), (dx, dp) = jax.value_and_grad(loss, (0, 1), has_aux=True)(jnp.asarray(x0[0]), p)
    return [y, dx] + list(dp.values())


pd_ssm_file = file_of_authors("PDSSM")
S, K = 5, 3


@case("pd_ssm", "IBM/expressive-sparse-state-space-model", {
    "select.weight": (D, K), "dictionary": (K, S, S), "B": (D, 2 * S), "C": (2 * S, D), "D": (D,),
    **{f"{name}.{kind}": shape for name in ("size", "angle") for kind, shape in (("weight", (D, S)), ("bias", (S,)))}},
    at="cfa395e", state=S, dictionary=K, generators="linear")
def pd_ssm(x, p):
    layer = pd_ssm_file.PDSSMLayer(S, D, K, key=jax.random.PRNGKey(0))
    own = {"B_re": p["B"][:, :S].T, "B_im": p["B"][:, S:].T, "C_re": p["C"][:S].T, "C_im": -p["C"][S:].T, "D": p["D"],
           "P_dict": p["dictionary"], "P_selector": p["select.weight"].T, "W1_mag": p["size.weight"].T,
           "b1_mag": p["size.bias"], "W1_pha": p["angle.weight"].T, "b1_pha": p["angle.bias"]}
    return equinox.tree_at(lambda a: [getattr(a, name) for name in own], layer, list(own.values()))(x)


pd_ssm.compute = by_jax


# Theirs has complex B and C, and no nonlinearity of its own.
def linoss(x, p, discretization):
    layer = LinOSSSequenceMixer(D, jax.random.PRNGKey(0), state_dim=S, discretization=discretization, damping=False)
    own = {"A_diag": jnp.exp(p["A_log"]), "steps": p["dt_logit"], "D": p["D"],
           "B": jnp.stack([p["B"].T, 0 * p["B"].T], -1), "C": jnp.stack([p["C"].T, 0 * p["C"].T], -1)}
    return jax.nn.gelu(equinox.tree_at(lambda a: [getattr(a, name) for name in own], layer, list(own.values()))(x, None))


for ours in ("im", "imex"):
    case("linoss", "discretax", {"A_log": (S,), "dt_logit": (S,), "B": (D, S), "C": (S, D), "D": (D,)}, state=S,
         discretisation=ours)(lambda x, p, ours=ours: linoss(x, p, ours.upper()))
    CASES[-1][-1].compute = by_jax

m2rnn_file = file_of_authors(
    "op", "xma.layers.m2rnn.", xma__accelerator={"KernelBackend": type("KernelBackend", (), {})},
    xma__custom_op={"CustomOp": object, "ctx_save_for_backward": None},
    xma__torch_utils={"clip_gradients": lambda h, most: h, "tanh": torch.tanh},
    xma__utils={"empty_like_contiguous": None, "is_triton_available": lambda: False, "zeros_like_contiguous": None},
    xma__layers__m2rnn__utils={"_get_num_heads": lambda q, k, v, W, xf, run_check: (H,) * 6})


@case("m2rnn", "open-lm-engine/accelerated-model-architectures", {
    **QKV, **weights("gate"), "norm.gain": (d,), "f.weight": (D, H), "f.bias": (H,), "W": (H, d, d)}, at="0686974", heads=H)
def m2rnn(x, p):
    q, k, v = (heads(x @ p[n + ".weight"]) for n in "qkv")
    f = torch.sigmoid(x @ p["f.weight"] + p["f.bias"])
    y = m2rnn_file.m2rnn_torch(q, k, v, p["W"], f, None, None, None, None)[0]
    y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6) * p["norm.gain"]
    return (y.flatten(-2) * F.silu(x @ p["gate.weight"])) @ p["out.weight"]

if __name__ == "__main__":
    store("authors_systems")

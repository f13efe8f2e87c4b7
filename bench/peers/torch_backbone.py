"""longhaul's backbone in PyTorch, for speed on CPUs: logits of token ids, and one position at a time.

Parameters are a dictionary under longhaul's names. A mixer is a pair of functions: `forward(x, p, options)` takes
[batch, length, width], `step(x, state, position, p, options)` takes [batch, width] and changes the state in place.
Lengths are multiples of CHUNK."""
import torch
import torch.nn.functional as F

import backbone
from backbone import part

CHUNK = 32  # positions whose pairs are formed at once


def heads_of(x, heads):  # [B, T, D] -> [B, H, T, d]
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def joined(y):  # [B, H, T, d] -> [B, T, D]
    return y.transpose(1, 2).flatten(-2)


def query_key_value(x, p):
    return (x @ torch.cat([p["q.weight"], p["k.weight"], p["v.weight"]], 1)).chunk(3, -1)


# Transformer: rotary positions, softmax attention by the kernel of PyTorch.

def turned(x, positions):  # x [..., T, d], rotated by halves
    half = x.shape[-1] // 2
    angle = positions[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float32) / half)
    c, s, low, high = angle.cos(), angle.sin(), x[..., :half], x[..., half:]
    return torch.cat([low * c - high * s, high * c + low * s], -1)


def transformer(x, p, options):
    q, k, v = (heads_of(y, options["heads"]) for y in query_key_value(x, p))
    positions = torch.arange(x.shape[1], dtype=torch.float32)
    y = F.scaled_dot_product_attention(turned(q, positions), turned(k, positions), v, is_causal=True)
    return joined(y) @ p["out.weight"]


def transformer_state(batch, length, p, options):
    shape = (batch, options["heads"], length, p["q.weight"].shape[1] // options["heads"])
    return {"k": torch.zeros(shape), "v": torch.zeros(shape)}


def transformer_step(x, state, position, p, options):
    q, k, v = (heads_of(y, options["heads"]) for y in query_key_value(x[:, None], p))
    here = position[None].float()
    state["k"].index_copy_(2, position[None], turned(k, here))
    state["v"].index_copy_(2, position[None], v)
    seen = torch.arange(state["k"].shape[2]) <= position
    y = F.scaled_dot_product_attention(turned(q, here), state["k"], state["v"], attn_mask=seen[None])
    return joined(y)[:, 0] @ p["out.weight"]


# Linear attention with elu + 1, in chunks. Values have a column of ones, whose sum is the normaliser.

def linear_attention(x, p, options):
    q, k, v = (heads_of(y, options["heads"]).unflatten(2, (-1, CHUNK)) for y in query_key_value(x, p))
    q, k, v = F.elu(q) + 1, F.elu(k) + 1, F.pad(v, (0, 1), value=1.0)
    written = k.transpose(-1, -2) @ v
    before = written.cumsum(2) - written
    y = (q @ k.transpose(-1, -2)).tril() @ v + q @ before
    y = y[..., :-1] / (y[..., -1:] + 1e-6)
    return joined(y.flatten(2, 3)) @ p["out.weight"]


def linear_attention_state(batch, length, p, options):
    heads = options["heads"]
    width = p["q.weight"].shape[1] // heads
    return {"kv": torch.zeros(batch, heads, width, width + 1)}


def linear_attention_step(x, state, position, p, options):
    q, k, v = (y.unflatten(-1, (options["heads"], -1)) for y in query_key_value(x, p))
    q, k, v = F.elu(q) + 1, F.elu(k) + 1, F.pad(v, (0, 1), value=1.0)
    state["kv"] += k[..., :, None] * v[..., None, :]
    y = (q[..., None, :] @ state["kv"])[..., 0, :]
    return (y[..., :-1] / (y[..., -1:] + 1e-6)).flatten(-2) @ p["out.weight"]


# LRU: a diagonal recurrence that is the same at each position, so that a chunk is a product with a Toeplitz matrix of
# each state. Complex numbers are pairs of reals, which torch.compile prefers, and states stand before positions, so
# that nothing is laid out anew. Chunks' ends are scanned likewise.

def powers(size, exponent, angle):  # lambda^0 ... lambda^(size - 1), real and imaginary, [N, size]
    times = torch.arange(size, dtype=torch.float32)
    growth = torch.exp(times * exponent[:, None])
    return growth * torch.cos(times * angle[:, None]), growth * torch.sin(times * angle[:, None])


def scan(exponent, angle, re, im):  # inputs [N, B, T] -> states; lambda = exp(exponent + i angle)
    N, B, T = re.shape
    size = min(T, CHUNK)
    rows_re, rows_im = re.reshape(N, -1, size), im.reshape(N, -1, size)
    lambda_re, lambda_im = powers(size + 1, exponent, angle)
    ages = torch.arange(size)[None, :] - torch.arange(size)[:, None]  # of input (row) at output (column)
    kernel_re, kernel_im = (part[:, ages.clamp(min=0)] * (ages >= 0) for part in (lambda_re, lambda_im))
    y_re = torch.baddbmm(torch.bmm(rows_re, kernel_re), rows_im, -kernel_im)
    y_im = torch.baddbmm(torch.bmm(rows_re, kernel_im), rows_im, kernel_re)
    if T > size:
        ends = (y[..., -1].view(N, B, T // size) for y in (y_re, y_im))
        later = scan(exponent * size, angle * size, *ends)
        before = torch.stack([F.pad(part[..., :-1], (1, 0)).flatten(1) for part in later], 2)
        fading_re, fading_im = lambda_re[:, 1:], lambda_im[:, 1:]
        y_re = torch.baddbmm(y_re, before, torch.stack([fading_re, -fading_im], 1))
        y_im = torch.baddbmm(y_im, before, torch.stack([fading_im, fading_re], 1))
    return y_re.view(N, B, T), y_im.view(N, B, T)


def lru_weights(p):
    return p["B"] * torch.exp(p["gamma_log"]).repeat(2)


def lru(x, p, options):
    rows = x.flatten(0, 1)
    inputs = (lru_weights(p).T @ rows.T).view(2, -1, *x.shape[:2])
    states = torch.cat(scan(-torch.exp(p["nu_log"]), torch.exp(p["theta_log"]), *inputs))
    return (states.flatten(1).T @ p["C"]).view_as(x) + p["D"] * x


def lru_state(batch, length, p, options):
    return {"h": torch.zeros(batch, 2, p["nu_log"].shape[0])}


def lru_step(x, state, position, p, options):
    growth, angle = torch.exp(-torch.exp(p["nu_log"])), torch.exp(p["theta_log"])
    re, im = growth * torch.cos(angle), growth * torch.sin(angle)
    h = state["h"]
    kept = torch.stack([re * h[:, 0] - im * h[:, 1], im * h[:, 0] + re * h[:, 1]], 1)
    state["h"].copy_(kept + (x @ lru_weights(p)).unflatten(-1, (2, -1)))
    return state["h"].flatten(1) @ p["C"] + p["D"] * x


# GRU and tanh RNN: PyTorch's own, whose equations are longhaul's without the second bias.

def recurrent_weights(p):
    R = p["R"][:, 0]
    return [p["W"].T.contiguous(), R.flatten(0, 1), p["b"], torch.zeros_like(p["b"])]


@torch.compiler.disable  # which would unroll the loop over time, and take minutes
def recurrent(function, x, h, p):
    return function(x, h, recurrent_weights(p), True, 1, 0.0, torch.is_grad_enabled(), False, True)


def gru(x, p, options):
    return recurrent(torch.gru, x, x.new_zeros(1, x.shape[0], p["out"].shape[0]), p)[0] @ p["out"]


def rnn(x, p, options):
    return recurrent(torch.rnn_tanh, x, x.new_zeros(1, x.shape[0], p["out"].shape[0]), p)[0] @ p["out"]


def recurrent_state(batch, length, p, options):
    return {"h": torch.zeros(batch, p["out"].shape[0])}


def gru_step(x, state, position, p, options):
    state["h"].copy_(torch.gru_cell(x, state["h"], *recurrent_weights(p)))
    return state["h"] @ p["out"]


def rnn_step(x, state, position, p, options):
    state["h"].copy_(torch.rnn_tanh_cell(x, state["h"], *recurrent_weights(p)))
    return state["h"] @ p["out"]


# Mamba-2: the chunked form of the state space dual (SSD).

def mamba2_parts(mixed, dt, p, options):
    """x [..., H, e] and dt x, B and C [..., N] of the one group, log decay [..., H]."""
    heads, N = options["heads"], options["state"]
    E = p["out.weight"].shape[0]
    x, b, c = mixed.split([E, N, N], -1)
    dt = F.softplus(dt + p["dt.bias"])
    x = x.unflatten(-1, (heads, -1))
    return x, x * dt[..., None], b, c, -torch.exp(p["A_log"]) * dt


def mamba2_out(y, x, z, p):
    y = (y + p["D"][:, None] * x).flatten(-2) * F.silu(z)
    return F.rms_norm(y, (y.shape[-1],), p["norm.gain"], 1e-5) @ p["out.weight"]


def mamba2(u, p, options):
    E, taps = p["out.weight"].shape[0], p["conv.weight"]
    width, T = taps.shape[1], u.shape[1]
    z, mixed, dt = (u @ p["in.weight"]).split([E, width, options["heads"]], -1)
    padded = F.pad(mixed, (0, 0, len(taps) - 1, 0))
    mixed = sum(taps[j] * padded[:, len(taps) - 1 - j:][:, :T] for j in range(len(taps))) + p["conv.bias"]
    x, weighed, b, c, decay = mamba2_parts(F.silu(mixed), dt, p, options)
    b, c = (v.unflatten(1, (-1, CHUNK)) for v in (b, c))                 # [B, chunks, CHUNK, N]
    weighed = weighed.unflatten(1, (-1, CHUNK)).transpose(2, 3)          # [B, chunks, H, CHUNK, e]
    decay = decay.unflatten(1, (-1, CHUNK)).transpose(2, 3).cumsum(-1)   # [B, chunks, H, CHUNK]
    apart = decay[..., :, None] - decay[..., None, :]
    apart = apart.masked_fill(torch.ones(CHUNK, CHUNK, dtype=torch.bool).triu(1), -torch.inf).exp()
    pairs = (c @ b.transpose(-1, -2))[:, :, None] * apart
    # What each chunk leaves, [B, chunks, H, N, e], and what all before it have left.
    left = b.transpose(-1, -2)[:, :, None] @ (weighed * (decay[..., -1:] - decay).exp()[..., None])
    ends = F.pad(decay[..., -1].transpose(1, 2), (1, 0)).cumsum(-1)      # [B, H, chunks + 1]
    between = ends[..., :-1, None] - ends[..., None, 1:]
    chunks = between.shape[-1]
    between = between.masked_fill(torch.ones(chunks, chunks, dtype=torch.bool).triu(), -torch.inf).exp()
    before = (between @ left.transpose(1, 2).flatten(-2)).unflatten(-1, left.shape[-2:]).transpose(1, 2)
    y = pairs @ weighed + (c[:, :, None] @ before) * decay.exp()[..., None]
    return mamba2_out(y.transpose(2, 3).flatten(1, 2), x, z, p)


def mamba2_state(batch, length, p, options):
    heads, (taps, width), E = options["heads"], p["conv.weight"].shape, p["out.weight"].shape[0]
    return {"window": torch.zeros(batch, taps - 1, width),
            "h": torch.zeros(batch, heads, options["state"], E // heads)}


def mamba2_step(u, state, position, p, options):
    E, taps = p["out.weight"].shape[0], p["conv.weight"]
    z, mixed, dt = (u @ p["in.weight"]).split([E, taps.shape[1], options["heads"]], -1)
    window = torch.cat([state["window"], mixed[:, None]], 1)
    state["window"].copy_(window[:, 1:])
    mixed = (window * taps.flip(0)).sum(1) + p["conv.bias"]
    x, weighed, b, c, decay = mamba2_parts(F.silu(mixed), dt, p, options)
    state["h"].copy_(decay.exp()[..., None, None] * state["h"] + b[:, None, :, None] * weighed[:, :, None])
    return mamba2_out((c[:, None, None, :] @ state["h"])[..., 0, :], x, z, p)


MIXERS = {  # forward, state at the start, step
    "transformer": (transformer, transformer_state, transformer_step),
    "linear_attention": (linear_attention, linear_attention_state, linear_attention_step),
    "lru": (lru, lru_state, lru_step),
    "gru": (gru, recurrent_state, gru_step),
    "rnn": (rnn, recurrent_state, rnn_step),
    "mamba2": (mamba2, mamba2_state, mamba2_step),
}


def rms_norm(x, gain):
    return F.rms_norm(x, (x.shape[-1],), gain, 1e-6)


def feed_forward(x, p):
    up, gate = (rms_norm(x, p["mlp.norm.gain"]) @ torch.cat([p["mlp.up.weight"], p["mlp.gate.weight"]], 1)).chunk(2, -1)
    return (up * F.silu(gate)) @ p["mlp.down.weight"]


class Backbone(backbone.Backbone):
    rows_of = staticmethod(lambda table, tokens: F.embedding(tokens, table))
    rms_norm = staticmethod(rms_norm)
    feed_forward = staticmethod(feed_forward)
    zeros = staticmethod(torch.zeros)

    def __init__(self, kind, options, layers, tensors):
        super().__init__(MIXERS[kind], options, layers, {name: torch.from_numpy(value) for name, value in tensors.items()})

    def loss(self, p, tokens, targets):
        return F.cross_entropy(self.forward(p, tokens), targets)

    def step(self, p, state, tokens, position):  # tokens [B]; logits of all positions up to this one
        x = self.embed(p, tokens, position)
        for layer in range(self.layers):
            own = part(p, f"block.{layer}.")
            x = x + self.mix_step(rms_norm(x, own["norm.gain"]), state["layers"][layer], position, part(own, "mixer."),
                                  self.options)
            x = x + feed_forward(x, own)
        state["sum"] += x
        return self.read_out(state["sum"] / (position + 1), p)

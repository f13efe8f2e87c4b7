"""longhaul's backbone in JAX, for speed on CPUs: logits of token ids, and one position at a time.

Parameters are a dictionary under longhaul's names. A mixer is a pair of functions: `forward(x, p, options)` takes
[batch, length, width], `step(x, state, position, p, options)` takes [batch, width] and gives the output and the new
state. Lengths are multiples of CHUNK."""
import jax
import jax.numpy as jnp
from jax import lax, nn

import backbone
from backbone import part

CHUNK = 32    # positions whose pairs linear attention and mamba2 form at once
QUERIES = 64  # queries whose scores attention holds at once
UNROLL = 8    # steps of a loop over time that are compiled as one


def heads_of(x, heads):  # [B, T, D] -> [B, H, T, d]
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(1, 2)


def joined(y):  # [B, H, T, d] -> [B, T, D]
    y = y.swapaxes(1, 2)
    return y.reshape(*y.shape[:-2], -1)


def chunked(x, axis):
    return x.reshape(*x.shape[:axis], -1, CHUNK, *x.shape[axis + 1:])


def query_key_value(x, p):
    return jnp.split(x @ jnp.concatenate([p["q.weight"], p["k.weight"], p["v.weight"]], 1), 3, -1)


# Transformer: rotary positions, softmax attention by blocks of queries, whose scores are computed again backward.

def turned(x, positions):  # x [..., T, d], rotated by halves
    half = x.shape[-1] // 2
    angle = positions[:, None] * 10000.0 ** (-jnp.arange(half) / half)
    c, s, low, high = jnp.cos(angle), jnp.sin(angle), x[..., :half], x[..., half:]
    return jnp.concatenate([low * c - high * s, high * c + low * s], -1)


def attention(q, k, v, first):  # queries from position `first` on
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) * q.shape[-1] ** -0.5
    seen = jnp.arange(k.shape[2])[None, :] <= first + jnp.arange(q.shape[2])[:, None]
    return jnp.einsum("bhqk,bhkd->bhqd", nn.softmax(jnp.where(seen, scores, -jnp.inf)), v)


def transformer(x, p, options):
    q, k, v = (heads_of(y, options["heads"]) for y in query_key_value(x, p))
    positions = jnp.arange(x.shape[1])
    q, k = turned(q, positions), turned(k, positions)
    if x.shape[1] <= QUERIES:
        y = attention(q, k, v, 0)
    else:
        blocks = q.reshape(*q.shape[:2], -1, QUERIES, q.shape[-1]).transpose(2, 0, 1, 3, 4)
        of_block = jax.checkpoint(lambda block: attention(block[0], k, v, block[1]))
        y = lax.map(of_block, (blocks, jnp.arange(len(blocks)) * QUERIES))
        y = y.transpose(1, 2, 0, 3, 4).reshape(q.shape)
    return joined(y) @ p["out.weight"]


def transformer_state(batch, length, p, options):
    shape = (batch, options["heads"], length, p["q.weight"].shape[1] // options["heads"])
    return {"k": jnp.zeros(shape), "v": jnp.zeros(shape)}


def transformer_step(x, state, position, p, options):
    q, k, v = (heads_of(y, options["heads"]) for y in query_key_value(x[:, None], p))
    here = position[None]
    k = lax.dynamic_update_slice_in_dim(state["k"], turned(k, here), position, 2)
    v = lax.dynamic_update_slice_in_dim(state["v"], v, position, 2)
    y = attention(turned(q, here), k, v, position)
    return joined(y)[:, 0] @ p["out.weight"], {"k": k, "v": v}


# Linear attention with elu + 1, in chunks. Values have a column of ones, whose sum is the normaliser.

def with_ones(v):
    return jnp.concatenate([v, jnp.ones_like(v[..., :1])], -1)


def linear_attention(x, p, options):
    q, k, v = (chunked(heads_of(y, options["heads"]), 2) for y in query_key_value(x, p))
    q, k, v = nn.elu(q) + 1, nn.elu(k) + 1, with_ones(v)
    written = k.swapaxes(-1, -2) @ v
    before = jnp.cumsum(written, 2) - written
    y = jnp.tril(q @ k.swapaxes(-1, -2)) @ v + q @ before
    y = y[..., :-1] / (y[..., -1:] + 1e-6)
    return joined(y.reshape(*y.shape[:2], -1, y.shape[-1])) @ p["out.weight"]


def linear_attention_state(batch, length, p, options):
    heads = options["heads"]
    width = p["q.weight"].shape[1] // heads
    return {"kv": jnp.zeros((batch, heads, width, width + 1))}


def linear_attention_step(x, state, position, p, options):
    q, k, v = (y.reshape(*y.shape[:-1], options["heads"], -1) for y in query_key_value(x, p))
    q, k, v = nn.elu(q) + 1, nn.elu(k) + 1, with_ones(v)
    kv = state["kv"] + k[..., :, None] * v[..., None, :]
    y = jnp.einsum("bhd,bhde->bhe", q, kv)
    y = (y[..., :-1] / (y[..., -1:] + 1e-6)).reshape(x.shape)
    return y @ p["out.weight"], {"kv": kv}


# LRU, GRU and tanh RNN: a loop over time.

def over_time(cell, inputs, h, p):
    def step(h, u):
        h = cell(u, h, p)
        return h, h
    return lax.scan(step, h, inputs.swapaxes(0, 1), unroll=UNROLL)[1].swapaxes(0, 1)


def lru_input(x, p):
    re, im = jnp.split(x @ (p["B"] * jnp.tile(jnp.exp(p["gamma_log"]), 2)), 2, -1)
    return lax.complex(re, im)


def lru_cell(u, h, p):
    return jnp.exp(lax.complex(-jnp.exp(p["nu_log"]), jnp.exp(p["theta_log"]))) * h + u


def lru_output(states, x, p):
    return jnp.concatenate([states.real, states.imag], -1) @ p["C"] + p["D"] * x


def lru(x, p, options):
    inputs = lru_input(x, p)
    return lru_output(over_time(lru_cell, inputs, jnp.zeros_like(inputs[:, 0]), p), x, p)


def lru_state(batch, length, p, options):
    return {"h": jnp.zeros((batch, p["nu_log"].shape[0]), jnp.complex64)}


def lru_step(x, state, position, p, options):
    h = lru_cell(lru_input(x, p), state["h"], p)
    return lru_output(h, x, p), {"h": h}


def gru_cell(u, h, p):
    N = h.shape[-1]
    m = h @ p["R"][:, 0].reshape(3 * N, N).T
    gates = nn.sigmoid(u[:, :2 * N] + m[:, :2 * N])
    r, z = gates[:, :N], gates[:, N:]
    return (1 - z) * jnp.tanh(u[:, 2 * N:] + r * m[:, 2 * N:]) + z * h


def rnn_cell(u, h, p):
    return jnp.tanh(u + h @ p["R"][0, 0].T)


def recurrent(cell):
    def forward(x, p, options):
        u = x @ p["W"] + p["b"]
        return over_time(cell, u, jnp.zeros((u.shape[0], p["out"].shape[0])), p) @ p["out"]

    def step(x, state, position, p, options):
        h = cell(x @ p["W"] + p["b"], state["h"], p)
        return h @ p["out"], {"h": h}
    return forward, recurrent_state, step


def recurrent_state(batch, length, p, options):
    return {"h": jnp.zeros((batch, p["out"].shape[0]))}


# Mamba-2: the chunked form of the state space dual (SSD).

def mamba2_parts(mixed, dt, p, options):
    """x [..., H, e] and dt x, B and C [..., N] of the one group, log decay [..., H]."""
    heads, N = options["heads"], options["state"]
    E = p["out.weight"].shape[0]
    x, b, c = jnp.split(nn.silu(mixed + p["conv.bias"]), [E, E + N], -1)
    dt = nn.softplus(dt + p["dt.bias"])
    x = x.reshape(*x.shape[:-1], heads, -1)
    return x, x * dt[..., None], b, c, -jnp.exp(p["A_log"]) * dt


def mamba2_in(u, p):
    E, width = p["out.weight"].shape[0], p["conv.weight"].shape[1]
    return jnp.split(u @ p["in.weight"], [E, E + width], -1)


def mamba2_out(y, x, z, p):
    y = y + p["D"][:, None] * x
    y = y.reshape(*y.shape[:-2], -1) * nn.silu(z)
    return rms_norm(y, p["norm.gain"], 1e-5) @ p["out.weight"]


def mamba2(u, p, options):
    taps, T = p["conv.weight"], u.shape[1]
    z, mixed, dt = mamba2_in(u, p)
    padded = jnp.pad(mixed, ((0, 0), (len(taps) - 1, 0), (0, 0)))
    mixed = sum(taps[j] * padded[:, len(taps) - 1 - j:][:, :T] for j in range(len(taps)))
    x, weighed, b, c, decay = mamba2_parts(mixed, dt, p, options)
    b, c = chunked(b, 1), chunked(c, 1)                              # [B, chunks, CHUNK, N]
    weighed = chunked(weighed, 1).swapaxes(2, 3)                     # [B, chunks, H, CHUNK, e]
    decay = jnp.cumsum(chunked(decay, 1).swapaxes(2, 3), -1)         # [B, chunks, H, CHUNK]
    lower = jnp.tril(jnp.ones((CHUNK, CHUNK), bool))
    apart = jnp.exp(jnp.where(lower, decay[..., :, None] - decay[..., None, :], -jnp.inf))
    pairs = (c @ b.swapaxes(-1, -2))[:, :, None] * apart
    # What each chunk leaves, [B, chunks, H, N, e], and what all before it have left.
    left = b.swapaxes(-1, -2)[:, :, None] @ (weighed * jnp.exp(decay[..., -1:] - decay)[..., None])
    ends = jnp.exp(decay[..., -1])                                   # [B, chunks, H]

    def carry(state, chunk):
        end, new = chunk
        return end[..., None, None] * state + new, state
    first = jnp.zeros_like(left[:, 0])
    before = lax.scan(carry, first, (ends.swapaxes(0, 1), left.swapaxes(0, 1)))[1].swapaxes(0, 1)
    y = pairs @ weighed + (c[:, :, None] @ before) * jnp.exp(decay)[..., None]
    return mamba2_out(y.swapaxes(2, 3).reshape(x.shape), x, z, p)


def mamba2_state(batch, length, p, options):
    heads, (taps, width), E = options["heads"], p["conv.weight"].shape, p["out.weight"].shape[0]
    return {"window": jnp.zeros((batch, taps - 1, width)),
            "h": jnp.zeros((batch, heads, options["state"], E // heads))}


def mamba2_step(u, state, position, p, options):
    z, mixed, dt = mamba2_in(u, p)
    window = jnp.concatenate([state["window"], mixed[:, None]], 1)
    x, weighed, b, c, decay = mamba2_parts((window * p["conv.weight"][::-1]).sum(1), dt, p, options)
    h = jnp.exp(decay)[..., None, None] * state["h"] + b[:, None, :, None] * weighed[:, :, None]
    return mamba2_out(jnp.einsum("bn,bhne->bhe", c, h), x, z, p), {"window": window[:, 1:], "h": h}


MIXERS = {  # forward, state at the start, step
    "transformer": (transformer, transformer_state, transformer_step),
    "linear_attention": (linear_attention, linear_attention_state, linear_attention_step),
    "lru": (lru, lru_state, lru_step),
    "gru": recurrent(gru_cell),
    "rnn": recurrent(rnn_cell),
    "mamba2": (mamba2, mamba2_state, mamba2_step),
}


def rms_norm(x, gain, epsilon=1e-6):
    return x * lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + epsilon) * gain


def feed_forward(x, p):
    weights = jnp.concatenate([p["mlp.up.weight"], p["mlp.gate.weight"]], 1)
    up, gate = jnp.split(rms_norm(x, p["mlp.norm.gain"]) @ weights, 2, -1)
    return (up * nn.silu(gate)) @ p["mlp.down.weight"]


class Backbone(backbone.Backbone):
    rows_of = staticmethod(lambda table, tokens: table[tokens])
    rms_norm = staticmethod(rms_norm)
    feed_forward = staticmethod(feed_forward)
    zeros = staticmethod(jnp.zeros)

    def __init__(self, kind, options, layers, tensors):
        super().__init__(MIXERS[kind], options, layers, {name: jnp.asarray(value) for name, value in tensors.items()})

    def loss(self, p, tokens, targets):
        logits = nn.log_softmax(self.forward(p, tokens))
        return -jnp.take_along_axis(logits, targets[:, None], 1).mean()

    def step(self, p, state, tokens, position):  # tokens [B]; logits of all positions up to this one
        x = self.embed(p, tokens, position)
        layers = []
        for layer in range(self.layers):
            own = part(p, f"block.{layer}.")
            y, new = self.mix_step(rms_norm(x, own["norm.gain"]), state["layers"][layer], position,
                                   part(own, "mixer."), self.options)
            layers.append(new)
            x = x + y
            x = x + feed_forward(x, own)
        total = state["sum"] + x
        return self.read_out(total / (position + 1), p), {"layers": layers, "sum": total}

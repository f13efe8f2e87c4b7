#!/usr/bin/env python3
"""Small tanh, GRU, LSTM and CIFG recurrences (the last without peepholes) solved in double precision, with the gradient
of the sum of all h by backpropagation through time, written from the formulas of docs/models.md. For
tests/math/recurrence_reference_test.cpp; run by hand when a formula changes.

Writes recurrence/<cell>_block_<b>/{u,R,h,du,dR}.npy: inputs u [batch, length, gates width], blocks R, states h
[batch, length, width], and the gradients."""
import pathlib

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(blocks):  # [N / b, b, b] -> [N, N]
    count, b, _ = blocks.shape
    full = np.zeros((count * b, count * b))
    for q in range(count):
        full[q * b:(q + 1) * b, q * b:(q + 1) * b] = blocks[q]
    return full


def tanh_cell(u, R, state):
    h, = state
    new = np.tanh(u[0] + R[0] @ h)

    def back(dnew):
        a = dnew[0] * (1 - new * new)
        return [a], [a], [R[0].T @ a]
    return (new,), back


def gru_cell(u, R, state):
    h, = state
    m = R[2] @ h
    r, z = sigmoid(u[0] + R[0] @ h), sigmoid(u[1] + R[1] @ h)
    n = np.tanh(u[2] + r * m)

    def back(dnew):
        dn = dnew[0] * (1 - z) * (1 - n * n)
        dz, dr = dnew[0] * (h - n) * z * (1 - z), dn * m * r * (1 - r)
        through = [dr, dz, dn * r]
        dh = dnew[0] * z + sum(R[g].T @ through[g] for g in range(3))
        return [dr, dz, dn], through, [dh]
    return ((1 - z) * n + z * h,), back


def lstm_cell(u, R, state):
    h, c = state
    i, f, o = (sigmoid(u[g] + R[g] @ h) for g in (0, 1, 3))
    g = np.tanh(u[2] + R[2] @ h)
    new = f * c + i * g
    t = np.tanh(new)

    def back(dnew):
        dc = dnew[1] + dnew[0] * o * (1 - t * t)
        gates = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dnew[0] * t * o * (1 - o)]
        return gates, gates, [sum(R[k].T @ gates[k] for k in range(4)), dc * f]
    return (o * t, new), back


def cifg_cell(u, R, state):
    h, c = state
    f, o = (sigmoid(u[g] + R[g] @ h) for g in (0, 2))
    g = np.tanh(u[1] + R[1] @ h)
    new = f * c + (1 - f) * g
    t = np.tanh(new)

    def back(dnew):
        dc = dnew[1] + dnew[0] * o * (1 - t * t)
        gates = [dc * (c - g) * f * (1 - f), dc * (1 - f) * (1 - g * g), dnew[0] * t * o * (1 - o)]
        return gates, gates, [sum(R[k].T @ gates[k] for k in range(3)), dc * f]
    return (o * t, new), back


CELLS = {"tanh": (tanh_cell, 1, 1), "gru": (gru_cell, 3, 1), "lstm": (lstm_cell, 4, 2), "cifg": (cifg_cell, 3, 2)}


def solve(cell, u, blocks):  # u [T, G, N] -> h, du, dR as blocks
    step, gates, planes = CELLS[cell]
    T, _, N = u.shape
    b = blocks.shape[2]
    R = [dense(blocks[g]) for g in range(gates)]
    state, h, before, backs = tuple(np.zeros(N) for _ in range(planes)), [], [], []
    for t in range(T):
        before.append(state[0])
        state, back = step(u[t], R, state)
        h.append(state[0])
        backs.append(back)
    du, dR = np.zeros_like(u), np.zeros((gates, N, N))
    later = [np.zeros(N) for _ in range(planes)]
    for t in reversed(range(T)):
        direct, through, later = backs[t]([later[0] + 1] + list(later[1:]))
        du[t] = direct
        for g in range(gates):
            dR[g] += np.outer(through[g], before[t])
    inside = np.stack([[dR[g, q * b:(q + 1) * b, q * b:(q + 1) * b] for q in range(N // b)] for g in range(gates)])
    return np.array(h), du, inside


def main():
    rng = np.random.default_rng(20)
    for cell, (_, gates, _) in CELLS.items():
        for B, T, N, b in [(2, 5, 4, 4), (1, 6, 4, 2), (2, 4, 3, 1)]:
            u = rng.normal(0, 0.7, (B, T, gates, N)).astype(np.float32).astype(float)
            R = rng.normal(0, 0.9 / np.sqrt(b), (gates, N // b, b, b)).astype(np.float32).astype(float)
            h, du, dR = zip(*(solve(cell, u[k], R) for k in range(B)))
            folder = pathlib.Path(__file__).resolve().parent / "recurrence" / f"{cell}_block_{b}"
            folder.mkdir(parents=True, exist_ok=True)
            flat = (B, T, gates * N)
            arrays = {"u": u.reshape(flat), "R": R, "h": h, "du": np.reshape(du, flat), "dR": sum(dR)}
            for name, array in arrays.items():
                np.save(folder / f"{name}.npy", np.asarray(array, "<f4"))


if __name__ == "__main__":
    main()

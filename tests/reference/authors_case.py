"""What authors.py and authors_systems.py share: cases of models whose outputs and gradients code of others computes, and
how they are stored for tests/models/authors_parity_test.cpp.

NAME.json lists the cases with package, version and the names of their parameters; NAME.npy is all their arrays one after
another: output, gradient of the input, gradients of the parameters by name. Parameters and inputs are not stored:
element i of the tensor called NAME is 0.6 sin(0.7 i + s), s the sum of the character codes of NAME; the input is
x[t, d] = sin(0.9 t + 2 d), and the loss is sum(y * cos(0.3 i)), i counting the elements of y."""
import json
import math
import pathlib
from importlib.metadata import version

import numpy as np
import torch

D, T, H = 8, 19, 2
d = D // H
CASES = []


def case(model, package, shapes, at=None, **options):
    """Registers the function below it, which is given x [1, T, D] and the parameters by name. `at`: the commit, where
    `package` is a repository."""
    def register(function):
        CASES.append((model, package, at or version(package), options, shapes, function))
        return function
    return register


def weights(*names, width=D):
    return {name + ".weight": (D, width) for name in names}


def heads(x, n=H):
    return x.unflatten(-1, (n, -1))


def call(module, parameters, *inputs):
    return torch.func.functional_call(module, parameters, inputs)


def taps(weight):  # ours count from the present back
    return weight.flip(0).T[:, None]


def values(name, shape):
    n = math.prod(shape)
    return (0.6 * np.sin(0.7 * np.arange(n) + sum(map(ord, name)))).reshape(shape).astype(np.float32)


def by_torch(function, x0, shapes):
    """Output, gradient of x, and gradients of the parameters."""
    x = torch.tensor(x0, requires_grad=True)
    p = {name: torch.tensor(values(name, shape), requires_grad=True) for name, shape in sorted(shapes.items())}
    y = function(x, p)
    (y * torch.cos(0.3 * torch.arange(y.numel())).reshape(y.shape)).sum().backward()
    return [a.numpy() for a in [y.detach(), x.grad] + [tensor.grad for tensor in p.values()]]


def store(name, compute=by_torch):
    x0 = np.sin(0.9 * np.arange(T)[:, None] + 2 * np.arange(D)).astype(np.float32)[None]
    arrays, lines = [], []
    for model, package, at, options, shapes, function in CASES:
        arrays += getattr(function, "compute", compute)(function, x0, shapes)
        lines.append(json.dumps({"model": model, "options": options, "package": package, "version": at,
                                 "parameters": sorted(shapes)}))
    here = pathlib.Path(__file__).resolve().parent
    np.save(here / (name + ".npy"), np.concatenate([np.asarray(a).ravel() for a in arrays]).astype("<f4"))
    (here / (name + ".json")).write_text("[\n" + ",\n".join(lines) + "\n]\n")

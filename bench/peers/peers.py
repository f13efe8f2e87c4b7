"""The peers behind one interface: a model from a checkpoint, of which a training step, a forward pass or the next
position of decoding is run again and again."""
import os

PEERS = ("torch", "torch-compile", "jax")
RATE, DECAY, BETAS, EPSILON = 1e-4, 0.05, (0.9, 0.999), 1e-8  # AdamW
DECODED = 32  # positions of a run of decoding, the last of the length


def open_peer(name, checkpoint):
    if name == "jax":
        return Jax(*checkpoint)
    return Torch(*checkpoint, compiled=name == "torch-compile")


class Torch:
    def __init__(self, kind, options, layers, tensors, compiled):
        import torch

        import torch_backbone
        if "OMP_NUM_THREADS" in os.environ:
            torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.torch = torch
        self.model = torch_backbone.Backbone(kind, options, layers, tensors)
        self.compile = (lambda f: torch.compile(f, dynamic=False)) if compiled else lambda f: f

    def learned(self):
        return {name: value.requires_grad_() for name, value in self.model.parameters.items()}

    def logits_and_gradients(self, tokens, classes):
        tokens, classes = map(self.torch.from_numpy, (tokens, classes))
        p = self.learned()
        self.compile(self.model.loss)(p, tokens, classes).backward()
        with self.torch.no_grad():
            logits = self.compile(self.model.forward)(p, tokens)
        return logits.numpy(), {name: value.grad.numpy() for name, value in p.items()}

    def decoded_logits(self, tokens):
        step = self.compile(self.model.step)
        with self.torch.no_grad():
            state = self.model.start(*tokens.shape)
            for position, column in enumerate(self.torch.from_numpy(tokens.T.copy())):
                logits = step(self.model.parameters, state, column, self.torch.tensor(position))
        return logits.numpy()

    def train(self, tokens, classes):
        tokens, classes = map(self.torch.from_numpy, (tokens, classes))
        p = self.learned()
        adam = self.torch.optim.AdamW(p.values(), lr=RATE, betas=BETAS, eps=EPSILON, weight_decay=DECAY, fused=True)
        loss = self.compile(self.model.loss)

        def run():
            loss(p, tokens, classes).backward()
            adam.step()
            adam.zero_grad()
        return run

    def prefill(self, tokens, classes):
        tokens = self.torch.from_numpy(tokens)
        forward = self.compile(self.model.forward)

        def run():
            with self.torch.no_grad():
                forward(self.model.parameters, tokens)
        return run

    def decode(self, tokens, classes):
        """The last positions again and again, from a state of zeros: its values take no part in the time."""
        batch, length = tokens.shape
        columns = list(self.torch.from_numpy(tokens.T.copy())[-DECODED:])
        positions = [self.torch.tensor(t) for t in range(length - len(columns), length)]
        state = self.model.start(batch, length)
        step = self.compile(self.model.step)

        def run():
            with self.torch.no_grad():
                for column, position in zip(columns, positions):
                    step(self.model.parameters, state, column, position)
        return run


class Jax:
    def __init__(self, kind, options, layers, tensors):
        import jax

        import jax_backbone
        self.jax, self.numpy = jax, jax.numpy
        self.model = jax_backbone.Backbone(kind, options, layers, tensors)

    def logits_and_gradients(self, tokens, classes):
        p = self.model.parameters
        gradients = self.jax.jit(self.jax.grad(self.model.loss))(p, tokens, classes)
        return self.jax.device_get((self.jax.jit(self.model.forward)(p, tokens), gradients))

    def decoded_logits(self, tokens):
        step = self.jax.jit(self.model.step, donate_argnums=1)
        state = self.model.start(*tokens.shape)
        for position, column in enumerate(tokens.T):
            logits, state = step(self.model.parameters, state, column, self.numpy.int32(position))
        return self.jax.device_get(logits)

    def train(self, tokens, classes):
        tokens, classes = map(self.numpy.asarray, (tokens, classes))

        def adam(value, gradient, mean, square, count):
            mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
            square = BETAS[1] * square + (1 - BETAS[1]) * gradient ** 2
            size = self.numpy.sqrt(square / (1 - BETAS[1] ** count)) + EPSILON
            return value - RATE * (mean / (1 - BETAS[0] ** count) / size + DECAY * value), mean, square

        def step(state, count, tokens, classes):
            p, means, squares = state
            gradients = self.jax.grad(self.model.loss)(p, tokens, classes)
            new = {name: adam(p[name], gradients[name], means[name], squares[name], count) for name in p}
            return tuple({name: new[name][i] for name in p} for i in range(3))
        step = self.jax.jit(step, donate_argnums=0)
        zeros = {name: self.numpy.zeros_like(value) for name, value in self.model.parameters.items()}
        state = self.model.parameters, zeros, {name: value.copy() for name, value in zeros.items()}
        count = 0.0

        def run():
            nonlocal state, count
            count += 1
            state = self.jax.block_until_ready(step(state, count, tokens, classes))
        return run

    def prefill(self, tokens, classes):
        tokens = self.numpy.asarray(tokens)
        forward = self.jax.jit(self.model.forward)
        return lambda: self.jax.block_until_ready(forward(self.model.parameters, tokens))

    def decode(self, tokens, classes):
        """The last positions again and again, from a state of zeros: its values take no part in the time."""
        batch, length = tokens.shape
        columns = [self.numpy.asarray(column) for column in tokens.T[-DECODED:]]
        positions = [self.numpy.int32(t) for t in range(length - len(columns), length)]
        state = self.model.start(batch, length)
        step = self.jax.jit(self.model.step, donate_argnums=1)

        def run():
            nonlocal state
            for column, position in zip(columns, positions):
                logits, state = step(self.model.parameters, state, column, position)
                self.jax.block_until_ready(logits)
        return run

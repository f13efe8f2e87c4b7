"""What the backbones of all frameworks share: blocks of mixer and MLP between an embedding and a read-out of the mean."""


def part(p, prefix):
    return {name[len(prefix):]: value for name, value in p.items() if name.startswith(prefix)}


class Backbone:
    """A framework adds `rows_of`, `rms_norm`, `feed_forward`, `zeros`, `loss` and `step`.

    `mixer`: its forward, its state at the start, its step."""

    def __init__(self, mixer, options, layers, parameters):
        self.mix, self.mixer_state, self.mix_step = mixer
        self.options, self.layers, self.parameters = options, layers, parameters

    def embed(self, p, tokens, positions):
        x = self.rows_of(p["embedding.weight"], tokens)
        return x + p["position.weight"][positions] if "position.weight" in p else x

    def read_out(self, x, p):
        return self.rms_norm(x, p["norm.gain"]) @ p["head.weight"] + p["head.bias"]

    def forward(self, p, tokens):  # [B, T] -> logits [B, classes], read out of the mean over positions
        x = self.embed(p, tokens, slice(tokens.shape[1]))
        for layer in range(self.layers):
            own = part(p, f"block.{layer}.")
            x = x + self.mix(self.rms_norm(x, own["norm.gain"]), part(own, "mixer."), self.options)
            x = x + self.feed_forward(x, own)
        return self.read_out(x.mean(1), p)

    def start(self, batch, length):
        """The state before the first of `length` positions."""
        p = self.parameters
        layers = [self.mixer_state(batch, length, part(p, f"block.{layer}.mixer."), self.options)
                  for layer in range(self.layers)]
        return {"layers": layers, "sum": self.zeros((batch, p["norm.gain"].shape[0]))}

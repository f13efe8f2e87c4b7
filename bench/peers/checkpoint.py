"""Reads longhaul's checkpoints: safetensors files whose metadata has the trial's specification."""
import json
import struct

import numpy as np


def read_tensors(path):
    """Tensors by name, float32, and the metadata."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy()
    return tensors, metadata


def read_checkpoint(path):
    """What a backbone is built from: its kind, options, layers and tensors.

    The kind is the model's name; of rnn it is the cell: `gru`, or `rnn` for tanh."""
    tensors, metadata = read_tensors(path)
    spec = json.loads(metadata["spec"])
    options = spec["model_options"]
    kind = "gru" if options.get("cell") == "gru" else spec["model"]
    return kind, options, spec["settings"]["layers"], tensors

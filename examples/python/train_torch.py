#!/usr/bin/env python3
"""Trains a small PyTorch model on a task of a results folder and puts its scores into the folder's table.

    pip install torch
    longhaul run quick
    python train_torch.py results/runs/quick --task s3-16

The data is that of the suite: a model with seed 0 sees the training examples that longhaul's models with seed 0 see, in the
same order, and is tested on the same test examples.
"""
import argparse
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

import longhaul


class Gru(nn.Module):
    def __init__(self, vocab, classes, width, answers_each_position):
        super().__init__()
        self.answers_each_position = answers_each_position
        self.embedding = nn.Embedding(vocab, width, padding_idx=0)
        self.gru = nn.GRU(width, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens, lengths):
        states, _ = self.gru(self.embedding(tokens))
        if not self.answers_each_position:
            states = states[torch.arange(len(tokens)), lengths - 1]
        return self.head(states)


def accuracy(model, batches):
    """Share of right answers, as longhaul counts them: each scored position once."""
    right = scored = 0
    with torch.no_grad():
        for batch in DataLoader(batches, batch_size=None):
            answers = model(batch.tokens, batch.lengths).argmax(-1)
            is_scored = batch.targets != -1
            right += (answers == batch.targets)[is_scored].sum().item()
            scored += is_scored.sum().item()
    return right / scored


def train(task, steps, batch, seed):
    torch.manual_seed(seed)
    model = Gru(task.vocab, task.classes, width=64, answers_each_position=task.readout == "token")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    batches = task.batches(batch, examples=steps * batch, split="train", seed=seed)
    for data in DataLoader(batches, batch_size=None):
        logits = model(data.tokens, data.lengths)
        loss = F.cross_entropy(logits.flatten(0, -2), data.targets.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="results folder, such as results/runs/quick")
    parser.add_argument("--task", default="s3-16", help="name of the task's entry in the suite")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()

    run = longhaul.load(arguments.folder)
    task = run.task(arguments.task)
    if task.channels or task.readout == "pair":
        parser.error(f"--task {arguments.task}: this example reads single sequences of ids")
    ours = run.results[(run.results.task == arguments.task) & ~run.results.external]
    test_examples = int(ours.test_examples.iloc[0])
    for seed in sorted(set(ours.seed)):
        begin = time.perf_counter()
        model = train(task, arguments.steps, arguments.batch, int(seed))
        seconds = time.perf_counter() - begin
        test = accuracy(model, task.batches(64, examples=test_examples, split="test"))
        longhaul.add_result(
            arguments.folder,
            model="torch-gru",
            task=arguments.task,
            seed=int(seed),
            test_value=test,
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            steps=arguments.steps,
            train_seconds=seconds,
            note="examples/python/train_torch.py",
        )
    print(longhaul.load(arguments.folder).table())


if __name__ == "__main__":
    main()

"""Peak memory of one `fit`, in a process of its own: python -m benchmarks.memory SEEDS"""

import re
import resource
import sys
from pathlib import Path

import torch
from torch.utils.data import TensorDataset

import d2lmini as d2l
from benchmarks import work


def peak():
    """The most memory that this process has held so far, in MB."""
    if Path("/proc/self/status").exists():  # Linux: getrusage would count the process that started this one
        return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(seeds):
    train, val = (TensorDataset(torch.rand(n, 28, 28), torch.randint(0, 10, (n,))) for n in (50_000, 10_000))
    options = {"epochs": 1, "lr": 0.1, "device": "cpu"}
    few = TensorDataset(*(t[:256] for t in train.tensors))
    d2l.fit(work.mlp, few, few, seeds=(0, 1), **options)  # libraries and threads allocate on first use
    before = peak()
    history = d2l.fit(work.mlp, train, val, seeds=range(seeds), **options)
    added = peak() - before
    weights = sum(p.nbytes for model in history.models for p in model.parameters()) / 1e6
    minibatch = seeds * 256 * 28 * 28 * 4 / 1e6
    print(before, added, 2 * weights, minibatch)


if __name__ == "__main__":
    main(int(sys.argv[1]))

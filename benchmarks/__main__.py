"""Speed of training, as ratios measured in one run: python -m benchmarks [--page] [--rounds N]

Writes _build/benchmarks/results.md and results.png; with --page also onto
the book's pages speed and coming-from-d2l.
"""

import argparse
import functools
import os
import platform
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

import d2lmini as d2l
from benchmarks import lab, work
from benchmarks.work import dropout_mlp, mlp, seconds
from d2lmini import compat
from d2lmini.stack import dropout_mask

ROOT = Path(__file__).parent.parent
OUT = ROOT / "_build" / "benchmarks"
NETS = {"MLP 784-256-10": mlp, "dropout MLP 784-256-256-10": dropout_mlp}
LIMIT, FIT5 = "matrix products alone", "`fit`, 5 seeds"


def rounds(contenders, n):
    """Seconds of each contender in n rounds, all of them in every round: a busy machine slows them alike."""
    times = [{name: run() for name, run in contenders.items()} for _ in range(n)]
    return {name: np.array([t[name] for t in times]) for name in contenders}


def ratio(times, of, to):
    """Median over the rounds of the ratio within each."""
    return np.median(times[of] / times[to])


def fit(make_model, train, val, seeds, epochs=1, **options):
    """Seconds per seed and epoch."""
    options = {"lr": work.LR, "device": "cpu"} | options
    run = functools.partial(d2l.fit, make_model, train, val, epochs=epochs, seeds=range(seeds), **options)
    return seconds(run) / seeds / epochs


def contenders(make_model, train, val):
    images = work.PerImage(train), work.PerImage(val)
    entries = {LIMIT: lambda: work.gemm_limit(make_model(), len(train), len(val))}
    for workers in (4, 0):
        run = functools.partial(work.usual_loop, make_model, *images, workers)
        entries[f"DataLoader, one image at a time, {workers} workers"] = functools.partial(seconds, run)
    run = functools.partial(work.in_memory_loop, make_model, train, val)
    entries["loop in memory, 1 seed"] = functools.partial(seconds, run)
    for seeds in (1, 5, 20):
        label = f"`fit`, {seeds} seed{'s' * (seeds > 1)}"
        entries[label] = functools.partial(fit, make_model, train, val, seeds, epochs=2 if seeds < 20 else 1)
    return entries


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main_table(n):
    """Fashion-MNIST, one row for every way to train. Returns Markdown and the seconds behind it."""
    train, val, _ = d2l.data.fashion_mnist()
    text, measured = [], {}
    for name, make_model in NETS.items():
        times = measured[name] = rounds(contenders(make_model, train, val), n)
        rows = []
        for label in times:
            spread = times[label] / times[LIMIT]
            gains = [f"{np.median(times[usual] / times[label]):.1f}" for usual in times if "DataLoader" in usual]
            limits = f"{np.median(spread):.2f} ({spread.min():.2f} to {spread.max():.2f})"
            rows.append([label, f"{np.median(times[label]):.2f}", limits, *gains])
        header = [name, "seconds per seed and epoch", "times the limit", "times faster than DataLoader, 4 workers"]
        text.append(table([*header, "0 workers"], rows))
    return "\n\n".join(text), measured


def small_table(n):
    """Problems so small that the overhead of a step is all there is: milliseconds of a whole run."""
    rows = []
    for name, inputs, examples, batch in (
        ("polynomial, 4 coefficients", 4, 100, 10),
        ("polynomial, 20 coefficients", 20, 100, 10),
        ("linear regression, 200 inputs", 200, 20, 5),
    ):
        g = torch.Generator().manual_seed(0)
        train, val = (
            TensorDataset(torch.randn(k, inputs, generator=g), torch.randn(k, 1, generator=g))
            for k in (examples, 100)
        )
        options = {"epochs": 100, "batch_size": batch, "loss": F.mse_loss, "lr": 1e-3}
        make = functools.partial(nn.Linear, inputs, 1)
        run = {
            k: lambda k=k, o=options, m=make, t=train, v=val: fit(m, t, v, k, **o) * k * 100 for k in (1, 5, 20)
        }
        times = rounds(run, 3 * n)
        milliseconds = [f"{1e3 * np.median(times[k]):.0f}" for k in run]
        rows.append([name, *milliseconds, f"{ratio(times, 20, 1):.2f}"])
    return table(["100 epochs", "1 seed, ms", "5 seeds, ms", "20 seeds, ms", "20 seeds / 1 seed"], rows)


def scaling_table(n):
    """Seconds per seed and epoch over the limit of the same shapes, against one setting at a time."""
    train, val, _ = d2l.data.fashion_mnist()
    train, val = (TensorDataset(*(t[:k] for t in part.tensors)) for part, k in ((train, 10_240), (val, 2048)))
    rows = []
    for title, settings in (
        ("seeds", [(s, 256, 256) for s in (1, 2, 5, 10, 20)]),
        ("batch size, 5 seeds", [(5, b, 256) for b in (32, 128, 256, 1024)]),
        ("width, 5 seeds", [(5, 256, w) for w in (64, 256, 1024)]),
    ):
        for seeds, batch, width in settings:
            make = functools.partial(mlp, width)
            times = rounds(
                {
                    "fit": functools.partial(fit, make, train, val, seeds, 2, batch_size=batch),
                    LIMIT: lambda m=make, b=batch: work.gemm_limit(m(), len(train), len(val), b),
                },
                n,
            )
            value = {"s": seeds, "b": batch, "w": width}[title[0]]
            rows.append(
                [title, value, f"{1e3 * np.median(times['fit']):.0f}", f"{ratio(times, 'fit', LIMIT):.2f}"]
            )
    return table(["MLP on 10,240 examples", "setting", "ms per seed and epoch", "times the limit"], rows)


def mask_table(n):
    """Dropout masks for 5 seeds, 256 examples and 256 hidden units, ready to multiply with."""
    h, generators = torch.empty(5, 256, 256), [torch.Generator().manual_seed(seed) for seed in range(5)]
    draws = {
        "`bernoulli_`": lambda: torch.empty_like(h).bernoulli_(0.8).div_(0.8),
        "`rand(...) >= p`": lambda: (torch.rand(h.shape) >= 0.2).to(h.dtype).div_(0.8),
        "`d2lmini`, 16 of 64 random bits": lambda: dropout_mask(h, 0.2, generators),
    }
    times = rounds({name: functools.partial(seconds, draw) for name, draw in draws.items()}, 20 * n)
    rows = [[name, f"{1e9 * np.median(t) / h.numel():.2f}"] for name, t in times.items()]
    return table(["dropout mask", "ns per unit and example"], rows)


def compat_table(n):
    """One epoch of the MLP on all of Fashion-MNIST: `train_ch3` of `d2lmini.compat`, figure included."""
    matplotlib.use("Agg")
    loss = nn.CrossEntropyLoss(reduction="none")
    loaders = compat.load_data_fashion_mnist(256)
    images = [work.PerImage(TensorDataset(x[:, 0], y)) for x, y in (part.dataset.tensors for part in loaders)]

    def train_ch3(epochs=2):
        net = mlp()
        updater = torch.optim.SGD(net.parameters(), lr=work.LR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # so few epochs end above its thresholds, and nobody sees its figure
            took = seconds(lambda: compat.train_ch3(net, *loaders, loss, epochs, updater))
        compat.plt.close("all")
        return took / epochs

    ours = "`compat.train_ch3`"
    entries = {LIMIT: lambda: work.gemm_limit(mlp(), *(len(part.dataset) for part in loaders)), ours: train_ch3}
    for workers in (4, 0):
        run = functools.partial(work.usual_loop, mlp, *images, workers)
        entries[f"DataLoader, one image at a time, {workers} workers"] = functools.partial(seconds, run)
    train_ch3(1)  # the first figure of a process imports pyplot
    times = rounds(entries, n)
    rows = []
    for name, t in times.items():
        gain = t / times[ours]
        spread = f"{np.median(gain):.1f} ({gain.min():.1f} to {gain.max():.1f})"
        rows.append([name, f"{np.median(t):.2f}", spread])
    return table(["MLP 784-256-10, 60,000 examples", "seconds per epoch", "times `compat.train_ch3`"], rows)


def memory_table():
    rows = []
    for seeds in (1, 5, 20):
        command = [sys.executable, "-m", "benchmarks.memory", str(seeds)]
        out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        rows.append([seeds, *(f"{float(megabytes):.0f}" for megabytes in out.split())])
    return table(
        [
            "seeds, MLP, batch 256",
            "peak before `fit`, with the data (188), MB",
            "added by `fit`, MB",
            "parameters and gradients, MB",
            "inputs of one minibatch, MB",
        ],
        rows,
    )


def machine():
    """The processor, in words."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        name = re.search(r"model name\s*: (.*)", text)[1]
    except (OSError, TypeError):
        name = platform.processor() or platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"vector units {torch.backends.cpu.get_cpu_capability()}; {platform.system()}, "
        f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    )


def picture(measured, path):
    """Bars: seconds per seed and epoch of every contender, one panel a network, the limit as a line."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with plt.rc_context():
        d2l.plots.use_style()
        figure, axes = plt.subplots(1, len(measured), figsize=(9, 3.2), sharey=True, layout="constrained")
        for ax, (name, times) in zip(axes, measured.items(), strict=True):
            labels = [label for label in times if label != LIMIT][::-1]
            colors = [d2l.plots.BLUE if "fit" in label else d2l.plots.ORANGE for label in labels]
            values = [np.median(times[label]) for label in labels]
            bars = ax.barh([label.replace("`", "") for label in labels], values, color=colors)
            ax.bar_label(bars, fmt="%.2f", padding=3)
            ax.axvline(np.median(times[LIMIT]), color=d2l.plots.BLACK, linestyle="--", label=LIMIT)
            ax.set(title=name, xlabel="seconds per seed and epoch", xlim=(0, 1.15 * max(values)))
            ax.grid(axis="y")
        axes[0].legend(loc="lower right")
        figure.savefig(path)


def put_on_pages(name, text):
    """Replace what stands between the two marks of a page, in every edition."""
    for page in ROOT.glob(f"chapters/*/{name}.md"):
        old = page.read_text(encoding="utf-8")
        new = re.sub(r"(<!-- results -->\n).*(<!-- end -->)", lambda m: m[1] + text + m[2], old, flags=re.S)
        page.write_text(new, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4, help="how often everything is measured (4)")
    parser.add_argument("--page", action="store_true", help="put the results on the book's speed page")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="This DataLoader will create")  # more workers than processors
    first = f"Machine: {machine()}."
    text, measured = main_table(arguments.rounds)
    parts = [make(arguments.rounds) for make in (small_table, scaling_table, mask_table)]
    text = "\n\n".join([first, text, *parts, memory_table()]) + "\n"
    notes = f"{compat_table(arguments.rounds)}\n\n{first}\n"
    OUT.mkdir(parents=True, exist_ok=True)
    of_lab = lab.main(arguments.rounds)
    (OUT / "results.md").write_text(f"{text}\n{notes}\n{of_lab}\n", encoding="utf-8")
    picture(measured, OUT / "results.png")
    print(text, notes, of_lab, sep="\n")
    if arguments.page:
        put_on_pages("speed", text)
        put_on_pages("coming-from-d2l", notes)
        for page in ROOT.glob("chapters/*/speed.md"):
            shutil.copyfile(OUT / "results.png", page.with_name("speed.png"))


if __name__ == "__main__":
    main()

"""Run a chapter's cells in this process, with its seeds moved or a mistake put in; book.prove starts and reads it.

`python -m book.rerun redraw CHAPTER K ... OUT` reads names of checks from standard input, moves every seed in the
K-th way (0: none), for each K, and writes to OUT, as JSON, what went wrong by K and cell. `python -m book.rerun
breaks CHAPTER OUT` reads breaks and writes what each did. Cells that none of these checks rests on are not run.
"""

import contextlib
import json
import numbers
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch.utils.data import TensorDataset
from traitlets.config import Config

import d2lmini
from book.prove import code, grounds, is_check


class Chapter:
    """The code cells that some checks rest on, and a shell. Nothing is drawn or shown: only errors count."""

    def __init__(self, path, checks):
        needed = {cell.id for check in checks for cell in grounds(Path(path))[check]}
        self.cells = [cell for cell in code(Path(path)) if cell.id in needed]
        matplotlib.use("agg")
        os.chdir(Path(path).parent)
        history = Config({"HistoryManager": {"enabled": False}})  # its thread would not survive a fork
        self.shell = InteractiveShell.instance(config=history)
        self.shell.showtraceback = self.shell.showsyntaxerror = lambda *_, **__: None

    def run(self, cell, source=None):
        """Run a cell, or `source` in its place; returns what it raised, "" for nothing or an error on purpose."""
        out, err = contextlib.redirect_stdout, contextlib.redirect_stderr
        with open(os.devnull, "w") as nowhere, out(nowhere), err(nowhere):
            result = self.shell.run_cell(cell.source if source is None else source)
        if "matplotlib.pyplot" in sys.modules:
            matplotlib.pyplot.close("all")
        error = result.error_before_exec or result.error_in_exec
        on_purpose = "raises-exception" in cell.metadata.get("tags", [])
        return "" if error is None or on_purpose else f"{type(error).__name__}: {error}"[:300]


def moved(seed, redraw):
    """The seed that stands for `seed` in a redraw: 32 bits, others for every seed and every redraw."""
    return int(np.random.SeedSequence([redraw, int(seed) % 2**64]).generate_state(1)[0])


def move_seeds(redraw):
    """From here on every seed means another one, for PyTorch, NumPy, Python; the first n pictures are others.

    `fit(seeds=...)` and helpers that take a seed come here too, since all of them end in one of these functions.
    """

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return super().manual_seed(moved(seed, redraw))

    class Random(random.Random):
        def __init__(self, seed=0):  # a judge of exercises draws its cases by a name: they stay
            super().__init__(moved(seed, redraw) if isinstance(seed, numbers.Integral) else seed)

    def other(function):
        return lambda seed=0: (
            function(moved(seed, redraw)) if isinstance(seed, numbers.Integral) else function(seed)
        )

    class RandomState(np.random.RandomState):
        def __init__(self, seed=0):
            super().__init__(moved(seed, redraw))

    torch.Generator, random.Random, np.random.RandomState = Generator, Random, RandomState
    for module, names in ((torch, ("manual_seed",)), (np.random, ("default_rng", "seed")), (random, ("seed",))):
        for name in names:
            setattr(module, name, other(getattr(module, name)))
    torch.random.manual_seed = torch.manual_seed
    torch.default_generator = SimpleNamespace(manual_seed=torch.manual_seed)
    for start in (torch.manual_seed, np.random.seed, random.seed):  # for what draws without a seed
        start(0)
    move_pictures(redraw)


def move_pictures(redraw):
    """Shuffle Fashion-MNIST: training and validation set together, the test set in itself."""
    published = d2lmini.data.fashion_mnist
    order = torch.Generator()

    def other_pictures(**options):
        train, val, test = published(**options)
        order.manual_seed(redraw)  # the same pictures whenever a chapter asks
        images, labels = (torch.cat(both) for both in zip(train.tensors, val.tensors, strict=True))
        index = torch.randperm(len(labels), generator=order)
        parts = [TensorDataset(images[part], labels[part]) for part in index.split((len(train), len(val)))]
        index = torch.randperm(len(test), generator=order)
        return (*parts, TensorDataset(*(tensor[index] for tensor in test.tensors)))

    d2lmini.data.fashion_mnist = other_pictures


def redraw(path, ways, wanted):
    """Run what the checks rest on, once for each way to move seeds: what each code cell raised, "" for nothing."""
    chapter, found = Chapter(path, wanted), {}
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    optimizer.zero_grad()  # the first one imports much that every copy would import again
    for k in ways:
        answers = [""]
        collect([(0, *fork(lambda k=k: json.dumps(run_moved(chapter, k))))], answers)
        found[k] = json.loads(answers[0])
    return found


def run_moved(chapter, k):
    """Run all cells with the seeds moved in the k-th way."""
    if k:
        move_seeds(k)
    return {cell.id: chapter.run(cell) for cell in chapter.cells}


def breaks(path, wanted):
    """For each break {check, cell, text, by} what the check, or one before it, said of it.

    The chapter runs once. Before a cell that is to be broken, a copy of this process (a fork) puts the mistake
    in and runs on to the check, so that what comes before is not run again.
    """
    chapter, running, outcome = Chapter(path, [b["check"] for b in wanted]), [], [""] * len(wanted)
    for k, cell in enumerate(chapter.cells):
        for number, mistake in enumerate(wanted):
            if mistake["cell"] == cell.id:
                collect(running, outcome)  # one copy at a time, beside this process
                running.append((number, *fork(lambda k=k, mistake=mistake: try_break(chapter, k, mistake))))
        if error := chapter.run(cell):
            raise SystemExit(f"{path}: cell {cell.id} fails as it stands: {error}")
    collect(running, outcome)
    return outcome


def place(chapter, name):
    """The number of a cell among the code cells."""
    return [cell.id for cell in chapter.cells].index(name)


def fork(work):
    """Start `work` in a copy of this process; returns its number and the file that its answer can be read from."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        return child, reader
    os.write(writer, work().encode())
    os._exit(0)


def collect(running, outcome):
    """Wait for the copies that run, and note what they say."""
    while running:
        number, child, reader = running.pop()
        with open(reader, encoding="utf-8") as answer:
            outcome[number] = answer.read() or "crashed: no answer"
        os.waitpid(child, 0)


def try_break(chapter, k, mistake):
    """Run the broken cell and those after it up to the check: "caught by ...", "missed", or "crashed in ..."."""
    for cell in chapter.cells[k : place(chapter, mistake["check"]) + 1]:
        broken = cell.source.replace(mistake["text"], mistake["by"]) if cell.id == mistake["cell"] else None
        if error := chapter.run(cell, broken):
            # A name that is missing or a line that cannot be read is no mistake that a check has to find.
            sound = is_check(cell) and not error.startswith(("NameError", "SyntaxError", "UnboundLocalError"))
            return f"caught by {cell.id}" if sound else f"crashed in {cell.id}: {error}"
    return "missed"


def main(kind, path, *rest):
    *ways, place_of_answer = rest
    wanted = json.load(sys.stdin)
    found = redraw(path, list(map(int, ways)), wanted) if kind == "redraw" else breaks(path, wanted)
    Path(place_of_answer).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

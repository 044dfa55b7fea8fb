"""Training: `fit` trains one model per seed, all at once, and returns a frozen `History`; nothing here prints."""

import functools
import math
import numbers
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.data import bar, count, require, tensors
from d2lmini.stack import Stack, stack

# Those that treat every number on its own: over stacked parameters they take the steps of each model alone.
NAMES = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD")
ELEMENTWISE = {name.lower(): getattr(torch.optim, name) for name in NAMES}
CLASS_LOSSES = {F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss, nn.NLLLoss}
EVALUATION_ROWS = 4096  # examples, those of all seeds together, per forward pass where nothing is learned


@dataclass(frozen=True, repr=False)
class History:
    """What a training run measured, as float64 arrays of shape (seeds, epochs), and the trained models.

    train_loss, train_accuracy: means over the epoch's examples, in training mode, each minibatch taken just before
    the step it leads to; no penalty included.
    val_loss, val_accuracy: means over the validation set after each epoch, in evaluation mode; NaN without one.
    Accuracies are NaN where targets are not classes. After a seed has stopped early, everything is NaN.
    """

    train_loss: np.ndarray
    train_accuracy: np.ndarray
    val_loss: np.ndarray
    val_accuracy: np.ndarray
    models: list  # a trained nn.Module per seed, in evaluation mode
    seeds: tuple  # of int
    epochs: np.ndarray  # (seeds,) int: how many each seed ran, fewer than asked for where patience ended it
    stacked: bool  # True: all seeds ran as one. False: a single seed, or models that had to train one by one
    diverged: np.ndarray  # (seeds,) bool: a loss or a weight became infinite or NaN

    def __repr__(self):
        text = f"History of {len(self.seeds)} seed(s), up to {self.epochs.max()} epoch(s); median at the end:"
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            last = np.median(getattr(self, name)[range(len(self.seeds)), self.epochs - 1])
            text += "" if np.isnan(last) else f" {name} {last:.3g},"
        return f"{text} {self.diverged.sum()} diverged"


def accuracy(logits, labels):
    """Share of examples whose largest logit is the one of their label.

    logits: (n, q) float, a row with a NaN in it is wrong; labels: (n,) int64 in [0, q), at least one.
    """
    ok = logits.dim() == 2 and labels.shape == logits.shape[:1] and len(labels) > 0 and labels.dtype == torch.int64
    found = f"{tuple(labels.shape)} {labels.dtype}"
    require(ok, "labels", found, f"int64, one for each row of logits {tuple(logits.shape)}, at least one")
    _in_range("labels", labels, logits.shape[1])
    return ((logits.argmax(1) == labels) & ~logits.isnan().any(1)).double().mean().item()


def _in_range(name, labels, classes):
    for label in labels.aminmax():
        require(0 <= label < classes, name, label.item(), f"from 0 to {classes - 1}")


def evaluate(model, dataset, loss=None):
    """Mean loss and accuracy of `model` over the examples of `dataset`, in evaluation mode; its mode is put back.

    model: an nn.Module; for a History or a list of models, an array of losses and one of accuracies (models,).
    dataset, loss: as in `fit`. Targets that are no classes: accuracy NaN.
    """
    if isinstance(model, History | list | tuple):
        each = [evaluate(m, dataset, loss) for m in getattr(model, "models", model)]
        return tuple(np.array(each).reshape(-1, 2).T)
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be an nn.Module, a History or a list of modules, not {model!r}")
    data, training = tensors("dataset", dataset), [m for m in model.modules() if m.training]
    data = [t.to(next(model.parameters(), t).device) for t in data]
    try:
        _check(model.eval(), *data, loss, "dataset")
        return tuple(_means(Stack([model], loss or F.cross_entropy), *data).ravel().tolist())
    finally:
        for module in training:
            module.training = True


def fit(
    model, train, val=None, *, epochs, lr, batch_size=256, seeds=(0,), optimizer="sgd", loss=None, decay_bias=True,
    schedule=None, clip=None, patience=None, device=None, **options,
):  # fmt: skip
    """Train one model per seed on `train`, all seeds at the same time, and return a `History`.

    model: a function of no arguments that returns an nn.Module; seed s builds its own after torch.manual_seed(s).
        A ready nn.Module is trained in place, for one seed.
    train, val: inputs (n, ...) and targets (n, ...) in a TensorDataset, a Subset of one (see random_split) or
        a pair of tensors; `val` is measured after every epoch.
    seeds: integers, or how many: 5 is range(5). Seed s orders its minibatches by
        data.batches(n, batch_size, torch.Generator().manual_seed(s)), one call an epoch, the last batch kept.
    lr: a number, or a function of the share of the epochs that is done, from 0 to below 1, called once an epoch:
        lr=lambda t: 0.1 * (1 - t). schedule: epoch (0, 1, ...) -> what `lr` is multiplied by in that epoch.
    optimizer: a class of torch.optim, or its name. options: its own, such as momentum, weight_decay or betas.
        decay_bias=False spares every parameter with fewer than two axes (biases, scales of normalisation layers).
    loss: (outputs, targets) -> mean over the examples; torch.nn.functional.cross_entropy where targets are int64.
    clip: largest norm of the gradient of one seed's model.
    patience: stop a seed after so many epochs without a lower validation loss. In the end it has its best weights.
    device: cuda, else mps, else cpu.
    nn.Dropout and F.dropout draw from a generator of each seed's own: a seed's run does not depend on the others.
    Raises ValueError or TypeError, naming argument and value, before anything is trained.
    """
    count("epochs", epochs)
    count("batch_size", batch_size)
    count("patience", 1 if patience is None else patience)
    require(patience is None or val is not None, "val", val, "a data set when there is patience")
    require(clip is None or clip > 0, "clip", clip, "a number above 0")
    seeds = list(range(seeds) if isinstance(seeds, numbers.Integral) else seeds)
    ok = seeds and all(isinstance(seed, numbers.Integral) for seed in seeds)
    require(ok, "seeds", seeds, "integers, such as range(5), or how many")
    seeds = tuple(map(int, seeds))
    require(len(seeds) == 1 or not isinstance(model, nn.Module), "seeds", seeds, "one, for a ready module")
    kind = ELEMENTWISE.get(str(optimizer).lower(), optimizer)
    ok = isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    require(ok, "optimizer", optimizer, f"a class of torch.optim, or one of {', '.join(ELEMENTWISE)}")
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    sets = {"train": tensors("train", train)} | ({} if val is None else {"val": tensors("val", val)})
    sets = {name: tuple(t.to(device or best) for t in parts) for name, parts in sets.items()}
    share, factor = lr if callable(lr) else lambda _: lr, schedule or (lambda _: 1.0)
    rates = [float(share(epoch / epochs) * factor(epoch)) for epoch in range(epochs)]
    require(all(0 <= rate < math.inf for rate in rates), "lr (times schedule)", rates, "finite and at least 0")
    make_optimizer = functools.partial(_optimizer, kind, rates[0], decay_bias, options)
    build, loss = functools.partial(_build, model, sets, loss), loss or F.cross_entropy
    run = functools.partial(_run, make_optimizer, rates, int(batch_size), clip, patience, **sets)
    with torch.random.fork_rng():
        net = None
        if len(seeds) > 1:
            models = [build(seed) for seed in seeds]
            parameters = [id(p) for m in models for p in m.parameters()]
            ok = len(set(parameters)) == len(parameters)
            require(ok, "model", "one that is returned again", "a function that builds a new module each time")
            if kind in ELEMENTWISE.values():
                net = stack(models, loss, seeds, *(t[:2] for t in sets["train"]))
        # Alone, each is built when its turn comes: what draws from PyTorch's global generator goes on from there.
        runs = [run(net)] if net else [run(Stack([build(seed)], loss, [seed])) for seed in seeds]
    models, *arrays = zip(*runs, strict=True)
    rows, epochs, diverged = map(np.hstack, arrays)  # along the axis of the seeds
    return History(*rows, sum(models, []), seeds, epochs, net is not None, diverged)


def _build(model, sets, loss, seed):
    """The module of one seed, on the device of the data, and held against them."""
    torch.manual_seed(seed)
    built = model() if callable(model) and not isinstance(model, nn.Module) else model
    if not isinstance(built, nn.Module):
        raise TypeError(f"model must be an nn.Module or a function that returns one, not {built!r}")
    built.to(sets["train"][0].device).eval()
    for name, data in sets.items():
        _check(built, *data, loss, name)
    return built


def _check(model, inputs, targets, loss, name):
    """Hold `model`, as it is, and `loss` against two examples of a data set, and against all its targets."""
    require(loss or targets.dtype == torch.int64, "loss", loss, "given where targets are not int64 class labels")
    x, y, loss = inputs[:2], targets[:2], loss or F.cross_entropy
    with torch.no_grad(), torch.random.fork_rng():
        try:
            outputs = model(x)
            if {loss, type(loss)} & CLASS_LOSSES and y.dtype == torch.int64:
                # On a GPU the loss would not name the label, and no later call would work.
                _in_range(f"labels of {name}", targets, outputs.shape[1])
            elif y.numel() == outputs.numel():  # (n,) against (n, 1) would broadcast to (n, n) without a word
                found, shape = f"targets of {name}", tuple(outputs.shape)
                require(y.shape == outputs.shape, found, tuple(y.shape), f"{shape}, as the outputs are")
            value = loss(outputs, y)
        except (RuntimeError, IndexError, AttributeError) as error:
            found = f"{tuple(x.shape)} {x.dtype} and {tuple(y.shape)} {y.dtype}"
            raise ValueError(f"model and loss must take two examples of {name}, {found}: {error}") from error
    require(value.dim() == 0, "what loss returns", tuple(value.shape), "one number, the mean over the examples")


def _optimizer(kind, lr, decay_bias, options, net):
    if net.stacked and kind in (torch.optim.Adam, torch.optim.AdamW) and net.leaves[0].device.type != "mps":
        options = {"fused": True} | options  # one pass over memory; alone, the steps are torch.optim's own
    heavy = [p for p in net.leaves if decay_bias or p.dim() - net.stacked > 1]
    light = [p for p in net.leaves if not decay_bias and p.dim() - net.stacked <= 1]
    groups = [{"params": heavy}, {"params": light, "weight_decay": 0.0}]
    return kind([group for group in groups if group["params"]], lr=lr, **options)


def _run(make_optimizer, rates, batch_size, clip, patience, net, train, val=None):
    """The training loop, the axis of the seeds in front; returns models, rows of numbers, epochs, diverged."""
    optimizer, generators = make_optimizer(net), [torch.Generator().manual_seed(seed) for seed in net.seeds]
    n, seeds = len(train[0]), len(net.seeds)
    rows, running, epochs = np.full((4, seeds, len(rates)), np.nan), np.ones(seeds, bool), np.zeros(seeds, int)
    lowest, best = epochs, [] if patience is None else [t.clone() for t in net.state()]

    def step(losses):
        optimizer.zero_grad()
        # Each seed's loss depends on its own parameters alone, so their sum gives each its own gradient.
        losses.backward(torch.ones_like(losses))
        if clip is not None:  # each seed's gradient, as torch.nn.utils.clip_grad_norm_ does it
            grads = [p.grad if net.stacked else p.grad[None] for p in net.leaves if p.grad is not None]
            norms = torch.stack([g.reshape(seeds, -1).norm(dim=1) for g in grads]).norm(dim=0)
            scale = (clip / (norms + 1e-6)).clamp(max=1.0)
            for g in grads:
                g.mul_(scale.view(-1, *[1] * (g.dim() - 1)))
        optimizer.step()
        progress.update()

    with bar(len(rates) * math.ceil(n / batch_size), unit="step", desc="fit") as progress:
        for epoch, rate in enumerate(rates):
            for group in optimizer.param_groups:
                group["lr"] = rate
            # The draws of data.batches, for all seeds at once: (seeds, n).
            order = torch.stack([torch.randperm(n, generator=generator) for generator in generators])
            batches = [index.flatten() for index in order.to(train[0].device).split(batch_size, dim=1)]
            rows[:2, running, epoch] = _means(net, *train, batches, step)[:, running]
            if val is not None:
                nets = [net]
                if patience is not None:  # as `evaluate` does it: the best weights give their loss to the last bit
                    net.write_back()
                    nets = [Stack([model], net.loss) for model in net.models]
                rows[2:, running, epoch] = np.hstack([_means(one, *val) for one in nets])[:, running]
            epochs = epochs + running
            if patience is not None:
                # The epoch of the lowest validation loss, from 1; 0 where none was finite.
                lowest = np.nanargmin(np.insert(rows[2], 0, np.inf, axis=1), axis=1)
                for kept, now in zip(best, net.state(), strict=True):
                    kept[lowest == epoch + 1] = now[lowest == epoch + 1]
                running = running & (epoch + 1 - lowest < patience)
                if not running.any():
                    break
    optimizer.zero_grad()
    finite = torch.stack([t.isfinite().reshape(seeds, -1).all(1) for t in net.state()]).all(0).cpu().numpy()
    measured = np.isfinite(rows[[0] if val is None else [0, 2]]).sum(2)
    for kept, now in zip(best, net.state(), strict=False):
        now[lowest > 0] = kept[lowest > 0]
    net.write_back()
    for model in net.models:
        model.eval()
    return net.models, rows, epochs, ~finite | (measured < epochs).any(0)


def _means(net, inputs, targets, batches=None, step=None):
    """Mean losses and accuracies over a data set, (2, seeds); accuracies are NaN where there are no classes.

    In training mode if there is a `step` to take after each of `batches`, indices (seeds * batch,).
    """

    def parts(t):
        if step:
            return (t.index_select(0, index).view(seeds, -1, *t.shape[1:]) for index in batches)
        return (part.expand(seeds, *part.shape) for part in t.split(max(1, EVALUATION_ROWS // seeds)))

    seeds, dtype = len(net.models), torch.float32 if inputs.is_mps else torch.float64
    total = inputs.new_zeros(2, seeds, dtype=dtype)
    net.models[0].train(step is not None)
    with torch.set_grad_enabled(step is not None):
        for x, y in zip(parts(inputs), parts(targets), strict=True):
            outputs = net(x)
            losses = net.losses(outputs, y)
            if step:
                step(losses)
            # In place: a small tensor kept from every step would stop the allocator from reusing the large ones.
            total[0].add_(losses.detach(), alpha=y.shape[1])
            classes = y.dtype == torch.int64 and outputs.dim() == 3 and outputs.shape[2] > 1
            total[1].add_((outputs.argmax(2) == y).sum(1) if classes else math.nan)
    return total.cpu().numpy() / len(inputs)

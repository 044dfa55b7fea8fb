"""Training: `fit` trains one model per seed, all at once, and returns a frozen `History`; nothing here prints."""

import contextlib
import functools
import math
import numbers
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.data import bar, count, require, tensors
from d2lmini.stack import SeededDropout, Stack, stack

# Those that treat every number on its own: over stacked parameters they take the steps of each model alone.
NAMES = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD"]
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

    logits: (n, q) float, a row with a NaN in it is wrong; labels: (n,) int64 in [0, q).
    Raises ValueError when n differs or is 0, or a label is out of range.
    """
    ok = logits.dim() == 2 and labels.shape == logits.shape[:1] and len(labels) > 0 and labels.dtype == torch.int64
    found = f"{tuple(labels.shape)} {labels.dtype}"
    require(ok, "labels", found, f"int64, one for each row of logits {tuple(logits.shape)}, at least one")
    _in_range("labels", labels, logits.shape[1])
    right = (logits.argmax(1) == labels) & ~logits.isnan().any(1)
    return right.double().mean().item()


def _in_range(name, labels, classes):
    low, high = labels.min().item(), labels.max().item()
    require(low >= 0 and high < classes, name, low if low < 0 else high, f"from 0 to {classes - 1}")


def evaluate(model, dataset, loss=None):
    """Mean loss and accuracy of `model` over the examples of `dataset`, in evaluation mode; its mode is put back.

    model: an nn.Module; for a History or a list of models, an array of losses and one of accuracies (models,).
    dataset, loss: as in `fit`. Targets that are no classes: accuracy NaN.
    """
    if isinstance(model, History | list | tuple):
        models = model.models if isinstance(model, History) else model
        return tuple(np.array([evaluate(m, dataset, loss) for m in models]).reshape(-1, 2).T)
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be an nn.Module, a History or a list of modules, not {model!r}")
    data = tensors("dataset", dataset)
    loss, modes = _loss(loss, data[1]), [(m, m.training) for m in model.modules()]
    device = next(model.parameters(), data[0]).device
    try:
        _check(model.eval(), *data, loss, "dataset", device)
        losses, accuracies = _measure(Stack([model]), *data, loss, device)
    finally:
        for module, mode in modes:
            module.training = mode
    return losses.item(), accuracies.item()


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
    patience: stop a seed after so many epochs without a lower validation loss; the best weights are put back, also
        where the last epoch comes first.
    device: cuda, else mps, else cpu.
    nn.Dropout and F.dropout draw from a generator of each seed's own: a seed's run does not depend on the others.
    Raises ValueError or TypeError, naming argument and value, before anything is trained.
    """
    count("epochs", epochs)
    count("batch_size", batch_size)
    require(clip is None or clip > 0, "clip", clip, "a number above 0")
    if patience is not None:
        count("patience", patience)
        require(val is not None, "val", val, "a data set when there is patience")
    seeds, rates, kind = _seeds(seeds, model), _rates(lr, schedule, epochs), _kind(optimizer)
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    sets = {"train": tensors("train", train)} | ({} if val is None else {"val": tensors("val", val)})
    loss = _loss(loss, sets["train"][1])
    sets = {name: tuple(t.to(device or best) for t in parts) for name, parts in sets.items()}
    run = functools.partial(
        _run, **sets, rates=rates, batch_size=min(int(batch_size), len(sets["train"][0])), loss=loss, clip=clip,
        patience=patience, make_optimizer=functools.partial(_optimizer, kind, rates[0], decay_bias, options),
    )  # fmt: skip
    with _own_random_state():
        if len(seeds) > 1 and kind in ELEMENTWISE.values():
            models = _distinct([_build(model, seed, sets, loss) for seed in seeds])
            with _own_random_state():
                net = stack(models, seeds, *(t[:2] for t in sets["train"]), loss)
            if net:
                return run(net, seeds)
        return _joined([run(Stack([_build(model, seed, sets, loss)]), (seed,)) for seed in seeds])


def _seeds(seeds, model):
    found = list(range(seeds)) if isinstance(seeds, numbers.Integral) else list(getattr(seeds, "__iter__", list)())
    ok = found and all(isinstance(seed, numbers.Integral) for seed in found)
    require(ok, "seeds", seeds, "integers, such as range(5), or how many")
    require(len(found) == 1 or not isinstance(model, nn.Module), "seeds", seeds, "one, for a ready module")
    return tuple(int(seed) for seed in found)


def _rates(lr, schedule, epochs):
    """The learning rate of every epoch."""
    ok = callable(lr) or isinstance(lr, numbers.Real) and lr > 0
    require(ok, "lr", lr, "a number above 0, or a function of the share of epochs done")
    share, factor = lr if callable(lr) else lambda _: lr, schedule or (lambda _: 1.0)
    rates = [float(share(epoch / epochs) * factor(epoch)) for epoch in range(epochs)]
    for epoch, rate in enumerate(rates):
        require(0 <= rate < math.inf, f"lr (times schedule) in epoch {epoch}", rate, "finite and at least 0")
    return rates


def _kind(optimizer):
    """The class of torch.optim."""
    kind = ELEMENTWISE.get(str(optimizer).lower(), optimizer)
    ok = isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    require(ok, "optimizer", optimizer, f"a class of torch.optim, or one of {', '.join(ELEMENTWISE)}")
    return kind


def _loss(loss, targets):
    """`loss`, or cross-entropy where the targets are classes."""
    ok = loss is not None or targets.dtype == torch.int64
    require(ok, "loss", loss, "given where targets are not int64 class labels")
    return loss or F.cross_entropy


def _build(model, seed, sets, loss):
    """The module of one seed, on the device of the data, and held against them."""
    torch.manual_seed(seed)
    built = model() if callable(model) and not isinstance(model, nn.Module) else model
    if not isinstance(built, nn.Module):
        raise TypeError(f"model must be an nn.Module or a function that returns one, not {built!r}")
    built.to(sets["train"][0].device).eval()
    for name, data in sets.items():
        _check(built, *data, loss, name, data[0].device)
    return built


def _check(model, inputs, targets, loss, name, device):
    """Hold `model`, as it is, and `loss` against two examples of a data set, and against all its targets."""
    x, y = inputs[:2].to(device), targets[:2].to(device)
    with torch.no_grad(), _own_random_state():
        try:
            outputs = model(x)
            if {loss, type(loss)} & CLASS_LOSSES and y.dtype == torch.int64:
                found, fit = f"labels of {name}", y.shape[1:] == outputs.shape[2:]
                require(fit, found, tuple(targets.shape), f"(n, ...) for outputs {tuple(outputs.shape)}")
                _in_range(found, targets, outputs.shape[1])
            elif y.numel() == outputs.numel():  # (n,) against (n, 1) would broadcast to (n, n) without a word
                fit = y.shape == outputs.shape
                require(fit, f"targets of {name}", tuple(y.shape), f"{tuple(outputs.shape)}, as the outputs are")
            value = loss(outputs, y)
        except (RuntimeError, IndexError, AttributeError) as error:
            found = f"{tuple(x.shape)} {x.dtype} and {tuple(y.shape)} {y.dtype}"
            raise ValueError(f"model and loss must take two examples of {name}, {found}: {error}") from error
    require(value.dim() == 0, "what loss returns", tuple(value.shape), "one number, the mean over the examples")


def _own_random_state():
    """PyTorch's global generators are put back on leaving this context."""
    return torch.random.fork_rng(devices=range(torch.cuda.device_count()))


def _distinct(models):
    parameters = [id(p) for model in models for p in model.parameters()]
    ok = len(set(parameters)) == len(parameters)
    require(ok, "model", "one that is returned again", "a function that builds a new module each time")
    return models


def _run(net, seeds, *, train, val=None, rates, batch_size, loss, clip, patience, make_optimizer):
    """The training loop: every tensor has the axis of the seeds in front."""
    optimizer, best = make_optimizer(net), _Best(net, patience)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    rows = np.full((4, len(seeds), len(rates)), np.nan)
    # Every function of PyTorch takes a detour through this context, so it is entered for forward passes alone.
    dropout = SeededDropout(seeds) if net.drops else contextlib.nullcontext()

    def step(losses):
        optimizer.zero_grad()
        # Each seed's loss depends on its own parameters alone, so their sum gives each its own gradient.
        losses.backward(torch.ones_like(losses))
        if clip is not None:
            _clip(net.grads(), clip)
        optimizer.step()
        progress.update()

    with bar(len(rates) * math.ceil(len(train[0]) / batch_size), unit="step", desc="fit") as progress:
        for epoch, rate in enumerate(rates):
            for group in optimizer.param_groups:
                group["lr"] = rate
            measured = _epoch(net, *train, loss, batch_size, generators, dropout, step)
            with dropout:
                measured += _validate(net, val, loss, one_by_one=patience is not None)
            rows[:, best.running, epoch] = np.stack(measured)[:, best.running]
            if not best.update(rows[2, :, epoch]):
                break
    optimizer.zero_grad()
    losses = rows[[0] if val is None else [0, 2]]
    finite = torch.stack([t.isfinite().reshape(len(seeds), -1).all(1) for t in net.state()]).all(0)
    finite = finite.cpu().numpy() & (np.isfinite(losses).sum(2) == best.epochs).all(0)
    best.restore()
    net.write_back()
    for model in net.models:
        model.eval()
    return History(*rows, net.models, seeds, best.epochs, net.stacked, ~finite)


def _epoch(net, inputs, targets, loss, batch_size, generators, dropout, step):
    """One pass over the training set; returns mean losses and accuracies, (seeds,) each."""
    net.models[0].train()
    total, n = _total(net, inputs.device), len(inputs)
    # The draws of data.batches, for all seeds at once: (seeds, n).
    order = torch.stack([torch.randperm(n, generator=generator) for generator in generators])
    for index in order.to(inputs.device).split(batch_size, dim=1):
        flat = index.flatten()
        x, y = (t.index_select(0, flat).view(*index.shape, *t.shape[1:]) for t in (inputs, targets))
        with dropout:
            outputs = net(x)
        losses = net.losses(loss, outputs, y)
        step(losses)
        _add(total, losses.detach(), outputs, y)
    return tuple(total.cpu().numpy() / n)


def _validate(net, val, loss, one_by_one):
    if val is None:
        return (np.full(len(net.models), math.nan),) * 2
    if not one_by_one:
        return _measure(net, *val, loss, val[0].device)
    # As `evaluate` does it: the weights put back give the best loss again to the last bit.
    net.write_back()
    each = [_measure(Stack([model]), *val, loss, val[0].device) for model in net.models]
    return tuple(np.concatenate(parts) for parts in zip(*each, strict=True))


@torch.no_grad()
def _measure(net, inputs, targets, loss, device):
    """Mean losses and accuracies over a data set in evaluation mode, (seeds,) each."""
    net.models[0].eval()
    total, batch = _total(net, device), max(1, EVALUATION_ROWS // len(net.models))
    for x, y in zip(inputs.split(batch), targets.split(batch), strict=True):
        x, y = (t.to(device).expand(len(net.models), *t.shape) for t in (x, y))
        outputs = net(x)
        _add(total, net.losses(loss, outputs, y), outputs, y)
    return tuple(total.cpu().numpy() / len(inputs))


def _total(net, device):
    """Zeros (2, seeds) for sums over examples: of losses, of right answers."""
    dtype = torch.float32 if device.type == "mps" else torch.float64
    return torch.zeros(2, len(net.models), device=device, dtype=dtype)


def _add(total, losses, outputs, targets):
    """Add a batch to `total`: losses (seeds,), means; outputs (seeds, batch, ...). No classes: accuracy NaN."""
    # In place: a small tensor kept from every step would stop the allocator from reusing the large ones between.
    classes = targets.dtype == torch.int64 and outputs.dim() == 3 and outputs.shape[2] > 1
    total[0].add_(losses, alpha=targets.shape[1])
    total[1].add_((outputs.argmax(2) == targets).sum(1) if classes else math.nan)


def _optimizer(kind, lr, decay_bias, options, net):
    if net.stacked and kind in (torch.optim.Adam, torch.optim.AdamW) and net.leaves[0].device.type != "mps":
        options = {"fused": True} | options  # one pass over memory; alone, the steps are torch.optim's own
    heavy = [p for p in net.leaves if decay_bias or p.dim() - net.stacked > 1]
    light = [p for p in net.leaves if not decay_bias and p.dim() - net.stacked <= 1]
    groups = [{"params": heavy}, {"params": light, "weight_decay": 0.0}]
    return kind([group for group in groups if group["params"]], lr=lr, **options)


def _clip(grads, limit):
    """Scale each seed's gradient to a norm of at most `limit`, as torch.nn.utils.clip_grad_norm_ does for one."""
    norms = torch.stack([g.reshape(len(g), -1).norm(dim=1) for g in grads]).norm(dim=0)
    scale = (limit / (norms + 1e-6)).clamp(max=1.0)
    for g in grads:
        g.mul_(scale.view(-1, *[1] * (g.dim() - 1)))


class _Best:
    """Early stopping: which seeds are still running, and the weights of each one's lowest validation loss."""

    def __init__(self, net, patience):
        n = len(net.models)
        self.net, self.patience = net, patience
        self.running, self.epochs, self.waited = np.ones(n, bool), np.zeros(n, int), np.zeros(n, int)
        self.loss = np.full(n, np.inf)
        self.weights = [] if patience is None else [t.clone() for t in net.state()]

    def update(self, losses):
        """losses: (seeds,) of this epoch. Returns whether any seed goes on."""
        self.epochs += self.running
        if self.patience is not None:
            better = self.running & (losses < self.loss)
            for a, b in zip(self.net.state(), self.weights, strict=True):
                b[better] = a[better]
            self.loss = np.where(better, losses, self.loss)
            self.waited = np.where(better, 0, self.waited + 1)
            self.running = self.running & (self.waited < self.patience)
        return self.running.any()

    def restore(self):
        found = np.isfinite(self.loss)
        for a, b in zip(self.weights, self.net.state(), strict=False):
            b[found] = a[found]


def _joined(parts):
    """The History of several seeds from those of each."""
    if len(parts) == 1:
        return parts[0]
    models, seeds = ([getattr(part, name)[0] for part in parts] for name in ("models", "seeds"))
    arrays = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "epochs", "diverged")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    return History(**joined, models=_distinct(models), seeds=tuple(seeds), stacked=False)

"""Training: `fit` trains one model per seed, all at once, and returns a frozen `History`; nothing here prints."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from d2lmini import checks
from d2lmini.progress import bar
from d2lmini.stack import Alone, SeededDropout, stack

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
EVALUATION_ROWS = 4096  # examples, those of all seeds together, per forward pass where nothing is learned


@dataclass(frozen=True)
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


def accuracy(logits, labels):
    """Share of examples whose largest logit is the one of their label.

    logits: (n, q) float, a row with a NaN in it is wrong; labels: (n,) int64 in [0, q).
    Raises ValueError when n differs or is 0, or a label is out of range.
    """
    checks.tensor("logits", logits)
    checks.tensor("labels", labels)
    checks.require(logits.dim() == 2 and logits.shape[1] > 0, "logits", tuple(logits.shape), "of shape (n, q)")
    checks.require(not logits.is_complex(), "logits", logits.dtype, "real")
    checks.require(labels.shape == logits.shape[:1], "labels", tuple(labels.shape), f"of shape ({len(logits)},)")
    checks.require(len(labels) > 0, "labels", "an empty tensor", "of at least one example")
    checks.require(labels.dtype == torch.int64, "labels", labels.dtype, "int64")
    low, high = labels.aminmax()
    found = (low if low < 0 else high).item()
    checks.require(0 <= found < logits.shape[1], "labels", found, f"from 0 to {logits.shape[1] - 1}")
    right = (logits.argmax(1) == labels) & ~logits.isnan().any(1)
    return right.double().mean().item()


def evaluate(model, dataset, loss=None):
    """Mean loss and accuracy of `model` over the examples of `dataset`, in evaluation mode; its mode is put back.

    dataset: a TensorDataset of inputs and targets. loss: as in `fit`. Targets that are no classes: accuracy NaN.
    """
    checks.module(model)
    inputs, targets = checks.tensors("dataset", dataset)
    loss = checks.loss_for(loss, targets)
    modes = [(m, m.training) for m in model.modules()]
    first = next(model.parameters(), inputs)
    try:
        with torch.no_grad(), _own_random_state():
            checks.fits(model.eval(), (inputs, targets), "dataset", loss, first.device)
        losses, accuracies = _measure(Alone(model), inputs, targets, loss, first.device)
    finally:
        for module, mode in modes:
            module.training = mode
    return losses.item(), accuracies.item()


def fit(
    model, train, val=None, *, epochs, lr, batch_size=256, seeds=(0,), optimizer="sgd", loss=None, momentum=0.0,
    weight_decay=0.0, decay_bias=True, schedule=None, clip=None, patience=None, device=None, progress=None,
):  # fmt: skip
    """Train one model per seed on `train`, all seeds at the same time, and return a `History`.

    model: a function of no arguments that returns an nn.Module; seed s builds its own after torch.manual_seed(s).
        A ready nn.Module is trained in place, for one seed.
    train, val: TensorDatasets of inputs (n, ...) and targets (n, ...); `val` is measured after every epoch.
    epochs, lr, batch_size, momentum: as everywhere. Seed s orders its minibatches by
        data.batches(n, batch_size, torch.Generator().manual_seed(s)), one call an epoch, the last batch kept.
    optimizer: "sgd", "adam" or "adamw", which are those of torch.optim. weight_decay: theirs too; decay_bias=False
        spares every parameter with fewer than two axes (biases, scales of normalisation layers).
    loss: (outputs, targets) -> mean over the examples; torch.nn.functional.cross_entropy where targets are int64.
    schedule: epoch (0, 1, ...) -> what `lr` is multiplied by in that epoch.
    clip: largest norm of the gradient of one seed's model.
    patience: stop a seed after so many epochs without a lower validation loss; the best weights are put back, also
        where the last epoch comes first.
    device: cuda, else mps, else cpu. progress: whether to show a bar; None: where somebody watches.
    nn.Dropout and F.dropout draw from a generator of each seed's own: a seed's run does not depend on the others.
    Raises ValueError or TypeError, naming argument and value, before anything is trained.
    """
    o = SimpleNamespace(
        epochs=epochs, lr=lr, batch_size=batch_size, optimizer=optimizer, weight_decay=weight_decay,
        decay_bias=decay_bias, momentum=momentum, clip=clip, patience=patience, progress=progress,
    )  # fmt: skip
    _check(o, val)
    seeds = checks.seeds_for(model, seeds)
    o.rates = checks.rates(o.lr, schedule, epochs)
    o.device = _device(device)
    o.train, o.val = checks.tensors("train", train), None if val is None else checks.tensors("val", val)
    o.batch_size = min(int(batch_size), len(o.train[0]))
    o.loss = checks.loss_for(loss, o.train[1])
    o.train, o.val = (data and tuple(t.to(o.device) for t in data) for data in (o.train, o.val))
    return _fit(model, seeds, o)


def _check(o, val):
    checks.integer("epochs", o.epochs)
    o.lr = checks.positive("lr", o.lr)
    checks.integer("batch_size", o.batch_size)
    checks.require(o.optimizer in list(OPTIMIZERS), "optimizer", o.optimizer, f"one of {', '.join(OPTIMIZERS)}")
    o.weight_decay = checks.between("weight_decay", o.weight_decay)
    o.momentum = checks.between("momentum", o.momentum, high=1)
    checks.require(o.optimizer == "sgd" or o.momentum == 0, "momentum", o.momentum, f"0 for {o.optimizer}")
    if o.clip is not None:
        o.clip = checks.positive("clip", o.clip)
    if o.patience is not None:
        checks.integer("patience", o.patience)
        checks.require(val is not None, "val", val, "a data set when there is patience")


def _device(device):
    if device is not None:
        return checks.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _fit(model, seeds, o):
    with _own_random_state():
        models = [_build(model, seed, o) for seed in seeds]
        checks.distinct(models)
        with _own_random_state():
            net = Alone(models[0]) if len(seeds) == 1 else stack(models, seeds, *(t[:2] for t in o.train), o.loss)
        if net is not None:
            return _run(net, seeds, o)
    del models
    return _joined([_fit(model, (seed,), o) for seed in seeds])


def _own_random_state():
    """PyTorch's global generators are put back on leaving this context."""
    return torch.random.fork_rng(devices=range(torch.cuda.device_count()))


def _build(model, seed, o):
    """The module of one seed, on the device, held against the data."""
    # torch.manual_seed also notes the seed for devices that are not there, with a traceback each: 2/3 of building.
    (torch.default_generator if o.device.type == "cpu" else torch).manual_seed(seed)
    built = model if isinstance(model, nn.Module) else model()
    checks.module(built)
    checks.trainable(built)
    checks.scales(built, lr=max(o.rates), weight_decay=o.weight_decay)
    built.to(o.device).eval()
    with torch.no_grad(), _own_random_state():
        for name, data in (("train", o.train), ("val", o.val)):
            if data:
                checks.fits(built, data, name, o.loss, o.device)
    return built


def _run(net, seeds, o):
    """The training loop: `net` is an Alone or a Stack, and every tensor has the axis of the seeds in front."""
    optimizer = _optimizer(net, o)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    rows = np.full((4, len(seeds), o.epochs), np.nan)
    best, dropout = _Best(net, o.patience), SeededDropout(seeds)
    steps = math.ceil(len(o.train[0]) / o.batch_size)
    with bar(o.epochs * steps, o.progress, unit="step", desc="fit") as progress:
        for epoch, rate in enumerate(o.rates):
            for group in optimizer.param_groups:
                group["lr"] = rate
            measured = _epoch(net, optimizer, generators, dropout, o, progress) + _validate(net, dropout, o)
            rows[:, best.running, epoch] = np.stack(measured)[:, best.running]
            if not best.update(rows[2, :, epoch]):
                break
    optimizer.zero_grad()
    diverged = ~_finite(net) | ~_finite_rows(rows[[0] if o.val is None else [0, 2]], best.epochs)
    best.restore()
    net.write_back()
    for model in net.models:
        model.eval()
    return History(*rows, net.models, seeds, best.epochs, net.stacked, diverged)


def _epoch(net, optimizer, generators, dropout, o, progress):
    """One pass over the training set; returns mean losses and accuracies, (seeds,) each."""
    inputs, targets = o.train
    net.models[0].train()
    total = _total(net, o.device)
    n = len(inputs)
    # The draws of data.batches, for all seeds at once: (seeds, n).
    order = torch.stack([torch.randperm(n, generator=generator) for generator in generators])
    for index in order.to(o.device).split(o.batch_size, dim=1):
        flat = index.flatten()
        x, y = (t.index_select(0, flat).view(*index.shape, *t.shape[1:]) for t in (inputs, targets))
        with dropout:
            outputs = net(x)
        loss = net.losses(o.loss, outputs, y)
        optimizer.zero_grad()
        # Each seed's loss depends on its own parameters alone, so their sum gives each its own gradient.
        loss.backward(torch.ones_like(loss))
        if o.clip is not None:
            _clip(net.grads(), o.clip)
        optimizer.step()
        _add(total, loss.detach(), outputs, y)
        progress.update()
    return tuple(total.cpu().numpy() / n)


def _total(net, device):
    """Zeros (2, seeds) for sums over examples: of losses, of right answers."""
    # In place: a small tensor kept from every step would stop the allocator from reusing the large ones between.
    dtype = torch.float32 if device.type == "mps" else torch.float64
    return torch.zeros(2, len(net.models), device=device, dtype=dtype)


def _add(total, loss, outputs, targets):
    """Add a batch to `total`: loss (seeds,), a mean; outputs (seeds, batch, ...). No classes: no accuracy, NaN."""
    classes = targets.dtype == torch.int64 and outputs.dim() == 3 and outputs.shape[2] > 1
    total[0].add_(loss, alpha=targets.shape[1])
    total[1].add_((outputs.argmax(2) == targets).sum(1) if classes else math.nan)


def _validate(net, dropout, o):
    if o.val is None:
        return (np.full(len(net.models), math.nan),) * 2
    if o.patience is None:
        with dropout:
            return _measure(net, *o.val, o.loss, o.device)
    net.write_back()
    # One after the other, as `evaluate` does it: the weights put back give the best loss again to the last bit.
    each = [_measure(Alone(model), *o.val, o.loss, o.device) for model in net.models]
    return tuple(np.concatenate(parts) for parts in zip(*each, strict=True))


@torch.no_grad()
def _measure(net, inputs, targets, loss, device):
    """Mean losses and accuracies over a data set in evaluation mode, (seeds,) each."""
    net.models[0].eval()
    total = _total(net, device)
    batch = max(1, EVALUATION_ROWS // len(net.models))
    for x, y in zip(inputs.split(batch), targets.split(batch), strict=True):
        x, y = (t.to(device).expand(len(net.models), *t.shape) for t in (x, y))
        outputs = net(x)
        _add(total, net.losses(loss, outputs, y), outputs, y)
    return tuple(total.cpu().numpy() / len(inputs))


def _optimizer(net, o):
    options = {"lr": o.lr}
    if o.optimizer == "sgd":
        options["momentum"] = o.momentum
    elif net.stacked and o.device.type != "mps":
        options["fused"] = True  # one pass over memory instead of ten; alone, the steps are torch.optim's own
    light = [p for p in net.leaves if p.dim() - net.stacked < 2 and not o.decay_bias]
    heavy = [p for p in net.leaves if not any(p is q for q in light)]
    groups = [{"params": heavy, "weight_decay": o.weight_decay}, {"params": light, "weight_decay": 0.0}]
    return OPTIMIZERS[o.optimizer]([g for g in groups if g["params"]], **options)


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
        self.running, self.epochs = np.ones(n, bool), np.zeros(n, int)
        self.loss, self.waited = np.full(n, np.inf), np.zeros(n, int)
        self.weights = [t.clone() for t in net.state()] if patience is not None else []

    def update(self, losses):
        """losses: (seeds,) of this epoch. Returns whether any seed goes on."""
        self.epochs += self.running
        if self.patience is None:
            return True
        better = self.running & (losses < self.loss)
        self._copy(better, self.net.state(), self.weights)
        self.loss = np.where(better, losses, self.loss)
        self.waited = np.where(better, 0, self.waited + 1)
        self.running = self.running & (self.waited < self.patience)
        return self.running.any()

    def restore(self):
        if self.patience is not None:
            self._copy(np.isfinite(self.loss), self.weights, self.net.state())

    @staticmethod
    def _copy(which, source, target):
        which = torch.from_numpy(which)
        for a, b in zip(source, target, strict=True):
            b[which] = a[which]


def _finite(net):
    """Whether every parameter and buffer of a seed is finite, (seeds,) bool."""
    each = [t.isfinite().reshape(len(net.models), -1).all(1) for t in net.state()]
    return torch.stack(each).all(0).cpu().numpy()


def _finite_rows(losses, epochs):
    """Whether the losses (kinds, seeds, epochs) of a seed are finite in the epochs that it ran, (seeds,) bool."""
    ran = np.arange(losses.shape[2]) < epochs[:, None]
    return (np.isfinite(losses) | ~ran).all((0, 2))


def _joined(parts):
    """The History of several seeds from those of each."""
    arrays = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "epochs", "diverged")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    models, seeds = ([getattr(part, name)[0] for part in parts] for name in ("models", "seeds"))
    return History(**joined, models=models, seeds=tuple(seeds), stacked=False)

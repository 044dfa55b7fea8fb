"""What the benchmark compares: the usual loop, a loop in memory, and the matrix products that both need."""

import time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

LR = 0.1


def mlp(width=256):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))


def dropout_mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 256), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


class PerImage(Dataset):
    """Images as vision libraries hand them out: a PIL image, converted to a float tensor each time."""

    def __init__(self, dataset):
        images, labels = dataset.tensors
        self.images, self.labels = (images * 255).round().to(torch.uint8), labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = Image.fromarray(self.images[i].numpy())
        pixels = torch.from_numpy(np.array(image, copy=True)).view(28, 28, 1)
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255), int(self.labels[i])


def usual_loop(make_model, train, val, workers, batch_size=256):
    """One epoch as the usual helper runs it: DataLoader over single images, metrics read after every batch."""
    loaders = [DataLoader(part, batch_size, shuffle=part is train, num_workers=workers) for part in (train, val)]
    return _one_epoch(make_model(), *loaders)


def in_memory_loop(make_model, train, val, batch_size=256):
    """One epoch of the plain loop: the same steps, minibatches as rows of tensors, nothing stacked."""
    (x, y), (xv, yv) = train.tensors, val.tensors
    order = torch.randperm(len(x)).split(batch_size)
    batches = zip(xv.split(2048), yv.split(2048), strict=True)
    return _one_epoch(make_model(), ((x[i], y[i]) for i in order), batches)


def _one_epoch(model, train, val):
    optimizer, totals = torch.optim.SGD(model.parameters(), lr=LR), np.zeros(3)
    for x, y in train:
        outputs = model(x)
        loss = F.cross_entropy(outputs, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        totals += loss.item() * len(y), (outputs.argmax(1) == y).sum().item(), len(y)
    model.eval()
    with torch.no_grad():
        for x, y in val:
            outputs = model(x)
            totals += F.cross_entropy(outputs, y).item() * len(y), (outputs.argmax(1) == y).sum().item(), len(y)
    return totals


def gemm_limit(model, n, n_val, batch_size=256, seeds=5):
    """Seconds that the bare matrix products of one epoch take, per seed: the limit for any training loop.

    For each linear layer of `model` and each minibatch: outputs, gradient of the weights, and, but for the first
    layer, gradient of the inputs; then the outputs once for the validation set. No bias, no activation, no mask,
    no loss, no gather, no update. Each product takes the better of `mm` and of `bmm` over a stack of seeds, the
    fastest of some repeats, into memory that is there already.
    """
    total = 0.0
    for k, layer in enumerate(m for m in model if isinstance(m, nn.Linear)):
        inputs, outputs = layer.in_features, layer.out_features
        shapes = (outputs, inputs), (batch_size, inputs), (batch_size, outputs), (2048, inputs)
        w, x, g, v = (torch.randn(seeds, *shape) for shape in shapes)
        step = _product(x, w.mT) + _product(g.mT, x) + (_product(g, w) if k else 0.0)
        total += step * n / batch_size + _product(v, w.mT) * n_val / 2048
    return total


def _product(a, b, repeats=15):
    """Seconds of one of the stacked products a @ b."""
    out = torch.empty(len(a), a.shape[1], b.shape[2])

    def one_by_one():
        for k in range(len(a)):
            torch.mm(a[k], b[k], out=out[k])

    times = [[seconds(one_by_one), seconds(lambda: torch.bmm(a, b, out=out))] for _ in range(repeats)]
    return np.min(times) / len(a)

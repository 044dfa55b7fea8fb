"""Data of D2L-style notes: everything stays in memory, and minibatches are rows of tensors."""

import functools
import math
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from d2lmini import data
from d2lmini.data import count, require

__all__ = [
    "data_iter", "get_dataloader_workers", "get_fashion_mnist_labels", "load_array", "load_data_fashion_mnist",
    "synthetic_data",
]  # fmt: skip


class Rows(TensorDataset):
    """Tensors in memory; rows of the first go through `transform`, a function of a batch, when they are taken."""

    def __init__(self, *tensors, transform=None):
        super().__init__(*tensors)
        self.transform = transform

    def take(self, index):
        """The rows `index`, (k,) int64, of every tensor, as a list of copies."""
        first, *others = (t.index_select(0, index.to(t.device)) for t in self.tensors)
        return [self.transform(first) if self.transform else first, *others]

    def __getitem__(self, index):
        if self.transform is None:
            return super().__getitem__(index)
        index = torch.arange(len(self))[index]
        rows = self.take(index.reshape(-1))
        return tuple(rows if index.dim() else (row[0] for row in rows))


class Batches:
    """Minibatches of `Rows`: each loop over it is one epoch, in a new random order if `shuffle`.

    A batch is a list with batch_size rows of each tensor, the last one with what is left; they are copies.
    PyTorch's global seed decides the order, and it is the order that a DataLoader takes under the same seed.
    """

    def __init__(self, rows, batch_size, shuffle):
        count("batch_size", batch_size)
        self.dataset, self.batch_size, self.shuffle = rows, batch_size, shuffle

    def __len__(self):
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self):
        _draw_seed()  # a DataLoader draws one for its workers, even without any
        n = len(self.dataset)
        order = torch.arange(n)
        if self.shuffle:
            order = torch.randperm(n, generator=torch.Generator().manual_seed(_draw_seed()))
        yield from map(self.dataset.take, order.split(self.batch_size))


def _draw_seed():
    return torch.empty((), dtype=torch.int64).random_().item()


def check_tensors(name, tensors):
    """Raise TypeError or ValueError unless `tensors` is a tuple of tensors of one length."""
    if not isinstance(tensors, list | tuple) or not all(isinstance(t, torch.Tensor) for t in tensors):
        raise TypeError(f"{name} must be a tuple of tensors, not {tensors!r}")
    lengths = [len(t) for t in tensors]
    require(len(set(lengths)) == 1 and lengths[0] > 0, f"lengths of {name}", lengths, "equal and at least 1")


def load_array(data_arrays, batch_size, is_train=True):
    """Minibatches of the tensors `data_arrays`, (n, ...) each, as `Batches`; shuffled if `is_train`."""
    check_tensors("data_arrays", data_arrays)
    return Batches(Rows(*data_arrays), batch_size, is_train)


def data_iter(batch_size, features, labels):
    """One epoch of minibatches (features, labels) in random order; the last may be shorter."""
    check_tensors("features and labels", (features, labels))
    return ((features[index], labels[index]) for index in data.batches(len(features), batch_size))


def synthetic_data(w, b, num_examples):
    """Examples of y = Xw + b + noise: X (num_examples, d) standard normal, y (num_examples, 1).

    w: (d,) or (d, 1) float tensor; b: a number or (1,). The noise is normal with standard deviation 0.01.
    """
    count("num_examples", num_examples)
    X = torch.normal(0, 1, (num_examples, len(w)), dtype=w.dtype)
    y = (X @ w + b).reshape(-1, 1)
    return X, y + torch.normal(0, 0.01, y.shape, dtype=w.dtype)


def fashion_mnist_rows(resize=None, root=None):
    """Fashion-MNIST as two `Rows`, 60,000 and 10,000 of images (1, height, width) and labels."""
    if resize is not None:
        sides = list(resize) if isinstance(resize, list | tuple) else [resize]
        for side in sides:
            count("resize", side)
        size = None if set(sides) == {28} else resize
        resize = size and functools.partial(F.interpolate, size=size, mode="bilinear", antialias=True)
    raw = Path(root or "", "FashionMNIST", "raw").expanduser()  # where torchvision keeps what it has downloaded
    train, _, test = data.fashion_mnist(validation=0, root=raw if raw.is_dir() else None)
    return [Rows(part.tensors[0][:, None], part.tensors[1], transform=resize) for part in (train, test)]


def load_data_fashion_mnist(batch_size, resize=None, root=None):
    """Fashion-MNIST as `train_iter, test_iter`: 60,000 examples, shuffled anew in each epoch, and 10,000.

    A batch holds images (n, 1, 28, 28) float32 in [0, 1] and labels (n,) int64 in [0, 10).
    resize: side, or (height, width), of the images, in pixels. They are interpolated batch by batch, bilinear with
    antialiasing, as torchvision resizes a picture, but not rounded to 256 grey levels: up to 1/255 apart.
    root: a folder in which torchvision has put its copy; where there is none, as in `data.fashion_mnist`.
    """
    count("batch_size", batch_size)
    train, test = fashion_mnist_rows(resize, root)
    return Batches(train, batch_size, True), Batches(test, batch_size, False)


def get_fashion_mnist_labels(labels):
    """The names, in lower case, of the classes `labels` (n,) in [0, 10)."""
    return [data.FASHION_MNIST_CLASSES[int(label)].lower().split("/")[0] for label in labels]


def get_dataloader_workers():
    """Return 0, the number of processes that read data: what is in memory needs none."""
    return 0

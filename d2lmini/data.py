"""Data in memory: Fashion-MNIST found, verified and loaded; minibatches as indices; small synthetic sets."""

import gzip
import hashlib
import itertools
import numbers
import os
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Subset, TensorDataset
from tqdm import tqdm

__all__ = ["FASHION_MNIST_CLASSES", "batches", "fashion_mnist", "first", "xor"]

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

# SHA-256 of what is in a file; MD5 of the .gz as published (Debian has packed them anew).
FILES = {
    "train-images-idx3-ubyte": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "train-labels-idx1-ubyte": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", "25c81989df183df01b3e8a0aad5dffbe"),
    "t10k-images-idx3-ubyte": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "bef4ecab320f06d8554ea6380940ec79"),
    "t10k-labels-idx1-ubyte": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", "bb300cfdad3c16e7a12a480ee83cd310"),
}  # fmt: skip
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# The author's bucket (plain http is all it offers; the sums above make that safe), the author's repository, Keras.
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
TIMEOUT = 20  # seconds without a byte from a mirror
FAULTS = (OSError, EOFError, ValueError, zlib.error)  # of a damaged file; all errors of requests are OSErrors


def fashion_mnist(*, validation=10_000, root=None):
    """Fashion-MNIST as three TensorDatasets, `train, val, test`: 50,000, 10,000 and 10,000 examples.

    Each holds images (n, 28, 28) float32 in [0, 1] and labels (n,) int64 in [0, 10). `val` is the last
    `validation` of the 60,000 training examples as published; they are not sorted, so its classes are nearly
    but not exactly equal (955 to 1,050 each; all 60,000 and the test set are exactly balanced).
    root: a folder with the four .gz files, tried first. Then $D2LMINI_DATA, the user cache, Debian's package,
    download. Every file is verified each time it is read; a damaged one is named in a warning and passed over.
    Raises RuntimeError when no source has a good copy.
    Source: Xiao, Rasul and Vollgraf, 2017, https://arxiv.org/abs/1708.07747.
    """
    ok = isinstance(validation, numbers.Integral) and 0 <= validation < 60_000
    require(ok, "validation", validation, "an integer from 0 to 59999")
    require(root is None or os.path.isdir(root), "root", root, "a folder that exists")
    images, labels, test_images, test_labels = (_load(name, root) for name in FILES)
    images, test_images = (t.float().div_(255) for t in (images, test_images))
    cut, labels = len(images) - validation, labels.long()
    train = TensorDataset(images[:cut], labels[:cut])  # views: the images exist once
    val = TensorDataset(images[cut:], labels[cut:])
    return train, val, TensorDataset(test_images, test_labels.long())


def _read(path, name):
    """The uint8 tensor in a .gz file; raises ValueError for any content but the published one."""
    with gzip.open(path) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != FILES[name][0]:
        raise ValueError("altered: the SHA-256 sum of its content is not the published one")
    # An IDX file: three bytes, the number of axes, their lengths in 4 bytes each, the values.
    shape = np.frombuffer(content, ">i4", content[3], offset=4)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape).copy())


def _load(name, root):
    """The tensor in the file `name`, from the first source with a good copy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its tqdm warns in a notebook without ipywidgets
        import pooch  # late: it brings requests
    pooch.get_logger().setLevel("WARNING")  # it would announce every download
    cache, tried, file = Path(pooch.os_cache("d2lmini"), "fashion-mnist"), [], f"{name}.gz"
    for folder in filter(None, (root, os.environ.get("D2LMINI_DATA"), cache, DEBIAN)):
        path = Path(folder, file).expanduser()
        try:
            return _read(path, name)
        except FileNotFoundError:
            tried.append(f"{path}: not there")
        except FAULTS as error:
            tried.append(f"{path}: {error}")
            warnings.warn(f"not used (delete or replace it): {tried[-1]}", stacklevel=4)
    with tempfile.TemporaryDirectory() as temporary:
        # Every mirror once, then every mirror once more, without the cache, which may be full or read-only.
        for folder, mirror in itertools.product((cache, temporary), MIRRORS):
            try:
                with bar(1, desc=file, unit="B", unit_scale=True, delay=0) as shown:
                    get = pooch.HTTPDownloader(shown, 2**16, timeout=TIMEOUT)
                    path = pooch.retrieve(mirror + file, f"md5:{FILES[name][1]}", file, folder, downloader=get)
                return _read(path, name)
            except FAULTS as error:
                brief = str(error) if len(str(error)) < 200 else type(error).__name__  # of requests: a paragraph
                tried.append(f"{mirror}{file}: {brief}")
    listed = "\n  ".join(dict.fromkeys(tried))
    raise RuntimeError(
        f"Fashion-MNIST: no good copy of {file}. Tried, in this order:\n  {listed}\n"
        "Ways out: with a network, run this again; on Debian or Ubuntu, apt-get install dataset-fashion-mnist; or"
        f" fetch the four .gz files into a folder and set D2LMINI_DATA to it, or put them into {cache}."
    )


def bar(total, **options):
    """A tqdm bar where somebody watches, gone at its end; TQDM_DISABLE=1 turns it off."""
    notebook = type(sys.stderr).__module__.startswith("ipykernel")
    if notebook and "PYTEST_CURRENT_TEST" not in os.environ:  # pytest sets it also for the kernels of nbval
        options["file"] = sys.stdout  # on stderr, the blanks that erase it would stay, painted red
    elif sys.stderr is None or not sys.stderr.isatty():
        options["disable"] = True
    return tqdm(total=total, **{"leave": False, "delay": 1} | options)


def batches(n, batch_size, generator=None):
    """The indices 0..n-1 in a fresh random order, as an iterator of int64 tensors of `batch_size` each.

    The last batch holds what is left and may be shorter. generator: a CPU torch.Generator, a seed, or None for
    PyTorch's global one.
    """
    count("n", n)
    count("batch_size", batch_size)
    return iter(torch.randperm(int(n), generator=_generator(generator)).split(int(batch_size)))


def first(dataset, n, dtype=None):
    """The first `n` examples of a data set, as a TensorDataset.

    dataset: as in `fit`. dtype: that of the result's real numbers, for example torch.float64; None leaves it, and
    the result shares the memory of `dataset`.
    """
    parts = tensors("dataset", dataset)
    count("n", n)
    require(n <= len(parts[0]), "n", n, f"at most {len(parts[0])}, the number of examples")
    return TensorDataset(*(t[:n].to(dtype) if t.is_floating_point() else t[:n] for t in parts))


def xor(n, noise=0.25, generator=None):
    """Points (n, 2) float32 in four Gaussian blobs around (+-1, +-1), and labels (n,) int64: 1 where signs differ.

    The four blobs have equal sizes, up to one point, in random order. noise: standard deviation of each blob.
    generator: a CPU torch.Generator, a seed, or None for PyTorch's global one.
    """
    count("n", n)
    require(noise >= 0, "noise", noise, "at least 0")
    generator = _generator(generator)
    corner = torch.randperm(n, generator=generator) % 4
    signs = torch.stack([corner // 2, corner % 2], dim=1) * 2 - 1
    # float64 draws are the same bits on every processor; float32 draws depend on its vector units.
    points = signs + noise * torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return points.float(), (signs[:, 0] != signs[:, 1]).long()


def _generator(generator):
    if isinstance(generator, numbers.Integral):
        return torch.Generator().manual_seed(int(generator))
    return generator


def require(ok, name, value, what):
    if not ok:
        raise ValueError(f"{name} must be {what}, not {value!r}")


def count(name, value):
    require(isinstance(value, numbers.Integral) and value >= 1, name, value, "an integer, at least 1")


def tensors(name, dataset):
    """The inputs and targets of a TensorDataset, a Subset of one, or a pair of tensors."""
    if isinstance(dataset, Subset):
        index = torch.as_tensor(dataset.indices, dtype=torch.int64)
        return tensors(name, [t[index] for t in tensors(name, dataset.dataset)])
    parts = getattr(dataset, "tensors", dataset)
    if not (isinstance(parts, tuple | list) and [isinstance(t, torch.Tensor) for t in parts] == [True, True]):
        what = "a TensorDataset of inputs and targets, a Subset of one, or a pair of tensors"
        raise TypeError(f"{name} must be {what}, not {type(dataset).__name__}")
    ok = len(parts[0]) == len(parts[1]) > 0
    require(ok, name, tuple(map(len, parts)), "as many inputs as targets, at least one")
    return tuple(parts)

"""Data in memory: Fashion-MNIST found, verified and parsed; minibatches as indices; small synthetic sets."""

import contextlib
import gzip
import hashlib
import io
import math
import numbers
import os
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset

from d2lmini import checks, progress

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

# Shape and SHA-256 of the decompressed bytes. The .gz containers differ between sources: their sums prove nothing.
FILES = {
    "train-images-idx3-ubyte": (
        (60_000, 28, 28), "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    "train-labels-idx1-ubyte": (
        (60_000,), "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "t10k-images-idx3-ubyte": (
        (10_000, 28, 28), "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "t10k-labels-idx1-ubyte": (
        (10_000,), "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}  # fmt: skip

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# The author's bucket (plain http is all it offers; the sums above make that safe), the author's repository, Keras.
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
TIMEOUT = 20  # seconds without a byte from a mirror
LARGEST = 2**26  # bytes; the largest file has 26 million


def fashion_mnist(*, validation=10_000, root=None):
    """Fashion-MNIST as three TensorDatasets, `train, val, test`: 50,000, 10,000 and 10,000 examples.

    Each holds images (n, 28, 28) float32 in [0, 1] and labels (n,) int64 in [0, 10). `val` is the last
    `validation` of the 60,000 training examples as published; they are not sorted, so its classes are nearly
    but not exactly equal (955 to 1,050 each; all 60,000 and the test set are exactly balanced).
    root: a folder with the four .gz files, tried first. Then $D2LMINI_DATA, the user cache, Debian's package,
    download. Every file is verified each time it is read; a damaged one is named in a warning and passed over.
    Raises ValueError for a bad argument, RuntimeError when no source has a good copy.
    Source: Xiao, Rasul and Vollgraf, 2017, https://arxiv.org/abs/1708.07747.
    """
    checks.integer("validation", validation, low=0, high=59_999)
    if root is not None and not (isinstance(root, str | os.PathLike) and os.path.isdir(root)):
        raise ValueError(f"root must be a folder that exists, not {root!r}")
    not_kept = []
    images, labels, test_images, test_labels = (_load(name, root, not_kept) for name in FILES)
    if not_kept:
        warnings.warn(not_kept[0], stacklevel=2)
    images, labels = _tensors(images, labels)
    cut = len(images) - validation
    return (
        TensorDataset(images[:cut], labels[:cut]),  # views: the images exist once
        TensorDataset(images[cut:], labels[cut:]),
        TensorDataset(*_tensors(test_images, test_labels)),
    )


def _tensors(images, labels):
    return torch.from_numpy(images.astype(np.float32)).div_(255), torch.from_numpy(labels.astype(np.int64))


def parse_idx(content):
    """The array stored in the bytes of an IDX file of unsigned bytes, as uint8; it shares their memory.

    IDX: two zero bytes, the type (8 = unsigned byte), the number of axes; each length as a big-endian uint32;
    then the values, row by row. Raises ValueError for another magic number or length.
    """
    if not isinstance(content, bytes | bytearray):
        raise TypeError(f"content must be bytes, not {type(content).__name__}")
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or content[3] > 32:  # NumPy before 2.0 has 32 axes
        raise ValueError(
            f"wrong magic number {content[:4].hex() or 'none'}, expected 000008 and the number of axes"
        )
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    if len(content) != start + math.prod(shape):
        raise ValueError(f"{len(content)} bytes, but its header promises {start + math.prod(shape)} for {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_verified(source, name):
    """The verified uint8 array in a .gz file, a path or open; raises ValueError saying what is wrong with it."""
    shape, sha256 = FILES[name]
    try:
        with gzip.open(source) as file:
            # One byte more than expected shows a file that is too long, without unpacking all of it.
            content = file.read(4 + 4 * len(shape) + math.prod(shape) + 1)
    except EOFError:
        raise ValueError("truncated: the file ends before its gzip stream does") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"damaged gzip: {error}") from None
    array = parse_idx(content)
    if array.shape != shape:
        raise ValueError(f"wrong shape {array.shape}, expected {shape}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("altered: the SHA-256 sum of its decompressed bytes is not the published one")
    return array


def _pooch():
    """The library pooch, imported late, because importing d2lmini should cost nothing that is not used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its tqdm warns in a notebook without ipywidgets; a bar of text does
        import pooch
    return pooch


def _cache():
    with contextlib.suppress(RuntimeError):  # of new versions, where a user has no home; old ones leave the "~"
        folder = Path(os.path.expanduser(_pooch().os_cache("d2lmini")))
        if folder.is_absolute():
            return folder / "fashion-mnist"
    return Path(tempfile.gettempdir(), "d2lmini", "fashion-mnist")


def _folders(root=None):
    folders = [root, os.environ.get("D2LMINI_DATA"), _cache(), DEBIAN]
    return [Path(os.path.expanduser(folder)) for folder in folders if folder]


def _load(name, root, not_kept):
    """The array of the file `name` from the first source with a good copy; adds why a download was `not_kept`."""
    tried = []
    for path in [folder / f"{name}.gz" for folder in _folders(root)]:
        try:
            return _read_verified(path, name)
        except FileNotFoundError:
            tried.append(f"{path}: not there")
        except (OSError, ValueError) as error:
            tried.append(f"{path}: {error}")
            warnings.warn(f"not used (delete or replace it): {tried[-1]}", stacklevel=4)
    return _download(name, tried, not_kept)


def _download(name, tried, not_kept):
    """Fetch `name` from the first mirror with a good copy, keep it in the user cache, and return its array."""
    for mirror in MIRRORS * 2:  # every mirror once, then every mirror once more
        url = f"{mirror}{name}.gz"
        file = _Memory()
        try:
            with _progress_bar(f"{name}.gz") as bar:
                _pooch().HTTPDownloader(bar, chunk_size=2**16, timeout=TIMEOUT)(url, file, None)
            file.seek(0)
            array = _read_verified(file, name)
        except (OSError, ValueError) as error:  # all errors of requests are OSErrors
            brief = str(error) if len(str(error)) < 160 else type(error).__name__
            tried.append(f"{url}: {brief}")
        else:
            _keep(f"{name}.gz", file.getvalue(), not_kept)
            return array
    raise RuntimeError(
        f"Fashion-MNIST: no good copy of {name}.gz. Tried, in this order:\n  "
        + "\n  ".join(dict.fromkeys(tried))
        + "\nWays out: with a network, run this again; on Debian or Ubuntu, apt-get install dataset-fashion-mnist;"
        " or fetch the four .gz files from an address above into a folder and set D2LMINI_DATA to it, or put them"
        f" into {_cache()}."
    )


class _Memory(io.BytesIO):
    """A download goes into memory first: it needs no disk, and a disk that is full or read-only spoils nothing."""

    def write(self, chunk):
        if self.tell() + len(chunk) > LARGEST:
            raise OSError(f"more than {LARGEST} bytes: not the file")
        return super().write(chunk)


def _keep(name, content, not_kept):
    """Put a verified file into the user cache, whole or not at all; where that fails, add to `not_kept`."""
    cache = _cache()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:  # on the cache's disk, where a rename is atomic
            Path(folder, name).write_bytes(content)
            os.replace(Path(folder, name), cache / name)
    except OSError as error:
        reason = f"Fashion-MNIST is loaded, but not kept in {cache} for next time: {error.strerror or error}"
        not_kept.append(f"{reason}. Way out: set D2LMINI_DATA to a folder that holds the four files")


@contextlib.contextmanager
def _progress_bar(name):
    """A tqdm bar where somebody watches (terminal or notebook), otherwise False; it leaves nothing behind."""
    with progress.bar(1, desc=name, unit="B", unit_scale=True, delay=0) as bar:
        yield False if bar.disable else bar


def batches(n, batch_size, generator=None):
    """The indices 0..n-1 in a fresh random order, as an iterator of int64 tensors of `batch_size` each.

    The last batch holds what is left and may be shorter. generator: a CPU torch.Generator, or None for
    PyTorch's global one. Raises ValueError when `n` or `batch_size` is not a positive integer.
    """
    checks.integer("n", n, high=2**63 - 1)
    checks.integer("batch_size", batch_size)
    return iter(torch.randperm(int(n), generator=generator).split(int(min(batch_size, n))))


def xor(n, noise=0.25, generator=None):
    """Points (n, 2) float32 in four Gaussian blobs around (+-1, +-1), and labels (n,) int64: 1 where signs differ.

    The four blobs have equal sizes, up to one point, in random order. noise: standard deviation of each blob.
    generator: a CPU torch.Generator, a seed, or None for PyTorch's global one.
    Raises ValueError when `n` is not a positive integer or `noise` is negative or not finite.
    """
    checks.integer("n", n, high=2**63 - 1)
    n, noise = int(n), checks.between("noise", noise)
    if isinstance(generator, numbers.Integral):
        checks.integer("generator", generator, low=-(2**63), high=2**64 - 1)
        generator = torch.Generator().manual_seed(int(generator))
    corner = torch.randperm(n, generator=generator) % 4
    signs = torch.stack([corner // 2, corner % 2], dim=1) * 2 - 1
    # float64 draws are the same bits on every processor; float32 draws depend on its vector units.
    points = signs + noise * torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return points.float(), (signs[:, 0] != signs[:, 1]).long()

"""Fashion-MNIST from every source, good and bad; minibatches; synthetic data.

Faults are made from files of a few pictures, in the format of the real ones. "The network" is a server here.
"""

import functools
import gzip
import hashlib
import os
import socket
import subprocess
import sys
import threading
import warnings
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest
import torch
from torch.utils.data import Subset, TensorDataset

from d2lmini import data

SMALL = "t10k-labels-idx1-ubyte"  # faults are tried on this file; `place` has the other three
PICTURES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 10
ARRAYS = dict(zip(data.FILES, (PICTURES[:8], LABELS[:8], PICTURES[8:], LABELS[8:]), strict=True))


def packed(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return gzip.compress(header + array.tobytes(), 1, mtime=0)


def altered(gz):
    content = bytearray(gzip.decompress(gz))
    content[-1] ^= 1
    return gzip.compress(content, 1)


REAL = {name: packed(array) for name, array in ARRAYS.items()}
GOOD = REAL[SMALL]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty machine: no cache, no Debian package, no mirror. $D2LMINI_DATA has all files but SMALL."""
    for name in ("given", "debian"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path / "given"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "user cache" / project)
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(data, "MIRRORS", ())
    sums = {name: hashlib.sha256(gzip.decompress(gz)).hexdigest() for name, gz in REAL.items()}
    monkeypatch.setattr(data, "FILES", {n: (sums[n], hashlib.md5(gz).hexdigest()) for n, gz in REAL.items()})
    for name in set(REAL) - {SMALL}:
        (tmp_path / "given" / f"{name}.gz").write_bytes(REAL[name])
    return tmp_path


@pytest.fixture
def cache(place):
    """The user's cache."""
    folder = place / "user cache" / "d2lmini" / "fashion-mnist"
    folder.mkdir(parents=True)
    return folder


class Handler(SimpleHTTPRequestHandler):
    def log_request(self, *arguments):
        self.server.asked.append(self.path)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirrors(place, monkeypatch):
    """A function that sets the mirrors by what they send of SMALL, and returns the list of what is asked for."""
    sent = {"good": GOOD, "altered": altered(GOOD), "page": b"<!DOCTYPE html>", "cut": GOOD[:20]}
    for way, content in sent.items():
        (place / "web" / way).mkdir(parents=True)
        (place / "web" / way / f"{SMALL}.gz").write_bytes(content)
    handler = functools.partial(Handler, directory=place / "web")
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def use(*ways):
            ports = [(silent if way == "silent" else server.socket).getsockname()[1] for way in ways]
            addresses = [f"http://127.0.0.1:{port}/{way}/" for port, way in zip(ports, ways, strict=True)]
            monkeypatch.setattr(data, "MIRRORS", addresses)
            return server.asked

        yield use
        server.shutdown()


def load(**options):
    """Load everything, and see that it is right."""
    train, val, test = data.fashion_mnist(validation=3, **options)
    for dataset, part in ((train, slice(5)), (val, slice(5, 8)), (test, slice(8, 12))):
        images, labels = dataset.tensors
        assert np.array_equal(images, PICTURES[part].astype(np.float32) / np.float32(255))
        assert labels.tolist() == LABELS[part].tolist()


# ---- the data ----


def test_fashion_mnist():
    train, val, test = data.fashion_mnist()
    for dataset, n in ((train, 50_000), (val, 10_000), (test, 10_000)):
        images, labels = dataset.tensors
        assert images.shape == (n, 28, 28) and images.dtype == torch.float32
        assert labels.shape == (n,) and labels.dtype == torch.int64
        assert (images.min(), images.max()) == (0, 1)
    counts = [part.tensors[1].bincount() for part in (train, val, test)]
    assert (counts[0] + counts[1]).tolist() == [6000] * 10 and counts[2].tolist() == [1000] * 10
    assert (counts[1].min(), counts[1].max()) == (955, 1050)  # as documented
    assert len(set(data.FASHION_MNIST_CLASSES)) == 10 and data.FASHION_MNIST_CLASSES[9] == "Ankle boot"


@pytest.mark.parametrize("name, bad", [("validation", bad) for bad in (-1, 60_000, 0.5, "10")] + [("root", "no")])
def test_bad_arguments_of_fashion_mnist(name, bad):
    with pytest.raises(ValueError, match=f"^{name} .*{bad}"):
        data.fashion_mnist(**{name: bad})


def test_root_comes_first(place, cache):
    """The file that only `root` has is found, and no other place is asked: the one in the cache is damaged."""
    (place / "root").mkdir()
    (place / "root" / f"{SMALL}.gz").write_bytes(GOOD)
    (cache / f"{SMALL}.gz").write_bytes(b"damaged")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(root=place / "root")


@pytest.mark.parametrize("damaged", [
    GOOD[:20], GOOD[:20] + bytes([GOOD[20] ^ 1]) + GOOD[21:], gzip.decompress(GOOD), altered(GOOD)
], ids=["cut", "bit", "unpacked", "altered"])  # fmt: skip
def test_a_damaged_file_is_named_and_never_loaded(place, damaged):
    (place / "given" / f"{SMALL}.gz").write_bytes(damaged)
    with pytest.warns(UserWarning, match=f"given.{SMALL}"), pytest.raises(RuntimeError, match=f"{SMALL}.gz"):
        load()
    (place / "debian" / f"{SMALL}.gz").write_bytes(GOOD)
    with pytest.warns(UserWarning, match=f"given.{SMALL}") as caught:
        data.fashion_mnist(validation=3)
    assert len(caught) == 1 and caught[0].filename == __file__  # the warning points at the caller's line
    with pytest.warns(UserWarning):
        load()


# ---- download ----


def test_nothing_works(place, monkeypatch):
    with socket.socket() as s:  # a port that nobody listens on: bound, never listening
        s.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{s.getsockname()[1]}/"
        monkeypatch.setattr(data, "MIRRORS", (closed,))
        with pytest.raises(RuntimeError) as caught:
            load()
    message = str(caught.value)
    assert len(message.splitlines()) < 10 and len(message) < 1500  # no inner workings
    for part in (SMALL, "given", "user cache", "debian", closed, "D2LMINI_DATA"):  # what was tried, and a way out
        assert part in message, part
        message = message[message.index(part) :]


def test_download_is_kept_without_a_word(cache, mirrors, capfd):
    asked = mirrors("good")
    load()
    load()
    assert asked == [f"/good/{SMALL}.gz"] and [path.name for path in cache.iterdir()] == [f"{SMALL}.gz"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", ["missing", "cut", "altered", "page"])
def test_bad_mirror(cache, mirrors, way):
    """A bad mirror is passed over for a good one; alone, it is tried twice, named, and leaves nothing behind."""
    asked = mirrors(way)
    with pytest.raises(RuntimeError, match=rf"/{way}/{SMALL}.gz: ."):
        load()
    assert len(asked) == 2 and not list(cache.iterdir())
    mirrors(way, "good")
    load()


def test_a_mirror_with_the_right_sum_of_the_wrong_content_is_refused(mirrors, monkeypatch):
    monkeypatch.setitem(data.FILES, SMALL, (data.FILES[SMALL][0], hashlib.md5(altered(GOOD)).hexdigest()))
    mirrors("altered")
    with pytest.raises(RuntimeError, match=f"/altered/{SMALL}.gz"):
        load()


def test_a_silent_mirror_is_given_up(mirrors, monkeypatch):
    monkeypatch.setattr(data, "TIMEOUT", 0.2)
    mirrors("silent", "good")
    load()


def test_damaged_cache_is_replaced(cache, mirrors):
    (cache / f"{SMALL}.gz").write_bytes(b"half")
    mirrors("good")
    with pytest.warns(UserWarning, match=f"{SMALL}.gz"):
        load()
    assert (cache / f"{SMALL}.gz").read_bytes() == GOOD


def test_unwritable_cache(place, mirrors, monkeypatch):
    """A folder under a regular file cannot be made, not even by root: the data come all the same."""
    (place / "file").write_text("")
    monkeypatch.setattr(pooch, "os_cache", lambda project: place / "file" / project)
    mirrors("good")
    with pytest.warns(UserWarning, match="file.d2lmini"):
        load()


def test_a_download_shows_where_somebody_watches_and_leaves_nothing(mirrors, monkeypatch, capfd):
    mirrors("good")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    load()
    shown = capfd.readouterr().err
    assert f"{SMALL}.gz" in shown and "B/s" in shown and not shown.split("\r")[-1].strip(), shown


def test_import_touches_neither_network_nor_data_nor_what_only_some_need(tmp_path):
    code = """
import sys; seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)) if event.startswith("socket.") or (
    event == "open" and "ubyte" in str(args[0])) else None)
import d2lmini
assert not seen, seen
assert not {"pooch", "requests", "matplotlib", "IPython"} & set(sys.modules)
"""
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", code], env=environment, check=True)
    assert not any(tmp_path.iterdir())


# ---- minibatches and synthetic data ----


def test_batches_are_a_fresh_permutation():
    generator = torch.Generator().manual_seed(0)
    first, second = (list(data.batches(10, 4, generator)) for _ in range(2))
    assert [len(b) for b in first] == [4, 4, 2] and all(b.dtype == torch.int64 for b in first)
    for epoch in (first, second):
        assert torch.cat(epoch).sort().values.tolist() == list(range(10))
    assert torch.cat(first).tolist() != torch.cat(second).tolist()


@pytest.mark.parametrize(
    "draw", [lambda g: torch.cat(list(data.batches(9, 4, g))), lambda g: data.xor(9, 1, g)[0]]
)
def test_a_seed_is_a_generator_everywhere(draw):
    assert torch.equal(draw(5), draw(torch.Generator().manual_seed(5))) and not torch.equal(draw(5), draw(6))
    assert torch.equal(draw(5), draw(np.int64(5)))
    torch.manual_seed(5)
    first = draw(None)
    assert not torch.equal(first, draw(None))
    torch.manual_seed(5)
    assert torch.equal(first, draw(None))


def test_first():
    x, y = torch.arange(12.0).view(6, 2), torch.arange(6)
    for dataset in (TensorDataset(x, y), (x, y), Subset(TensorDataset(x.flip(0), y.flip(0)), range(5, -1, -1))):
        inputs, labels = data.first(dataset, 4, torch.float64).tensors
        assert inputs.dtype == torch.float64 and labels.dtype == torch.int64
        assert inputs.tolist() == x[:4].tolist() and labels.tolist() == [0, 1, 2, 3]
    data.first((x, y), 6).tensors[0][0] = 9
    assert x[0, 0] == 9  # it shares the memory


@pytest.mark.parametrize("name, call, bad", [
    ("n", data.batches, (0, 4)), ("n", data.batches, (-1, 4)), ("batch_size", data.batches, (9, 0)),
    ("batch_size", data.batches, (9, 2.5)), ("n", data.xor, (0,)), ("n", data.xor, (2.0,)),
    ("noise", data.xor, (4, -0.1)), ("noise", data.xor, (4, float("nan"))),
    *(("n", lambda n: data.first((torch.ones(6), torch.ones(6)), n), (n,)) for n in (0, 7, 2.5)),
])  # fmt: skip
def test_a_wrong_number_is_named(name, call, bad):
    with pytest.raises(ValueError, match=rf"^{name} .*{bad[0] if name == 'n' else bad[1]}"):
        call(*bad)


def test_xor():
    points, labels = data.xor(4000, generator=0)
    assert points.shape == (4000, 2) and points.dtype == torch.float32 and labels.dtype == torch.int64
    assert labels.sum() == 2000 and ((points.prod(1) < 0) == labels.bool()).float().mean() > 0.999
    for corner in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        blob = points[(points.sign() == points.new_tensor(corner)).all(1)].abs()
        assert 990 <= len(blob) <= 1010 and torch.allclose(blob.mean(0), torch.ones(2), atol=0.04)
        assert torch.allclose(blob.std(0), torch.full((2,), 0.25), atol=0.03)


def test_xor_is_the_same_everywhere():
    points, labels = data.xor(4, noise=0.5, generator=0)
    expected = [[-0.8178309, -0.9328018], [-0.9178919, 1.1528805], [1.1049905, 1.4528130], [1.3017715, -0.5945091]]
    np.testing.assert_allclose(points, expected, rtol=1e-6)
    last = data.xor(40, noise=0.5, generator=0)[0][-1]  # from 16 numbers on PyTorch draws them in another way
    np.testing.assert_allclose(last, [-1.8155613, 1.2209125], rtol=1e-6)
    assert labels.tolist() == [0, 1, 0, 1]

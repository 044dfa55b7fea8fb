"""Fashion-MNIST from every source, good and bad; minibatches; synthetic data.

Faults are made from files of a few pictures, in the format of the real ones. "The network" is a server here.
"""

import contextlib
import gzip
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


@pytest.fixture
def real():
    """The good .gz files, by name."""
    return {name: packed(array) for name, array in ARRAYS.items()}


@pytest.fixture
def place(tmp_path, monkeypatch, real):
    """An empty machine: no cache, no Debian package, no mirror. $D2LMINI_DATA has all files but SMALL."""
    for name in ("given", "debian"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path / "given"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "user cache" / project)
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(data, "MIRRORS", ())
    sums = {name: hashlib.sha256(gzip.decompress(gz)).hexdigest() for name, gz in real.items()}
    monkeypatch.setattr(data, "FILES", {n: (sums[n], hashlib.md5(gz).hexdigest()) for n, gz in real.items()})
    for name in set(real) - {SMALL}:
        (tmp_path / "given" / f"{name}.gz").write_bytes(real[name])
    return tmp_path


@pytest.fixture
def cache(place):
    """The user's cache."""
    folder = place / "user cache" / "d2lmini" / "fashion-mnist"
    folder.mkdir(parents=True)
    return folder


class Server(ThreadingHTTPServer):
    """Serves the real files, each way in which `/way/` says a server can go wrong; remembers what was asked."""

    daemon_threads = True

    def __init__(self, real):
        super().__init__(("127.0.0.1", 0), Handler)
        self.real, self.asked = real, []
        self.two_at_once, self.half_sent = threading.Barrier(2), threading.Event()
        self.closing = threading.Event()

    def handle_error(self, request, address):  # a client that hangs up is part of the plan
        pass

    def mirror(self, way):
        return f"http://127.0.0.1:{self.server_port}/{way}/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        _, way, name = self.path.split("/")
        body = self.server.real[name.removesuffix(".gz")]
        if way == "missing" or (way == "second-try" and self.server.asked.count(self.path) == 1):
            return self.send_error(404)
        if way == "two-at-once" and "train-images" in name:
            self.server.two_at_once.wait(timeout=30)
        body = {"altered": altered, "page": lambda b: b"<!DOCTYPE html>"}.get(way, bytes)(body)
        self.send_response(200)
        self.send_header("Content-Length", len(body) // 2 if way == "short" else len(body))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if way in ("cut", "hang") else body)
        if way == "hang":
            self.server.half_sent.set()
            self.server.closing.wait(30)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(place, real, monkeypatch):
    with Server(real) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()


def altered(gz):
    content = bytearray(gzip.decompress(gz))
    content[-1] ^= 1
    return gzip.compress(content, 1)


def good(**options):
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
    labels = torch.cat([train.tensors[1], val.tensors[1]])
    assert labels.bincount().tolist() == [6000] * 10 and test.tensors[1].bincount().tolist() == [1000] * 10
    assert (val.tensors[1].bincount().min(), val.tensors[1].bincount().max()) == (955, 1050)  # as documented
    names = "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
    assert ", ".join(data.FASHION_MNIST_CLASSES) == names


def test_training_images_exist_once():
    train, val, _ = data.fashion_mnist(validation=100)
    assert (len(train), len(val)) == (59_900, 100)
    memory = [[t.untyped_storage().data_ptr() for t in dataset.tensors] for dataset in (train, val)]
    assert memory[0] == memory[1]


@pytest.mark.parametrize("bad", [-1, 60_000, 0.5, "10"])
def test_bad_validation(bad):
    with pytest.raises(ValueError, match=f"validation .*{bad}"):
        data.fashion_mnist(validation=bad)


def test_bad_root(tmp_path):
    with pytest.raises(ValueError, match="root .*nowhere"):
        data.fashion_mnist(root=tmp_path / "nowhere")


def test_root_comes_first(place, cache, real):
    """The file that only `root` has is found, and no other place is asked: the one in the cache is damaged."""
    (place / "root").mkdir()
    (place / "root" / f"{SMALL}.gz").write_bytes(real[SMALL])
    (cache / f"{SMALL}.gz").write_bytes(b"damaged")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        good(root=place / "root")


# ---- damaged files on disk ----

FAULTS = {
    "truncated": lambda gz: gz[: len(gz) // 2],
    "empty": lambda gz: b"",
    "bit of the container": lambda gz: gz[:20] + bytes([gz[20] ^ 1]) + gz[21:],
    "not gzip": gzip.decompress,
    "one byte": altered,
    "too short": lambda gz: gzip.compress(gzip.decompress(gz)[:-1], 1),
    "too long": lambda gz: gzip.compress(gzip.decompress(gz) + b"\0", 1),
    "another data set": lambda gz: gzip.compress(b"\0\0\x08\x01\0\0\0\x03abc"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_file_is_named_and_a_good_copy_used(place, real, fault):
    (place / "given" / f"{SMALL}.gz").write_bytes(FAULTS[fault](real[SMALL]))
    (place / "debian" / f"{SMALL}.gz").write_bytes(real[SMALL])
    with pytest.warns(UserWarning, match=rf"given.{SMALL}\.gz: \w+") as caught:
        good()
    assert len(caught) == 1


def test_damaged_file_is_never_loaded(place, real):
    (place / "given" / f"{SMALL}.gz").write_bytes(altered(real[SMALL]))
    loading = pytest.raises(RuntimeError, match=f"{SMALL}.gz")
    with pytest.warns(UserWarning, match=f"{SMALL}.gz") as caught, loading:
        data.fashion_mnist(validation=3)
    assert caught[0].filename == __file__  # the warning points at the caller's line


def test_data_folder_that_is_a_file(cache, real, monkeypatch):
    monkeypatch.setenv("D2LMINI_DATA", __file__)
    for name, gz in real.items():
        (cache / f"{name}.gz").write_bytes(gz)
    with pytest.warns(UserWarning, match=re.escape(__file__)):
        good()


# ---- download ----


def test_nothing_works(place, monkeypatch):
    with socket.socket() as s:  # a port that nobody listens on: bound, never listening
        s.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{s.getsockname()[1]}/"
        monkeypatch.setattr(data, "MIRRORS", (closed,))
        with pytest.raises(RuntimeError) as caught:
            good()
    message = str(caught.value)
    assert len(message.splitlines()) < 10  # no inner workings
    for part in (SMALL, "given", "user cache", "debian", closed, "D2LMINI_DATA"):  # what was tried, and a way out
        assert part in message, part
        message = message[message.index(part) :]
    assert not list((place / "user cache").rglob("*.gz"))


def test_the_mirrors_are_addresses_of_folders():
    assert all(re.fullmatch(r"https?://[^A-Z\s]+/", mirror) for mirror in data.MIRRORS) and len(data.MIRRORS) > 1
    assert all(re.fullmatch("[0-9a-f]{32}", md5) for _, md5 in data.FILES.values())


def test_download_is_kept_without_a_word(cache, server, monkeypatch, capfd):
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("good"),))
    for _ in range(2):
        good()
    assert server.asked == [f"/good/{SMALL}.gz"]
    assert [path.name for path in cache.iterdir()] == [f"{SMALL}.gz"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", ["missing", "cut", "short", "altered", "page"])
def test_bad_mirror(cache, server, monkeypatch, way):
    """A bad mirror is passed over for a good one; alone, it is tried twice, named, and leaves nothing behind."""
    monkeypatch.setattr(data, "MIRRORS", (server.mirror(way),))
    with pytest.raises(RuntimeError, match=rf"/{way}/{SMALL}.gz: ."):
        good()
    assert len(server.asked) == 2 and not list(cache.iterdir())
    monkeypatch.setattr(data, "MIRRORS", (server.mirror(way), server.mirror("good")))
    good()


def test_a_mirror_with_the_right_sum_of_the_wrong_content_is_refused(place, server, monkeypatch, real):
    bad = hashlib.md5(altered(real[SMALL])).hexdigest()
    monkeypatch.setitem(data.FILES, SMALL, (data.FILES[SMALL][0], bad))
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("altered"),))
    with pytest.raises(RuntimeError, match=f"/altered/{SMALL}.gz"):
        good()


def test_mirror_is_tried_again(place, server, monkeypatch):
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("second-try"),))
    good()
    assert len(server.asked) == 2


def test_silent_mirror_is_given_up(place, server, monkeypatch):
    monkeypatch.setattr(data, "TIMEOUT", 0.2)
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("hang"), server.mirror("good")))
    good()
    assert [path.split("/")[1] for path in server.asked] == ["hang", "good"]


def test_damaged_cache_is_replaced(cache, server, monkeypatch, real):
    (cache / f"{SMALL}.gz").write_bytes(b"half")
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("good"),))
    with pytest.warns(UserWarning, match=f"{SMALL}.gz"):
        good()
    assert (cache / f"{SMALL}.gz").read_bytes() == real[SMALL]


def test_unwritable_cache(place, server, monkeypatch):
    """A folder under a regular file cannot be made, not even by root: the data come all the same."""
    (place / "file").write_text("")
    monkeypatch.setattr(pooch, "os_cache", lambda project: place / "file" / project)
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("good"),))
    with pytest.warns(UserWarning, match="file.d2lmini"):
        good()


def test_progress_bar_where_somebody_watches(place, server, monkeypatch, capfd):
    monkeypatch.setattr(data, "MIRRORS", (server.mirror("good"),))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    for name in ("D2LMINI_PROGRESS", "CI", "PYTEST_CURRENT_TEST"):
        monkeypatch.delenv(name, raising=False)
    good()
    shown = capfd.readouterr().err
    assert f"{SMALL}.gz" in shown and "B/s" in shown and not shown.split("\r")[-1].strip(), shown


# ---- other processes ----

CHILD = """
import json, sys; from pathlib import Path; import pooch; from d2lmini import data
data.FILES, cache, mirror = json.loads(sys.argv[1])
pooch.os_cache = lambda project: cache; data.DEBIAN = Path("nowhere"); data.MIRRORS = (mirror,)
print(data.fashion_mnist(validation=3)[0].tensors[0].sum().item())
"""


def child(place, mirror):
    environment = {k: v for k, v in os.environ.items() if k != "D2LMINI_DATA"} | {"TMPDIR": str(place)}
    options = json.dumps([data.FILES, str(place / "cache"), mirror])
    command = [sys.executable, "-W", "error", "-c", CHILD, options]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_fetch_at_once(place, server):
    """The server holds back the first file until both have asked for it, so both are downloading it together."""
    both = [child(place, server.mirror("two-at-once")) for _ in range(2)]
    sums = [process.communicate(timeout=120)[0] for process in both]
    assert sums[0] == sums[1] and float(sums[0]) > 0 and [process.returncode for process in both] == [0, 0]
    assert sum("train-images" in path for path in server.asked) == 2
    assert sorted(path.name for path in (place / "cache").rglob("*.*")) == sorted(f"{n}.gz" for n in data.FILES)


def test_killed_download_leaves_no_file(place, server):
    process = child(place, server.mirror("hang"))
    with contextlib.closing(process.stdout), contextlib.closing(process.stderr):
        assert server.half_sent.wait(timeout=120)
        time.sleep(0.3)  # let it arrive
        process.kill()
        process.wait(timeout=10)
    assert not list((place / "cache").rglob("*.gz"))


def test_import_touches_nothing(tmp_path):
    """Neither network, nor data, nor cache, nor the packages that only a download or a plot needs."""
    code = """
import sys; seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)) if event.startswith("socket.") or (
    event == "open" and "ubyte" in str(args[0])) else None)
import d2lmini.data
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
    again = data.batches(10, 4, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert [len(b) for b in data.batches(3, 100, generator)] == [3]


def test_a_seed_is_a_generator_everywhere():
    for draw in (lambda g: torch.cat(list(data.batches(9, 4, g))), lambda g: data.xor(9, generator=g)[0]):
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
    part = data.first((x, y), 6)
    assert isinstance(part, TensorDataset) and part.tensors[0].data_ptr() == x.data_ptr()  # no copy
    for n in (0, 7, 2.5):
        with pytest.raises(ValueError, match=f"^n .*{n}"):
            data.first((x, y), n)


@pytest.mark.parametrize(
    "n, batch_size, name", [(0, 4, "n"), (-1, 4, "n"), (9, 0, "batch_size"), (9, 2.5, "batch_size")]
)
def test_bad_batches(n, batch_size, name):
    with pytest.raises(ValueError, match=rf"^{name} .*{n if name == 'n' else batch_size}"):
        data.batches(n, batch_size)  # at once, not at the first batch


def test_xor():
    points, labels = data.xor(4000, noise=0.25, generator=0)
    assert points.shape == (4000, 2) and points.dtype == torch.float32
    assert labels.dtype == torch.int64 and labels.sum() == 2000
    right = (points[:, 0] * points[:, 1] < 0) == labels.bool()
    assert right.float().mean() > 0.999
    for quadrant in (
        points.sign() == points.new_tensor(corner) for corner in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ):
        blob = points[quadrant.all(1)].abs()
        assert 990 <= len(blob) <= 1010 and torch.allclose(blob.mean(0), torch.ones(2), atol=0.04)
        assert torch.allclose(blob.std(0), torch.full((2,), 0.25), atol=0.03)
    same = data.xor(4000, generator=torch.Generator().manual_seed(0))[0]
    assert torch.equal(points, same) and not torch.equal(points, data.xor(4000, generator=1)[0])


def test_xor_without_noise():
    points, labels = data.xor(8, noise=0)
    assert sorted(zip(points.tolist(), labels.tolist(), strict=True))[::2] == [
        ([-1, -1], 0), ([-1, 1], 1), ([1, -1], 1), ([1, 1], 0)
    ]  # fmt: skip


def test_xor_is_the_same_everywhere():
    points, labels = data.xor(4, noise=0.5, generator=0)
    expected = [[-0.8178309, -0.9328018], [-0.9178919, 1.1528805], [1.1049905, 1.4528130], [1.3017715, -0.5945091]]
    np.testing.assert_allclose(points, expected, rtol=1e-6)
    last = data.xor(40, noise=0.5, generator=0)[0][-1]  # from 16 numbers on PyTorch draws them in another way
    np.testing.assert_allclose(last, [-1.8155613, 1.2209125], rtol=1e-6)
    assert labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("arguments, words", [
    ((0,), "n .*0"), ((2.0,), "n .*2.0"), ((4, -0.1), "noise .*-0.1"), ((4, float("nan")), "noise .*nan"),
])  # fmt: skip
def test_bad_xor(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.xor(*arguments)

"""Bad input to every public function: a right answer, or a ValueError or TypeError that names the argument.

Hypothesis makes the input: shapes, dtypes, empty sets, NaN, infinities, numbers out of range, things of another
kind. It makes the same examples on every run.
"""

import gzip
import hashlib
import math
import re
from fractions import Fraction

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

import d2lmini as d2l  # noqa: E402
from d2lmini import checks, data, plots  # noqa: E402
from d2lmini.explore import sliders  # noqa: E402

settings.register_profile(
    "book", derandomize=True, database=None, deadline=None, max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("book")

REFUSED = object()
HUGE = 10**400  # an int that no float can hold

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTEGERS = [torch.int64, torch.int32, torch.uint8, torch.bool]
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
extremes = st.sampled_from([HUGE, -HUGE, 2**63, 1e308, 0.5, np.int64(2), np.float32(0.5)])
numbers = st.one_of(st.integers(-3, 5), st.floats(width=32), extremes)


@st.composite
def tensors(draw, shape=shapes, dtypes=(*FLOATS, *INTEGERS, torch.complex64)):
    shape, dtype = draw(shape), draw(st.sampled_from(list(dtypes)))
    low, high = draw(st.sampled_from([(0, 1), (0, 3), (-3, 3)]))
    n = math.prod(shape)
    values = draw(st.lists(st.integers(low, high), min_size=n, max_size=n))
    tensor = torch.tensor(values, dtype=torch.float64).reshape(shape).to(dtype)
    if dtype in FLOATS and n and draw(st.booleans()):
        tensor.view(-1)[draw(st.integers(0, n - 1))] = draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    return tensor


others = st.one_of(
    st.none(), st.booleans(), st.text(max_size=3), st.binary(max_size=3), st.sampled_from([1j, {}, object()]),
    st.lists(st.integers(0, 3), max_size=3), st.just([[1], [2, 3]]), tensors(),
)  # fmt: skip
anything = st.one_of(numbers, others)


def answer(function, names, *arguments, **options):
    """What the function returns, or REFUSED where its error names one of the arguments in `names`."""
    try:
        return function(*arguments, **options)
    except (ValueError, TypeError) as error:
        named = rf"\b({'|'.join(names.split())})\b"
        assert re.search(named, str(error)), f"{type(error).__name__} does not name {names}: {error}"
        return REFUSED


def is_count(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1


# ---- data ----


@given(st.one_of(anything, st.integers(1, 50)), st.one_of(anything, st.integers(1, 60)), others)
@example(7, HUGE, None)
@example(HUGE, 1, None)
@example(np.int64(7), np.int64(2), None)
def test_batches(n, batch_size, generator):
    got = answer(data.batches, "n batch_size generator", n, batch_size, generator)
    if got is not REFUSED:
        parts = [part.tolist() for part in got]
        assert is_count(n) and is_count(batch_size) and sorted(sum(parts, [])) == list(range(n))
        assert all(len(part) == batch_size for part in parts[:-1]) and len(parts[-1]) <= batch_size
    else:
        assert not (is_count(n) and is_count(batch_size) and generator is None and n < 100)


@given(st.one_of(anything, st.integers(1, 50)), anything, anything)
@example(4, 0.25, np.int64(3))
@example(4, 0.25, -(2**63))
@example(4, 0.25, 2**64 - 1)
def test_xor(n, noise, generator):
    got = answer(data.xor, "n noise generator", n, noise, generator)
    if got is not REFUSED:
        points, labels = got
        assert is_count(n) and noise >= 0 and not points.isnan().any()
        assert points.shape == (n, 2) and abs(2 * labels.sum() - n) <= 1


@given(anything, anything)
def test_fashion_mnist(monkeypatch, validation, root):
    monkeypatch.setattr(data, "_load", lambda name, *_: np.zeros(data.FILES[name][0][:1]))
    got = answer(data.fashion_mnist, "validation root", validation=validation, root=root)
    if got is not REFUSED:
        assert root is None and [len(part) for part in got] == [60_000 - validation, validation, 10_000]


@given(st.one_of(anything, st.binary(max_size=40), st.builds(
    lambda shape, rest: bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + rest,
    st.lists(st.integers(0, 3), max_size=70), st.binary(max_size=12),
)))  # fmt: skip
@example(bytes([0, 0, 8, 65]) + bytes(65 * 4))
@example(bytes([0, 0, 8, 1, 0, 0, 0, 0]))
@example(bytes([0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 0]))
def test_parse_idx(content):
    got = answer(data.parse_idx, "content magic header axes", content)
    if got is not REFUSED:
        assert got.dtype == np.uint8 and got.ndim == content[3]
        assert got.tobytes() == content[4 + 4 * got.ndim :]


@given(st.data())
def test_a_file_that_differs_anywhere_is_refused_or_holds_the_same_bytes(tmp_path_factory, monkeypatch, draw):
    content = b"\0\0\x08\x01\0\0\0\x05hello"
    monkeypatch.setattr(data, "FILES", {"x": ((5,), hashlib.sha256(content).hexdigest())})
    good = gzip.compress(content, mtime=0)
    at = draw.draw(st.integers(0, len(good)))
    new = good[:at] + draw.draw(st.binary(max_size=3)) + good[at + draw.draw(st.integers(0, 3)) :]
    path = tmp_path_factory.getbasetemp() / "x.gz"
    path.write_bytes(new)
    got = answer(data._read_verified, "truncated gzip magic header shape altered bytes", path, "x")
    assert got is REFUSED or got.tobytes() == b"hello"
    assert got is not REFUSED or new != good


# ---- training ----

X, Y = torch.randn(7, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2, 0])
GOOD = TensorDataset(X, Y)


def net():
    return nn.Linear(4, 3)


@given(st.one_of(tensors(), anything), st.one_of(tensors(), anything))
@example(torch.tensor([[math.nan, 1.0], [2.0, 1.0]]), torch.tensor([0, 0]))
@example(torch.ones(2, 3), torch.tensor([0, 3]))
@example(torch.ones(2, 3), torch.tensor([0, -1]))
@example(torch.ones(2, 3), torch.tensor([0.0, 1.5]))
@example(torch.ones(2, 0), torch.tensor([0, 0]))
def test_accuracy(logits, labels):
    got = answer(d2l.accuracy, "logits labels", logits, labels)
    if got is not REFUSED:
        right = [
            not any(math.isnan(v) for v in row) and row.index(max(row)) == label
            for row, label in zip(logits.tolist(), labels.tolist(), strict=True)
        ]
        assert got == sum(right) / len(right)
        assert all(0 <= label < logits.shape[1] for label in labels.tolist())


@given(tensors(st.sampled_from([(2, 3), (4, 3)]), FLOATS[:2]), st.lists(st.integers(0, 2), min_size=2, max_size=2))
def test_accuracy_takes_what_it_should(logits, labels):
    if len(logits) == 2:
        assert answer(d2l.accuracy, "", logits, torch.tensor(labels)) is not REFUSED


LOSSES = [None, F.cross_entropy, F.mse_loss, F.l1_loss, F.nll_loss, nn.CrossEntropyLoss(), nn.MSELoss(), "mse", 3,
          lambda o, y: 0.5, lambda o, y: o, lambda o, y: (o.squeeze() - y).abs().mean()]  # fmt: skip
MODELS = [net, lambda: nn.Linear(4, 1), lambda: nn.Linear(3, 2), lambda: nn.LSTM(4, 3), lambda: None, nn.ReLU,
          lambda: nn.Sequential(nn.Flatten(0), nn.LazyLinear(3)), lambda: nn.Linear(4, 3, dtype=torch.float64),
          lambda: nn.Sequential(nn.Linear(4, 4), nn.Flatten(0), nn.Unflatten(0, (1, -1)))]  # fmt: skip


@st.composite
def datasets(draw):
    n = draw(st.sampled_from([0, 1, 5, 6]))
    tail = st.sampled_from([(), (1,), (3,), (4,), (2, 2), (0,)])
    x = draw(tensors(tail.map(lambda s: (n, *s)), (*FLOATS[:3], torch.int64, torch.complex64)))
    y = draw(tensors(tail.map(lambda s: (n, *s)), (*FLOATS[:2], *INTEGERS, torch.complex64)))
    return TensorDataset(x, y)


somethings = st.one_of(datasets(), others, st.just(GOOD), st.just(TensorDataset(X)))
ABOUT_DATA = "model loss labels inputs targets outputs"


@given(st.sampled_from(MODELS), somethings, st.sampled_from(LOSSES))
@settings(max_examples=150)
def test_evaluate(make, dataset, loss):
    model = make()
    got = answer(d2l.evaluate, f"dataset {ABOUT_DATA}", model, dataset, loss)
    if got is not REFUSED:
        value, share = got
        x, y = dataset.tensors
        expected = (loss or F.cross_entropy)(model.eval()(x), y).item()
        assert math.isclose(value, expected, rel_tol=1e-4, abs_tol=1e-6) or not math.isfinite(expected)
        assert math.isnan(share) or 0 <= share <= 1


@given(st.sampled_from(MODELS), somethings, st.one_of(st.none(), somethings), st.sampled_from(LOSSES),
       st.sampled_from([[0], [0, 1]]))  # fmt: skip
@example(net, GOOD, TensorDataset(torch.ones(5, 3), Y[:5]), None, [0])  # inputs of val have another shape
@example(net, GOOD, TensorDataset(X.double(), Y), None, [0])
@example(net, TensorDataset(X, Y[:, None]), None, F.cross_entropy, [0])
@example(net, TensorDataset(X, X[:, :1]), None, F.mse_loss, [0])  # would broadcast
@settings(max_examples=150)
def test_fit_with_any_data(make, train, val, loss, seeds):
    got = answer(d2l.fit, f"train val {ABOUT_DATA}", make, train, val, epochs=1, lr=0.1, loss=loss, seeds=seeds)
    if got is not REFUSED:
        finite = np.isfinite(got.train_loss).all() and np.isfinite(got.val_loss).all() == (val is not None)
        assert got.train_loss.shape == (len(seeds), 1) and (finite or got.diverged.any() or val is None)


OPTIONS = {
    "epochs": st.one_of(st.integers(-1, 3), others, st.floats()), "lr": anything, "batch_size": anything,
    "seeds": st.one_of(anything, st.lists(anything, max_size=3)), "optimizer": anything, "loss": anything,
    "momentum": anything, "weight_decay": anything, "clip": anything, "patience": anything, "device": anything,
    "schedule": st.one_of(anything, st.builds(lambda value: lambda epoch: value, anything)), "model": anything,
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
@given(st.data())
def test_fit_with_any_option(name, draw):
    value = draw.draw(OPTIONS[name])
    options = {"model": net, "epochs": 1, "lr": 0.1, "val": GOOD} | {name: value}
    got = answer(d2l.fit, name, train=GOOD, **options)
    if got is not REFUSED:
        assert not isinstance(value, bool) and got.train_loss.shape[0] == len(got.models)
        assert np.isfinite(got.train_loss).all() or got.diverged.all()


@pytest.mark.parametrize("name, value", [
    ("device", "quantum"), ("device", "meta"), ("device", "cuda:99"), ("schedule", 0), ("lr", HUGE), ("lr", 1e308),
    ("optimizer", []), ("weight_decay", 1e308),
], ids=lambda value: str(value)[:12])  # fmt: skip
def test_fit_refuses(name, value):
    assert answer(d2l.fit, name, net, GOOD, **({"epochs": 1, "lr": 0.1} | {name: value})) is REFUSED


@pytest.mark.parametrize("name, value", [
    ("batch_size", HUGE), ("batch_size", np.int64(3)), ("lr", np.float32(0.1)), ("weight_decay", Fraction(1, 3)),
], ids=lambda value: str(value)[:12])  # fmt: skip
def test_fit_takes(name, value):
    assert answer(d2l.fit, name, net, GOOD, **({"epochs": 1, "lr": 0.1} | {name: value})) is not REFUSED


def test_a_device_is_refused_without_a_word(monkeypatch):
    """Some versions of PyTorch give no reason."""
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: exec("raise RuntimeError"))
    with pytest.raises(ValueError, match=r"device must be .*, not b'\\x80': RuntimeError"):
        checks.device(b"\x80")


def test_a_device_is_the_one_named():
    assert str(checks.device("cpu:0")) == "cpu:0"


# ---- figures ----


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


values = st.one_of(tensors(dtypes=(*FLOATS, *INTEGERS)), anything)
axes = st.one_of(st.none(), st.none(), anything)


@given(values, st.one_of(values, st.dictionaries(st.sampled_from("ab"), values)), axes)
@example(torch.arange(3), {"a": torch.ones(3, dtype=torch.bfloat16)}, None)
@example(None, {"a": None}, None)
@example([1, 2], {"a": [1j, 2]}, None)
def test_plot(x, lines, ax):
    plt.clf()
    got = answer(plots.plot, "x lines ax", x, lines, ax=ax)
    if got is not REFUSED:
        for line, y in zip(got.get_lines(), lines.values(), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), [float(v) for v in y])
            np.testing.assert_array_equal(line.get_xdata(), [float(v) for v in x])


@given(values, values, axes)
@example([1, 2], torch.empty(0, 2), None)
@pytest.mark.filterwarnings("error")
def test_band(x, lines, ax):
    plt.clf()
    got = answer(plots.band, "x values ax", x, lines, ax=ax)
    if got is not REFUSED:
        for k, middle in enumerate(got.get_lines()[0].get_ydata()):
            column = sorted(v for v in (float(row[k]) for row in lines) if not math.isnan(v))
            assert not column or column[0] <= middle <= column[-1] or math.isnan(middle)


@pytest.mark.filterwarnings("error")
def test_an_epoch_that_no_seed_ran_leaves_a_gap():
    nothing = np.array([[1.0, math.nan], [3.0, math.nan]])
    line = plots.band([1, 2], nothing).get_lines()[0]
    np.testing.assert_array_equal(line.get_ydata(), [2, math.nan])


@given(anything, anything, axes)
def test_curves_of_no_history(history, quantity, ax):
    assert answer(plots.curves, "history quantity ax", history, quantity, ax=ax) is REFUSED


@given(values, st.one_of(st.none(), anything), st.one_of(st.just(8), numbers), st.one_of(st.just(0.9), numbers))
@example(torch.zeros(2, 3, 3), "ab", 0, 0.9)
@example(torch.zeros(2, 3, 3), None, 8, 0)
@example(torch.full((1, 2, 2), 255, dtype=torch.uint8), None, 8, 0.9)
@example(torch.zeros(1, 0, 2), None, 8, 0.9)
@settings(max_examples=40)
def test_images(pictures, titles, columns, size):
    if is_count(columns) and columns > 100 or isinstance(size, int | float) and size > 100:
        return  # a right answer, and a very large one
    got = answer(plots.images, "pictures titles columns size", pictures, titles, columns=columns, size=size)
    if got is not REFUSED:
        shown = [ax.images[0].get_array() for ax in got.flat if ax.images]
        assert len(shown) == len(pictures) and all(((p >= 0) & (p <= 1) | np.isnan(p)).all() for p in shown)
    plt.close("all")


@given(values, values, values, axes)
@example(torch.zeros(0, 2), [], [1, 2], None)
@example(torch.zeros(2, 1), [1, 2], ["a"], None)
@settings(max_examples=40)
def test_heatmap(cells, rows, columns, ax):
    plt.clf()
    got = answer(plots.heatmap, "values rows columns ax", cells, rows, columns, ax=ax)
    if got is not REFUSED:
        assert got.images[0].get_array().shape == (len(rows), len(columns))
    plt.close("all")


# ---- interactive figures ----

PANEL = {"xlim": (0, 10), "ylim": (0, 1)}
marks = st.one_of(st.tuples(values, values), st.tuples(values, values, values), anything)
frames = st.one_of(
    anything,
    st.builds(lambda answer: lambda **setting: answer, anything),
    st.builds(lambda mark, text: lambda **setting: ([{"f": mark}], text), marks, st.just("read") | anything),
)


def line(**setting):
    return [{"f": ([0, 5], [0, 1])}], "read"


@given(frames)
def test_sliders_with_any_frame(frame):
    got = answer(sliders, "frame", frame, [PANEL], a=[1, 2])
    if got is not REFUSED:
        (mark,), text = frame(a=1)[0][0].values(), frame(a=1)[1]
        assert text in got.data.replace("\\", "") or any(c in text for c in "&<>'\"") or not text.isascii()
        assert len(mark[0]) == len(mark[1]) and " nan" not in got.data and " inf" not in got.data


@given(st.dictionaries(st.sampled_from("ab"), anything, max_size=2), anything, anything)
@example({"a": "plain"}, None, ())
@example({"a": [1]}, None, "f")
@example({"a": [1]}, None, ["g"])
def test_sliders_with_any_grid(grid, start, dots):
    start = start if isinstance(start, dict | None) else {"a": start}
    got = answer(sliders, "slider grid start dots", line, [PANEL], start=start, dots=dots, **grid)
    if got is not REFUSED:
        assert not any(isinstance(values, str) for values in grid.values()) and not isinstance(dots, str)
        assert got.data.count('type="range"') == len(grid)


@given(st.sampled_from(["xlim", "ylim"]), st.one_of(anything, st.tuples(numbers, numbers)), st.booleans())
@example("ylim", (0, 1), True)
@example("xlim", (0, math.inf), False)
def test_sliders_with_any_limits(name, limits, log):
    panel = PANEL | {"ylim": (0.1, 1)} | {name: limits} | ({"yscale": "log"} if log else {})
    got = answer(sliders, "panel panels xlim ylim", line, [panel], a=[1])
    if got is not REFUSED:
        low, high = limits
        assert -math.inf < low < high < math.inf and (low > 0 or not log or name == "xlim")


@given(anything)
def test_sliders_with_any_panels(panels):
    answer(sliders, "panels panel frame", line, panels, a=[1])


# ---- the words ----


class Total(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)

    def forward(self, x):
        return super().forward(x).sum()


def fitted(**options):
    d2l.fit(**({"model": net, "train": GOOD, "epochs": 1, "lr": 0.1} | options))


def with_labels(*labels):
    return TensorDataset(X[: len(labels)], torch.tensor(labels))


def shown(**options):
    sliders(**({"frame": line, "panels": [PANEL | {"title": "T"}]} | ({"a": [1]} | options)))


WORDS = [
    (lambda: data.batches(0, 1), "n must be an integer, from 1 to 9223372036854775807, not 0"),
    (lambda: data.batches(1, 2.0), "batch_size must be an integer, at least 1, not 2.0"),
    (lambda: data.xor(4, math.inf), "noise must be a finite number, at least 0, not inf"),
    (lambda: data.xor(4, generator=2**64),
     "generator must be an integer, from -9223372036854775808 to 18446744073709551615, not 18446744073709551616"),
    (lambda: data.fashion_mnist(validation=-1), "validation must be an integer, from 0 to 59999, not -1"),
    (lambda: data.fashion_mnist(root="nowhere"), "root must be a folder that exists, not 'nowhere'"),
    (lambda: data.parse_idx("x"), "content must be bytes, not str"),
    (lambda: data.parse_idx(b""), "wrong magic number none, expected 000008 and the number of axes"),
    (lambda: d2l.accuracy([1], Y), "logits must be a tensor, not list"),
    (lambda: d2l.accuracy(X, 1), "labels must be a tensor, not int"),
    (lambda: d2l.accuracy(Y, Y), "logits must be of shape (n, q), not (7,)"),
    (lambda: d2l.accuracy(X + 0j, Y), "logits must be real, not torch.complex64"),
    (lambda: d2l.accuracy(X, Y[:2]), "labels must be of shape (7,), not (2,)"),
    (lambda: d2l.accuracy(X[:0], Y[:0]), "labels must be of at least one example, not 'an empty tensor'"),
    (lambda: d2l.accuracy(X, X[:, 0]), "labels must be int64, not torch.float32"),
    (lambda: d2l.accuracy(X, Y - 1), "labels must be from 0 to 3, not -1"),
    (lambda: d2l.accuracy(X, Y + 9), "labels must be from 0 to 3, not 11"),
    (lambda: d2l.evaluate(len, GOOD), "model must be or return an nn.Module, not builtin_function_or_method"),
    (lambda: d2l.evaluate(net(), [X, Y]), "dataset must be a TensorDataset of inputs and targets, not list"),
    (lambda: d2l.evaluate(net(), TensorDataset(X[:0], Y[:0])),
     "dataset must be a set of at least one example, not 'an empty set'"),
    (lambda: d2l.evaluate(net(), with_labels(0, 3)), "labels of dataset must be from 0 to 2, not 3"),
    (lambda: d2l.evaluate(nn.LSTM(4, 3), GOOD), "what model returns must be a tensor, not tuple"),
    (lambda: fitted(epochs=True), "epochs must be an integer, at least 1, not True"),
    (lambda: fitted(lr=0), "lr must be a finite number above 0, not 0"),
    (lambda: fitted(lr=1e39), "lr must be at most 3.40282e+38 for this model, not 1e+39"),
    (lambda: fitted(weight_decay=1e39), "weight_decay must be at most 3.40282e+38 for this model, not 1e+39"),
    (lambda: fitted(optimizer="SGD"), "optimizer must be one of sgd, adam, adamw, not 'SGD'"),
    (lambda: fitted(momentum=1), "momentum must be a finite number, at least 0 and below 1, not 1"),
    (lambda: fitted(momentum=0.5, optimizer="adam"), "momentum must be 0 for adam, not 0.5"),
    (lambda: fitted(patience=1), "val must be a data set when there is patience, not None"),
    (lambda: fitted(patience=0.5, val=GOOD), "patience must be an integer, at least 1, not 0.5"),
    (lambda: fitted(clip=-1), "clip must be a finite number above 0, not -1"),
    (lambda: fitted(seeds=()), "seeds must be one or more integers from 0 to 2**32 - 1, not ()"),
    (lambda: fitted(seeds=(1, 1)), "seeds must be all different, not (1, 1)"),
    (lambda: fitted(seeds=3), "seeds must be a sequence of integers such as range(5), not 3"),
    (lambda: fitted(model=net(), seeds=(1, 2)), "seeds must be one, for a ready module, not (1, 2)"),
    (lambda: fitted(model=3), "model must be an nn.Module or a function that returns one, not 3"),
    (lambda: fitted(model=nn.ReLU), "model must be a module with parameters to train, not 'ReLU'"),
    (lambda: fitted(schedule=3), "schedule must be a function of the epoch, not 3"),
    (lambda: fitted(schedule=lambda epoch: -1), "schedule(0) must be a finite number, at least 0, not -1"),
    (lambda: fitted(loss=3), "loss must be a function of outputs and targets, not 3"),
    (lambda: fitted(train=TensorDataset(X, X)),
     "loss must be given where targets are not int64 class labels, not None"),
    (lambda: fitted(train=TensorDataset(X, Y[:, None])), "labels of train must be of shape (n), not (7, 1)"),
    (lambda: fitted(val=with_labels(0, -1)), "labels of val must be from 0 to 2, not -1"),
    (lambda: fitted(train=TensorDataset(X, X[:, 0]), loss=F.mse_loss),
     "targets of train must be of the outputs' shape (n, 3), not (7,)"),
    (lambda: fitted(model=lambda: nn.Sequential(net(), nn.Flatten(0))),
     "model's outputs must be of shape (2, ...) for inputs (2, 4) torch.float32, not (6,)"),
    (lambda: fitted(model=lambda: nn.Sequential(net(), nn.Softmax(1), nn.Linear(3, 1), nn.Flatten(0))),
     "model's outputs must be of shape (n, classes, ...), not (2,)"),
    (lambda: fitted(model=Total),
     "model's outputs must be of shape (2, ...) for inputs (2, 4) torch.float32, not ()"),
    (lambda: fitted(loss=lambda o, y: o[:, :1]),
     "what loss returns must be one number, the mean over the examples, not (2, 1)"),
    (lambda: fitted(loss=lambda o, y: 1.0), "what loss returns must be a tensor, not float"),
    (lambda: plots.plot([1], 3), "lines must be a dict from label to values, not int"),
    (lambda: plots.plot([[1]], {}), "x has shape (1, 1); expected (n,)"),
    (lambda: plots.plot([1], {"a": ["b"]}),
     "lines['a'] must be real numbers, equally many in each row; they are of type <U1"),
    (lambda: plots.band([1], [1]), "values has shape (1,); expected (seeds, 1) for x of shape (1,)"),
    (lambda: plots.band([1], [[1]], ax=3), "ax must be the Axes of a figure, not 3"),
    (lambda: plots.curves(3), "history must be a History, not int"),
    (lambda: plots.curves(3, "speed"), "quantity must be 'loss' or 'accuracy', got 'speed'"),
    (lambda: plots.images([1]), "pictures has shape (1,); expected (n, height, width), none of them 0"),
    (lambda: plots.images([[[2]]]), "pictures must be in [0, 1], not from 2 to 2"),
    (lambda: plots.images([[[1]]], 3), "titles must be a list of strings, not 3"),
    (lambda: plots.images([[[1]]], columns=0), "columns must be an integer, at least 1, not 0"),
    (lambda: plots.images([[[1]]], size=0), "size must be a finite number above 0, not 0"),
    (lambda: plots.heatmap([[1]], 3, []), "rows must be a list of labels, not 3"),
    (lambda: plots.heatmap([[1]], [1], 3), "columns must be a list of labels, not 3"),
    (lambda: plots.heatmap([[1]], [1], []), "values has shape (1, 1) for 1 rows and 0 columns"),
    (lambda: shown(frame=3), "frame must be a function of the sliders' values, not 3"),
    (lambda: shown(frame=lambda a: ([], "r")),
     "frame({'a': 1}) fails or cannot be drawn: expected a dict for each of 1 panels and a sentence"),
    (lambda: shown(panels=3), "panels must be a list of dicts, not 3"),
    (lambda: shown(panels=[3]), "panels must be a list of dicts, not of 3"),
    (lambda: shown(panels=[{"xlim": (1, 0)}]),
     "xlim of panel '' must be two finite numbers, increasing, not (1, 0)"),
    (lambda: shown(panels=[{"xlim": (0, 1), "ylim": (0, 1), "yscale": "log", "title": "T"}]),
     "ylim of panel 'T' must be two finite numbers, increasing, above 0, not (0, 1)"),
    (lambda: shown(panels=[{}]), "xlim of panel '' must be a list of two numbers, not None"),
    (lambda: shown(a=3), "slider 'a' must be a list of values, not 3"),
    (lambda: shown(a="b"), "slider 'a' must be a list of values, not 'b'"),
    (lambda: shown(a=[None]), "slider 'a' must have numbers or strings as values, not None"),
    (lambda: shown(a=[]), "slider 'a' has no values"),
    (lambda: shown(dots=3), "dots must be a list of labels, not 3"),
    (lambda: shown(dots="f"), "dots must be a list of labels, not 'f'"),
    (lambda: shown(dots=["g"]), "dots names ['g'], which no frame has"),
    (lambda: shown(start={"b": 1}), "start names 'b', which is not a slider: ['a']"),
    (lambda: shown(start={"a": 2}), "start['a'] = 2 is not among its values [1]"),
    (lambda: sliders(line, [PANEL]), "grid is empty: give at least one slider, for example leak=[0, 0.1]"),
]  # fmt: skip


@pytest.mark.parametrize("call, words", WORDS, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_the_words_of_an_error(call, words):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert str(error.value) == words

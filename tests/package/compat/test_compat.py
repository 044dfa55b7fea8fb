"""`d2lmini.compat`: notes in the style it serves, run as notebooks and as scripts; its traps; loops by hand."""

import inspect
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

from d2lmini import compat as d2l  # noqa: E402
from d2lmini import data  # noqa: E402
from d2lmini.compat import figures, names  # noqa: E402

# As readers bring them: inputs that are run in memory and never stored, so without outputs and execution counts.
NOTES = sorted(Path(__file__).with_name("notes").glob("*.ipynb"))
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}


@pytest.fixture(autouse=True)
def fresh():
    figures._warn_once.cache_clear()
    torch.manual_seed(0)
    yield
    plt.close("all")


def examples(n=23, classes=3):
    return torch.randn(n, 5), torch.randint(0, classes, (n,))


def warned(function, *arguments):
    """The messages of the warnings that a call gives, and what it returns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*arguments)
    return [str(warning.message) for warning in caught], value


# ---- whole notes ----


def test_there_are_notes():
    assert [path.stem for path in NOTES] == ["d2lzh", "means", "mlp", "regression", "second", "softmax"]


def surprises(text):
    """The lines of warnings, but for the one that says that these short runs end early."""
    return [line for line in text.splitlines() if "Warning" in line and "training ended with" not in line]


def test_notes_run_as_notebooks(monkeypatch):
    """All in one kernel, each in an empty namespace: starting PyTorch takes longer than the notes."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel's own: inline
    notes = {path.stem: nbformat.read(path, as_version=4).cells for path in NOTES}
    for name, run in notes.items():
        run.insert(0, nbformat.v4.new_code_cell("%reset -f", id="reset"))
        for cell in run:
            cell.id = f"{name}-{cell.id}"
    cells = [cell for run in notes.values() for cell in run]
    NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=120, kernel_name="python3").execute()
    for cell in cells:
        outputs = cell.get("outputs", [])
        assert not surprises("".join(o.text for o in outputs if o.get("name") == "stderr")), cell.id
        if re.search(r"d2l\.plot\(|d2l\.train_ch3\(|= train\(", cell.source):
            # However often an Animator has drawn, its last picture alone is left. The notes of d2lzh print.
            drawn = sum("image/svg+xml" in o.get("data", {}) for o in outputs)
            assert drawn == (0 if "d2lzh" in cell.id and "train_ch3" in cell.source else 1), cell.id


def test_notes_run_as_plain_scripts(tmp_path):
    """All in one process, each in a namespace of its own: starting PyTorch takes longer than the notes."""
    for path in NOTES:
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        lines = [line for line in "\n".join(cells).splitlines() if not line.startswith("%")]
        (tmp_path / path.with_suffix(".py").name).write_text("\n".join(lines))
    program = """
import runpy, sys
from d2lmini import compat
for path in sys.argv[1:]:
    runpy.run_path(path)
    compat.plt.close("all")
"""
    command = [sys.executable, "-c", program, *sorted(tmp_path.glob("*.py"))]
    done = subprocess.run(command, env=ENVIRONMENT | {"MPLBACKEND": "Agg"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (line,) = surprises(done.stderr)
    assert "curves that grow are shown in notebooks" in line


def test_importing_brings_no_matplotlib_ipython_or_vision_library_and_changes_nothing():
    program = """
import sys, torch, warnings
state = torch.get_rng_state()
from d2lmini import compat
slow = {"matplotlib", "IPython", "torchvision", "pandas", "PIL", "pooch"} & set(sys.modules)
assert not slow, slow
assert torch.equal(torch.get_rng_state(), state)
warnings.simplefilter("ignore")  # an old Matplotlib, of what it imports
compat.plt
assert "matplotlib.pyplot" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], env=ENVIRONMENT, check=True)


CURVES = "xlabel ylabel legend xlim ylim xscale yscale fmts"
SIGNATURES = {
    "plot": f"X Y {CURVES} figsize axes",
    "set_axes": "axes xlabel ylabel xlim ylim xscale yscale legend",
    "set_figsize": "figsize",
    "use_svg_display": "",
    "show_images": "imgs num_rows num_cols titles scale",
    "Animator": f"{CURVES} nrows ncols figsize",
    "Accumulator": "n",
    "Timer": "",
    "synthetic_data": "w b num_examples",
    "data_iter": "batch_size features labels",
    "load_array": "data_arrays batch_size is_train",
    "load_data_fashion_mnist": "batch_size resize root",
    "get_fashion_mnist_labels": "labels",
    "get_dataloader_workers": "",
    "linreg": "X w b",
    "squared_loss": "y_hat y",
    "sgd": "params lr batch_size",
    "accuracy": "y_hat y",
    "evaluate_accuracy": "net data_iter device",
    "evaluate_accuracy_gpu": "net data_iter device",
    "evaluate_loss": "net data_iter loss",
    "train_epoch_ch3": "net train_iter loss updater",
    "train_ch3": "net train_iter test_iter loss num_epochs updater params lr optimizer",
    "predict_ch3": "net test_iter n",
    "try_gpu": "i",
    "try_all_gpus": "",
    "numpy": "x",
    "cpu": "",
    "gpu": "i",
    "num_gpus": "",
    "semilogy": "x_vals y_vals x_label y_label x2_vals y2_vals legend figsize",
    "show_fashion_mnist": "images labels",
    "add_to_class": "Class",
    "ProgressBoard": "xlabel ylabel xlim ylim xscale yscale ls colors fig axes figsize display",
    "Module": "plot_train_per_epoch plot_valid_per_epoch",
    "DataModule": "root num_workers",
    "Trainer": "max_epochs num_gpus gradient_clip_val",
    "SyntheticRegressionData": "w b noise num_train num_val batch_size",
    "LinearRegressionScratch": "num_inputs lr sigma",
    "LinearRegression": "lr",
    "SGD": "params lr",
    "FashionMNIST": "batch_size resize",
    "SoftmaxRegression": "num_outputs lr",
    "SoftmaxRegressionScratch": "num_inputs num_outputs lr sigma",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    assert list(inspect.signature(getattr(d2l, name)).parameters) == SIGNATURES[name].split()


def test_defaults():
    for name, defaults in {
        "plot": {"Y": None, "xscale": "linear", "fmts": ("-", "m--", "g-.", "r:"), "figsize": (3.5, 2.5)},
        "Animator": {"xlabel": None, "yscale": "linear", "nrows": 1, "ncols": 1, "figsize": (3.5, 2.5)},
        "show_images": {"titles": None, "scale": 1.5},
        "load_array": {"is_train": True},
        "load_data_fashion_mnist": {"resize": None, "root": None},
        "predict_ch3": {"n": 6},
        "try_gpu": {"i": 0},
    }.items():
        parameters = inspect.signature(getattr(d2l, name)).parameters
        assert {key: parameters[key].default for key in defaults} == defaults


def test_tensor_helpers_are_those_of_torch():
    x = torch.arange(6.0, requires_grad=True)
    assert d2l.reshape(x, (2, 3)).shape == d2l.reshape(x, 2, -1).shape == (2, 3)
    assert d2l.size(x) == 6 and d2l.reduce_sum(x) == 15
    assert d2l.reduce_sum(d2l.reshape(x, (2, 3)), 0, keepdim=True).tolist() == [[3, 5, 7]]
    assert d2l.argmax(d2l.reshape(x, (2, 3)), axis=1).tolist() == [2, 2]
    assert d2l.astype(x, torch.int64).dtype == torch.int64
    assert d2l.numpy(x).tolist() == [0, 1, 2, 3, 4, 5] and isinstance(d2l.numpy(x), np.ndarray)
    assert d2l.concat((x, x)).shape == (12,) and d2l.tensor is torch.tensor and d2l.torch is torch
    assert d2l.plt is plt
    matrix = d2l.ones(2, 3)
    assert d2l.reduce_mean(matrix, 0).shape == (3,) and d2l.transpose(matrix).shape == (3, 2)
    assert d2l.expand_dims(matrix, 1).shape == (2, 1, 3) and d2l.swapaxes(matrix, 0, 1).shape == (3, 2)
    assert d2l.to(matrix, d2l.cpu()).device.type == "cpu" and d2l.batch_matmul is torch.bmm
    assert d2l.nn_Module is d2l.nn.Module and d2l.data.DataLoader is DataLoader and d2l.np is np


# ---- data ----


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_and_random_state_are_those_of_a_dataloader_under_the_same_seed(shuffle):
    tensors = examples()
    runs = []
    for loader in (d2l.load_array(tensors, 5, shuffle), DataLoader(TensorDataset(*tensors), 5, shuffle=shuffle)):
        torch.manual_seed(3)
        runs.append(([batch for _ in range(2) for batch in loader], torch.get_rng_state(), len(loader)))
    (ours, state, steps), (theirs, their_state, their_steps) = runs
    assert steps == their_steps == 5 and torch.equal(state, their_state)
    for a, b in zip(ours, theirs, strict=True):
        assert type(a) is type(b) and all(map(torch.equal, a, b))
    reshuffled = not torch.equal(torch.cat([y for _, y in ours[:5]]), torch.cat([y for _, y in ours[5:]]))
    assert reshuffled == shuffle
    assert ours[4][0].shape == (3, 5)


def test_a_batch_may_be_changed_and_the_data_stay():
    tensors = examples()
    before = tensors[0].clone()
    for X, _ in d2l.load_array(tensors, 23, False):
        X.zero_()
    assert torch.equal(tensors[0], before)


def test_fashion_mnist_batches():
    train_iter, test_iter = d2l.load_data_fashion_mnist(256)
    X, y = next(iter(train_iter))
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((256, 1, 28, 28), torch.float32, (256,), torch.int64)
    assert (len(train_iter), len(test_iter)) == (235, 40)
    assert (len(train_iter.dataset), len(test_iter.dataset)) == (60_000, 10_000)
    assert train_iter.batch_size == 256 and X.min() == 0 and X.max() == 1
    first, second = (torch.cat([y for _, y in train_iter]) for _ in range(2))
    assert not torch.equal(first, second) and torch.equal(first.bincount(), second.bincount())
    _, _, test = data.fashion_mnist()
    images = torch.cat([X for X, _ in test_iter])
    assert torch.equal(images[:, 0], test.tensors[0])  # in their order


def test_a_copy_that_torchvision_has_made_is_tried_first(tmp_path, monkeypatch):
    roots, real = [], data.fashion_mnist
    monkeypatch.setattr(data, "fashion_mnist", lambda validation, root: roots.append(root) or real(validation=0))
    d2l.load_data_fashion_mnist(256, root=tmp_path)
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    d2l.load_data_fashion_mnist(256, root=str(tmp_path))
    assert roots == [None, raw]


@pytest.mark.parametrize("side", [(14, 20), 64])
def test_resized_images_are_those_of_pillow_up_to_its_rounding(side):
    X, y = next(iter(d2l.load_data_fashion_mnist(20, resize=side)[1]))
    height, width = side if isinstance(side, tuple) else (side, side)
    assert X.shape == (20, 1, height, width) and y.dtype == torch.int64
    originals = data.fashion_mnist()[2].tensors[0][:20]
    for image, original in zip(X[:, 0], originals, strict=True):
        pixels = Image.fromarray((original * 255).round().to(torch.uint8).numpy())
        expected = np.asarray(pixels.resize((width, height), Image.Resampling.BILINEAR)) / 255
        assert np.abs(image.numpy() - expected).max() <= 1 / 255


def test_class_names():
    assert d2l.get_fashion_mnist_labels(torch.tensor([0, 9, 1])) == ["t-shirt", "ankle boot", "trouser"]


def test_synthetic_data():
    X, y = d2l.synthetic_data(torch.tensor([2.0, -3.4]), 4.2, 1000)
    assert X.shape == (1000, 2) and y.shape == (1000, 1)
    noise = y[:, 0] - (X @ torch.tensor([2.0, -3.4]) + 4.2)
    assert 0.009 < noise.std() < 0.011 and abs(noise.mean()) < 0.002 and 0.9 < X.std() < 1.1
    X, y = d2l.synthetic_data(torch.ones(4, 1, dtype=torch.float64), torch.zeros(1), 3)
    assert y.shape == (3, 1) and X.dtype == y.dtype == torch.float64


def test_data_iter_is_one_epoch():
    X, y = torch.arange(10.0)[:, None], torch.arange(10)
    batches = list(d2l.data_iter(4, X, y))
    assert [len(b) for b, _ in batches] == [4, 4, 2] and all(torch.equal(a[:, 0], b.float()) for a, b in batches)
    labels = torch.cat([b for _, b in batches])
    assert labels.sort().values.tolist() == list(range(10)) != labels.tolist()


# ---- training ----


def mlp():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def per_example(outputs, y):
    return F.cross_entropy(outputs, y, reduction="none")


def by_hand(net, batches, lr):
    """The epoch with every step written out; returns loss and accuracy over the examples."""
    net.train()
    totals = np.zeros(3)
    for X, y in batches:
        outputs = net(X)
        loss = F.cross_entropy(outputs, y)
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        with torch.no_grad():
            for p, g in zip(net.parameters(), gradients, strict=True):
                p -= lr * g
        totals += loss.item() * len(y), (outputs.argmax(1) == y).sum().item(), len(y)
    return totals[:2] / totals[2]


KINDS = ["module and optimizer", "function and updater", "module and updater", "module, optimizer, mean",
         "module, updater, sum"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_is_the_loop_written_by_hand(kind):
    loss = LOSSES[kind.split()[-1]] if "," in kind else per_example
    batches = [(X, y) for X, y in d2l.load_array(examples(), 5)]  # the last one holds 3
    model, reference = mlp(), mlp()
    model.train("function and" in kind)  # a module is put into training mode, a function cannot be
    net = model if "module" in kind else (lambda X: model(X))
    parameters = list(model.parameters())
    updater = lambda batch_size: d2l.sgd(parameters, 0.3, batch_size)  # noqa: E731
    if "optimizer" in kind:
        updater = torch.optim.SGD(parameters, lr=0.3)
    torch.manual_seed(2)  # dropout
    measured = d2l.train_epoch_ch3(net, batches, loss, updater)
    torch.manual_seed(2)
    expected = by_hand(reference, batches, 0.3)
    assert np.allclose(measured, expected, rtol=1e-5) and isinstance(measured, tuple)
    for a, b in zip(parameters, reference.parameters(), strict=True):
        assert (a - b).abs().max() < 1e-6


def test_train_ch3_is_its_epochs_with_the_test_accuracy_after_each(monkeypatch):
    points = []
    monkeypatch.setattr(d2l.Animator, "add", lambda self, x, y: points.append((x, y)))
    train_iter, test_iter = (d2l.load_array(examples(), 5, train) for train in (True, False))
    rows = []
    for whole in (True, False):
        net = mlp()
        trainer = torch.optim.SGD(net.parameters(), lr=0.1)
        torch.manual_seed(4)
        if whole:
            warned(d2l.train_ch3, net, train_iter, test_iter, per_example, 2, trainer)
            assert not net.training
        else:
            for _ in range(2):
                loss, accuracy = d2l.train_epoch_ch3(net, train_iter, per_example, trainer)
                rows.append((loss, accuracy, d2l.evaluate_accuracy(net, test_iter)))
    assert points == [(1, rows[0]), (2, rows[1])]


def test_train_ch3_names_its_curves():
    net, batches = mlp(), [examples()]
    warned(d2l.train_ch3, net, batches, batches, per_example, 3, torch.optim.SGD(net.parameters(), lr=0.1))
    axes = plt.gca()
    assert (axes.get_xlabel(), axes.get_xlim(), axes.get_ylim()) == ("epoch", (1, 3), (0.3, 0.9))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train loss", "train acc", "test acc"]


def test_a_poor_run_ends_with_a_warning_and_not_with_an_error():
    model, batches = mlp(), [examples()]
    trainer = torch.optim.SGD(model.parameters(), lr=0.0)
    messages, _ = warned(d2l.train_ch3, model, batches, batches, per_example, 1, trainer)
    assert sum("training ended with loss" in message for message in messages) == 1
    X = torch.eye(3).repeat(8, 1)
    batches, model = [(X, torch.arange(3).repeat(8))], nn.Linear(3, 3)
    trainer = torch.optim.SGD(model.parameters(), lr=9)
    messages, _ = warned(d2l.train_ch3, model, batches, batches, per_example, 50, trainer)
    assert not any("training ended" in message for message in messages)


LOSSES = {
    "none": per_example,
    "mean": nn.CrossEntropyLoss(),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "function that averages": lambda outputs, y: per_example(outputs, y).mean(),
    "function that sums": lambda outputs, y: per_example(outputs, y).sum(),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_loss_is_reported_per_example_whatever_the_reduction(loss):
    X, y = examples()
    batches, model = d2l.load_array((X, y), 5), mlp()  # the last batch holds 3
    model[2].p = 0.0
    right = F.cross_entropy(model(X), y).item()
    share = (model(X).argmax(1) == y).sum().item() / 23
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    for updater in (still, lambda batch_size: None):
        _, (measured, accuracy) = warned(d2l.train_epoch_ch3, model, batches, loss, updater)
        assert abs(measured - right) < 1e-5 and accuracy == share
    assert abs(d2l.evaluate_loss(model, batches, loss) - right) < 1e-5


def test_a_mean_over_targets_of_several_numbers_is_weighted_by_all_of_them():
    X, Y = torch.randn(7, 5), torch.randn(7, 3)
    model = nn.Linear(5, 3)
    found = d2l.evaluate_loss(model, d2l.load_array((X, Y), 3), nn.MSELoss())
    assert abs(found - F.mse_loss(model(X), Y).item()) < 1e-6


def misfits(kind):
    """A loss and an updater whose steps have the wrong length, and what the warning must say."""
    model = mlp()
    parameters = list(model.parameters())
    if kind == "mean":
        return model, LOSSES["mean"], lambda batch_size: d2l.sgd(parameters, 0.1, batch_size), "too short"
    return model, LOSSES["sum"], torch.optim.SGD(parameters, lr=1e-3), "too long"


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_steps_of_the_wrong_length_are_warned_about_once_a_call_at_the_callers_line(kind):
    model, loss, updater, what = misfits(kind)
    batches = list(d2l.load_array(examples(20), 5))
    for _ in range(2):  # whoever runs the cell again sees it again
        for call in (
            lambda: d2l.train_epoch_ch3(model, batches, loss, updater),
            lambda: d2l.train_ch3(model, batches, batches, loss, 3, updater),
        ):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                call()
            (warning,) = [w for w in caught if "by the batch size" in str(w.message)]
            assert what in str(warning.message) and warning.filename == __file__


def test_no_workers_are_needed_and_a_dataloader_of_ones_own_runs():
    messages, workers = warned(d2l.get_dataloader_workers)
    assert workers == 0 and messages == []
    loader = DataLoader(TensorDataset(*examples(12)), batch_size=4, num_workers=workers)
    assert [len(y) for _, y in loader] == [4, 4, 4]


# ---- d2lzh_pytorch ----


def written_out_zh(model, batches, loss, rate, batch_size):
    """An epoch of train_ch3 in d2lzh_pytorch; returns the loss per example and the accuracy."""
    losses, right = [], 0
    for X, y in batches:
        outputs = model(X)
        gradients = torch.autograd.grad(loss(outputs, y).sum(), list(model.parameters()))
        with torch.no_grad():
            for p, g in zip(model.parameters(), gradients, strict=True):
                p -= rate * g / batch_size
        losses.append(per_example(outputs, y).detach())
        right += (outputs.argmax(1) == y).sum().item()
    return torch.cat(losses).mean().item(), right / sum(len(part) for part in losses)


@pytest.mark.parametrize("loss", ["none", "mean"])
@pytest.mark.parametrize("with_optimizer", [True, False])
def test_train_ch3_of_d2lzh_is_the_loop_written_out(capsys, loss, with_optimizer):
    batches = list(d2l.load_array(examples(), 5))
    model, reference = nn.Linear(5, 3), nn.Linear(5, 3)
    reference.load_state_dict(model.state_dict())
    parameters = list(model.parameters())
    loss, rate = LOSSES[loss], 0.3
    last = (None, None, torch.optim.SGD(parameters, lr=rate)) if with_optimizer else (iter(parameters), rate)
    messages, value = warned(d2l.train_ch3, model, batches, batches, loss, 2, 5, *last)
    assert messages == [] and value is None and model.training
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and not plt.get_fignums()
    for epoch, line in enumerate(lines, 1):
        expected = *written_out_zh(reference, batches, loss, rate, 1 if with_optimizer else 5), 0
        name, *measured = re.fullmatch(r"epoch (\d), loss (.*), train acc (.*), test acc (.*)", line).groups()
        assert int(name) == epoch and np.allclose([float(m) for m in measured[:2]], expected[:2], atol=1e-3)
    for a, b in zip(parameters, reference.parameters(), strict=True):
        assert (a - b).abs().max() < 1e-5


def test_accuracy_of_d2lzh_takes_the_data_first_and_goes_on_training():
    X, y = examples()
    model = mlp()
    right = (model.eval()(X).argmax(1) == y).sum().item() / 23
    assert d2l.evaluate_accuracy(d2l.load_array((X, y), 5), model) == right and model.training
    assert d2l.evaluate_accuracy_gpu(model, [(X, y)], d2l.cpu()) == right and not model.training
    modes = []

    def net(X, is_training=True):
        modes.append(is_training)
        return model(X)

    assert d2l.evaluate_accuracy([(X, y)], net) == d2l.evaluate_accuracy(net, [(X, y)], "cpu") == right
    assert modes == [False, False]


def test_layers_and_figures_of_d2lzh():
    assert d2l.FlattenLayer()(torch.ones(2, 1, 3, 4)).shape == (2, 12)
    d2l.semilogy([1, 2], [1.0, 10.0], "epochs", "loss", range(1, 3), [2.0, 20.0], ["train", "test"])
    axes = plt.gca()
    assert drawn() == [([1, 2], [1, 10]), ([1, 2], [2, 20])] and axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs", "loss") and axes.lines[1].get_linestyle() == ":"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train", "test"]
    plt.close("all")
    d2l.semilogy([1, 2], torch.tensor([1.0, 10.0]), "x", "y")
    assert len(plt.gca().lines) == 1
    assert d2l.show_fashion_mnist([torch.rand(1, 28, 28)] * 3, ["a", "b", "c"]) is None
    assert [ax.get_title() for ax in plt.gcf().axes] == ["a", "b", "c"]


# ---- names ----


def test_a_name_that_is_refused_says_what_to_use():
    for name, instead in names.REFUSED.items():
        with pytest.raises(AttributeError, match=f"no '{name}': ") as caught:
            getattr(d2l, name)
        assert instead in str(caught.value) and len(instead) > 20
    with pytest.raises(AttributeError, match="no 'unheard_of': compat covers linear networks"):
        d2l.unheard_of  # noqa: B018
    assert not hasattr(d2l, "__wrapped__")


def test_what_needs_torchvision_says_how_to_do_without(monkeypatch):
    for name in ("torchvision", "torchvision.transforms", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    for name in ("torchvision", "transforms"):
        with pytest.raises(
            AttributeError, match=f"no '{name}' without .*pip install torchvision, or replace"
        ) as caught:
            getattr(d2l, name)
    with pytest.raises(AttributeError, match="pip install pandas$"):
        d2l.pd  # noqa: B018
    line = re.search("mnist_train, .*", str(caught.value))[0]
    found = {"d2l": d2l}
    exec(line, found)
    assert (len(found["mnist_train"]), len(found["mnist_test"])) == (60_000, 10_000)
    image, label = found["mnist_train"][0]
    assert image.shape == (1, 28, 28) and d2l.get_fashion_mnist_labels([label]) == ["ankle boot"]
    loader = DataLoader(found["mnist_test"], batch_size=64, num_workers=d2l.get_dataloader_workers())
    assert next(iter(loader))[0].shape == (64, 1, 28, 28)
    monkeypatch.setitem(sys.modules, "torchvision", os)
    assert d2l.torchvision is os  # where it is installed, it is there


def test_the_package_itself_points_to_compat():
    import d2lmini

    for name in ("train_ch3", "Animator", "Trainer", "plt", "download", "zeros"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}': .*from d2lmini import compat as d2l"):
            getattr(d2lmini, name)
    for name in ("train_chapter", "_train_ch3"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'$"):
            getattr(d2lmini, name)
    for line in ("from d2lmini import torch as d2l", "from d2lmini import mxnet"):
        with pytest.raises(ImportError, match="from d2lmini import compat as d2l"):
            exec(line)


def test_every_name_is_on_the_page():
    page = Path(__file__).parents[3].joinpath("chapters/en/coming-from-d2l.md").read_text(encoding="utf-8")
    public = {name for name in dir(d2l) if not name.startswith("_")} - {
        "figures",
        "loaders",
        "names",
        "second",
        "training",
    }
    assert len(public) > 90
    missing = {name for name in public | names.KNOWN if not re.search(rf"`(d2l\.)?{name}\b", page)}
    assert missing == set()


# ---- what stays below a cell ----

CELLS = {
    "setup": """
import re, torch, warnings
from torch import nn
from d2lmini import compat as d2l
points = torch.randn(120, 4); kinds = (points[:, 0] > 0).long()
batches = d2l.load_array((points, kinds), 40)
net = nn.Linear(4, 2)
updater = lambda batch_size: d2l.sgd(list(net.parameters()), 0.1, batch_size)""",
    "first": "print('before'); d2l.train_ch3(net, batches, batches, nn.CrossEntropyLoss(), 3, updater)",
    "again": "print('before'); d2l.train_ch3(net, batches, batches, nn.CrossEntropyLoss(), 3, updater)",
    "loop": """
animator = d2l.Animator(xlim=[0, 70])
for i in range(60):
    animator.add(i, i % 2)
    if i == 5: warnings.warn("of one's own")
print("after")""",
    "on": "for i in range(60, 70): animator.add(i, i % 2)",
    "board": """
board = d2l.ProgressBoard("x")
for i in range(60): board.draw(i, i % 2, "zigzag", every_n=1)
d2l.plt.show()""",
    "broken": """
animator = d2l.Animator()
for i in range(40): animator.add(i, i % 2)
raise RuntimeError("on purpose")""",
}


def pieces(svg):
    """How many pieces the longest line of a picture has."""
    return max(len(re.findall(r"\bL ", path)) for path in re.findall(r' d="([^"]*)"', svg))


def test_a_growing_figure_is_one_picture_up_to_date_and_clears_nothing(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    cells = [nbformat.v4.new_code_cell(code, id=name) for name, code in CELLS.items()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3", allow_errors=True).execute()
    text, pictures = {}, {}
    for cell in notebook.cells:
        text[cell.id] = "".join(o.get("text", "") + o.get("evalue", "") for o in cell.outputs)
        pictures[cell.id] = [o.data["image/svg+xml"] for o in cell.outputs if "image/svg+xml" in o.get("data", {})]
    assert {name: len(found) for name, found in pictures.items()} == {name: name != "setup" for name in CELLS}, (
        text
    )
    for name in ("first", "again"):
        assert "before" in text[name] and text[name].count("too short by the batch size") == 1
        assert text[name].count("training ended with") <= 1
    assert "of one's own" in text["loop"] and "after\n" in text["loop"] and text["broken"] == "on purpose"
    grown = {name: pieces(pictures[name][0]) for name in ("loop", "on", "board", "broken")}
    assert grown == {"loop": 59, "on": 69, "board": 59, "broken": 39}


def test_an_animator_outside_notebooks_keeps_its_data_and_says_so_once(capfd):
    animator = d2l.Animator(xlabel="epoch", legend=["a", "b"], yscale="log")
    messages, _ = warned(animator.add, 1, (torch.tensor(2.0), 3))
    assert len(messages) == 1 and "in notebooks" in messages[0]
    assert warned(animator.add, 2, [4, None])[0] == []
    assert animator.X == [[1, 2], [1]] and animator.Y == [[2, 4], [3]]
    lines = animator.axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == animator.Y and animator.axes[0].get_yscale() == "log"
    several = d2l.Animator()
    several.add(np.array([1, 2]), torch.tensor([3.0, 4.0]))
    assert several.X == [[1], [2]] and several.Y == [[3], [4]]
    single = d2l.Animator()
    single.add(1, torch.tensor(0.5, requires_grad=True))
    assert tuple(single.fig.get_size_inches()) == (3.5, 2.5)
    assert single.Y == [[0.5]] and capfd.readouterr() == ("", "")


def test_accuracy_counts():
    scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.6, 0.4]])
    assert d2l.accuracy(scores, torch.tensor([1, 0, 1])) == 2.0
    assert d2l.accuracy(torch.tensor([1, 1]), torch.tensor([1, 0])) == 1.0  # predictions
    assert d2l.accuracy(torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 3.0])) == 1.0  # and (n, 1) against (n,)


def test_evaluation_is_over_examples_also_with_a_ragged_last_batch():
    X, y = examples()
    net = mlp()
    batches = d2l.load_array((X, y), 5, False)
    accuracy = d2l.evaluate_accuracy(net, batches)
    assert not net.training and accuracy == (net(X).argmax(1) == y).sum().item() / 23
    assert abs(d2l.evaluate_loss(net, batches, per_example) - F.cross_entropy(net(X), y).item()) < 1e-6
    model, targets = nn.Linear(5, 1), X[:, 0]  # targets (n,) for outputs (n, 1)
    loss = d2l.evaluate_loss(model, d2l.load_array((X, targets), 5), nn.MSELoss(reduction="none"))
    assert abs(loss - F.mse_loss(model(X)[:, 0], targets).item()) < 1e-6
    assert all(p.grad is None for p in model.parameters())


def test_squared_loss_and_sgd():
    w = torch.tensor([2.0], requires_grad=True)
    losses = d2l.squared_loss(d2l.linreg(torch.tensor([[1.0], [2.0]]), w, 1.0)[:, None], torch.tensor([1.0, 1.0]))
    assert losses.shape == (2, 1) and losses[:, 0].tolist() == [2, 8]
    losses.sum().backward()  # 2 + 4 * 2
    d2l.sgd([w], 0.1, 2)
    assert abs(w.item() - 1.5) < 1e-6 and w.grad.item() == 0


def test_accumulator_timer_and_devices():
    sums = d2l.Accumulator(2)
    sums.add(1, torch.tensor(2.5))
    sums.add(3, 1)
    assert sums[0] == 4 and sums[1] == 3.5
    sums.reset()
    assert sums.data == [0, 0]
    timer = d2l.Timer()
    first = timer.stop()
    timer.start()
    second = timer.stop()
    assert timer.sum() == first + second == timer.cumsum()[-1] and timer.avg() == timer.sum() / 2
    assert d2l.try_gpu(99) == torch.device("cpu") and d2l.try_gpu() == d2l.try_all_gpus()[0]


# ---- figures ----


def drawn():
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in plt.gca().lines]


def test_plot_takes_one_curve_or_several_of_any_kind():
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    d2l.plot(x, [x**2, np.array([1, 1])], "x", "y", legend=["a", "b"], ylim=[0, 5], xscale="log")
    assert drawn() == [([0, 2], [0, 4]), ([0, 2], [1, 1])]
    axes = plt.gca()
    assert (
        axes.get_ylim() == (0, 5)
        and axes.get_xscale() == "log"
        and (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    )
    d2l.plot([3, 4])  # clears, and counts from 0
    assert drawn() == [([0, 1], [3, 4])]
    d2l.plot([[1, 2], [3, 4, 5]], [x, [6, 7, 8]])
    assert drawn() == [([1, 2], [0, 2]), ([3, 4, 5], [6, 7, 8])]
    d2l.plot(x, torch.ones(5, 2))  # more curves than formats
    assert len(drawn()) == 5
    d2l.plot([7], xlim=(-1, 1))
    assert drawn() == [([0], [7])] and plt.gca().get_xlim() == (-1, 1)
    d2l.set_figsize((4, 3))
    assert plt.rcParams["figure.figsize"] == [4, 3]


def test_show_images_and_predictions():
    axes = d2l.show_images(torch.rand(5, 1, 4, 4), 2, 3, titles="abcde")
    assert axes.shape == (6,) and [len(ax.images) for ax in axes] == [1] * 5 + [0] and axes[1].get_title() == "b"
    assert len(d2l.show_images(torch.rand(9, 4, 4), 1, 2)) == 2  # the rest is not shown
    axes = d2l.show_images([np.eye(3), Image.new("L", (4, 2))], 1, 2)  # no tensors, no titles
    assert axes[0].images[0].get_array().tolist() == np.eye(3).tolist() and axes[1].get_title() == ""
    X, y = torch.rand(8, 1, 6, 6), torch.zeros(8, dtype=torch.int64)
    d2l.predict_ch3(lambda X: F.one_hot(torch.ones(len(X), dtype=torch.int64), 10), [(X, y)], n=3)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["t-shirt\ntrouser"] * 3


# ---- bad input ----


def grown_animator():
    animator = d2l.Animator()
    warned(animator.add, 1, [1, 2])
    return animator


NET, BATCHES = nn.Linear(5, 3), [examples()]
BAD = {
    "batch_size must be .*, not 0": [
        lambda: d2l.load_array(examples(), 0),
        lambda: d2l.load_data_fashion_mnist(0),
        lambda: d2l.data_iter(0, *examples()),
    ],
    "resize must be .*, not -3": [lambda: d2l.load_data_fashion_mnist(9, resize=(3, -3))],
    r"lengths of data_arrays must be equal and at least 1, not \[2, 3\]": [
        lambda: d2l.load_array([torch.ones(2), torch.ones(3)], 1)
    ],
    r"lengths of data_arrays must be equal and at least 1, not \[0\]": [
        lambda: d2l.load_array([torch.ones(0)], 1)
    ],
    "lengths of features and labels": [lambda: d2l.data_iter(1, torch.ones(2), torch.ones(3))],
    "data_arrays must be a tuple of tensors": [lambda: d2l.load_array(torch.ones(2, 2), 1)],
    "num_examples must be .*, not 2.5": [lambda: d2l.synthetic_data(torch.ones(1), 0, 2.5)],
    "train_iter must hold batches, but is empty": [lambda: d2l.train_epoch_ch3(NET, iter(()), per_example, print)],
    "data_iter must hold batches, but is empty": [
        lambda: d2l.evaluate_accuracy(NET, []),
        lambda: d2l.evaluate_loss(NET, [], per_example),
    ],
    r"X must be one or more curves, not \[\]": [lambda: d2l.plot([])],
    r"Y must be one or more curves, not \[\]": [lambda: d2l.plot([1], [])],
    "updater must be .*, not 0.1": [lambda: d2l.train_epoch_ch3(NET, BATCHES, per_example, 0.1)],
    "net must be a function, not 3": [lambda: d2l.train_epoch_ch3(3, BATCHES, per_example, print)],
    "loss must be .*, not 'mse'": [lambda: d2l.train_epoch_ch3(NET, BATCHES, "mse", print)],
    "num_epochs must be .*, not 0": [lambda: d2l.train_ch3(NET, BATCHES, BATCHES, per_example, 0, print)],
    r"y must be .*, not \(2,\)": [lambda: d2l.accuracy(torch.ones(3, 4), torch.ones(2))],
    r"args must be 2 numbers, not \(1,\)": [lambda: d2l.Accumulator(2).add(1)],
    r"params must be .* no optimizer, not None": [lambda: d2l.train_ch3(NET, BATCHES, BATCHES, per_example, 1, 9)],
    r"lr must be .* no optimizer, not None": [lambda: d2l.train_ch3(NET, BATCHES, BATCHES, per_example, 1, 9, [])],
    "batch_size must be .*, not -9": [lambda: d2l.train_ch3(NET, BATCHES, BATCHES, per_example, 1, -9, [], 0.1)],
    "max_epochs must be .*, not 0": [lambda: d2l.Trainer(max_epochs=0)],
    "images must be one or more": [lambda: d2l.show_fashion_mnist([], [])],
    "n must be at most 4": [lambda: d2l.predict_ch3(NET, [(torch.ones(4, 5), torch.ones(4))], n=6)],
    "X must be 1 curve or as many as Y, 3, not 2": [lambda: d2l.plot([[1], [2]], [[1], [2], [3]])],
    r"x must be .* 2 curves, not \[1, 2, 3\]": [lambda: d2l.Animator().add([1, 2, 3], [1, 2])],
    r"y must be .* 2 curves, not \[1, 2, 3\]": [lambda: grown_animator().add(1, [1, 2, 3])],
}


@pytest.mark.parametrize("message, call", [(message, call) for message, calls in BAD.items() for call in calls])
def test_bad_input_is_named(message, call):
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        call()

"""The classes of the second edition in `d2lmini.compat`: what they save, draw and take, and loops by hand."""

import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

from d2lmini import compat as d2l  # noqa: E402
from d2lmini.compat import second  # noqa: E402


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "curves that grow")
        yield
    plt.close("all")


class Pairs(d2l.DataModule):
    """23 examples to train on and 7 to validate on, in their order, and the loops over them counted."""

    def __init__(self, validate=True, batch_size=5):
        super().__init__()
        self.save_hyperparameters()
        self.X, self.y = torch.randn(30, 4), torch.randint(0, 3, (30,))

    def get_dataloader(self, train):
        if not train and not self.validate:
            return None
        return self.get_tensorloader((self.X, self.y), False, slice(0, 23) if train else slice(23, None))


class Net(d2l.Classifier):
    def __init__(self, lr, dropout=0.0):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(dropout), nn.Linear(6, 3))


def test_the_file_stays_short():
    assert len(Path(second.__file__).read_text(encoding="utf-8").splitlines()) <= 350


def test_hyperparameters_are_the_arguments_that_are_not_left_out():
    class Parts(d2l.HyperParameters):
        def __init__(self, a, b=2, *, _c=3):
            self.save_hyperparameters(ignore=["b"])

    parts = Parts(1)
    assert parts.hparams == {"a": 1} and parts.a == 1 and not hasattr(parts, "b") and not hasattr(parts, "_c")

    class More(Parts):
        def __init__(self, d):
            super().__init__(1)
            self.save_hyperparameters()

    assert More(4).hparams == {"d": 4} and More(4).a == 1


def test_a_method_can_be_added_later():
    net = Net(0.1)

    @d2l.add_to_class(Net)
    def half(self):
        return self.lr / 2

    assert net.half() == 0.05
    del Net.half


def test_a_board_draws_means_of_every_n_points():
    board = d2l.ProgressBoard(xlabel="x", yscale="log", xlim=[0, 9])
    for i in range(7):
        board.draw(torch.tensor(float(i)), torch.tensor(i + 1.0, requires_grad=True), "a", every_n=3)
        board.draw(i, 2.0, "b", every_n=0)  # fewer batches than points asked for: each is drawn
    assert board.data["a"] == [(1, 2), (4, 5)] and len(board.data["b"]) == 7
    first, second = board.axes.lines
    assert list(first.get_xdata()) == [1, 4] and list(first.get_ydata()) == [2, 5]
    assert [text.get_text() for text in board.axes.get_legend().get_texts()] == ["a", "b"]
    assert board.axes.get_yscale() == "log" and board.axes.get_xlim() == (0, 9)
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    silent = d2l.ProgressBoard(display=False)
    silent.draw(1, 2, "a")
    assert silent.data == {"a": [(1, 2)]} and silent.fig is None
    axes = plt.figure().gca()
    d2l.ProgressBoard(axes=axes).draw(1, 2, "a")
    assert len(axes.lines) == 1


def written_out(net, data, epochs, lr, clip=None):
    """Steps by hand; returns the loss of every minibatch, and loss and accuracy of each validation batch."""
    steps, losses, accuracies = [], [], []
    for _ in range(epochs):
        for X, y in data.train_dataloader():
            loss = F.cross_entropy(net(X), y)
            gradients = torch.autograd.grad(loss, list(net.parameters()))
            norm = torch.cat([g.flatten() for g in gradients]).norm()
            factor = min(1.0, clip / norm) if clip else 1.0
            with torch.no_grad():
                for p, g in zip(net.parameters(), gradients, strict=True):
                    p -= lr * factor * g
            steps.append(loss.item())
        for X, y in data.val_dataloader():
            losses.append(F.cross_entropy(net(X), y).item())
            accuracies.append((net(X).argmax(1) == y).float().mean().item())
    return steps, losses, accuracies


@pytest.mark.parametrize("clip", [0, 0.05])
def test_a_trainer_takes_the_steps_of_the_loop_written_out_and_plots_them(clip):
    data, model, reference = Pairs(), Net(lr=0.3), Net(lr=0.3)
    reference.load_state_dict(model.state_dict())
    d2l.Trainer(max_epochs=3, gradient_clip_val=clip).fit(model, data)
    steps, losses, accuracies = written_out(reference, data, 3, 0.3, clip)
    for a, b in zip(model.parameters(), reference.parameters(), strict=True):
        assert (a - b).abs().max() < 1e-5
    # 5 minibatches an epoch, 2 points: each is the mean of int(5 / 2) minibatches, and one is left at the end.
    points = model.board.data["train_loss"]
    assert np.allclose([p.y for p in points], np.reshape(steps[:14], (7, 2)).mean(1), atol=1e-5)
    assert np.allclose([p.x for p in points], (np.arange(7) * 2 + 0.5) / 5)
    for name, values in (("val_loss", losses), ("val_acc", accuracies)):  # 2 batches an epoch
        found = model.board.data[name]
        assert [p.x for p in found] == [1, 2, 3]
        assert np.allclose([p.y for p in found], np.reshape(values, (3, 2)).mean(1), atol=1e-5)
    assert model.board.axes.get_xlim() == (0, 3) and model.board.axes.get_xlabel() == "epoch"


def test_a_trainer_switches_modes_counts_and_does_without_validation():
    modes = []
    model, trainer = Net(lr=0.1, dropout=0.5), d2l.Trainer(max_epochs=2)
    model.net.register_forward_hook(
        lambda module, inputs, output: modes.append((module.training, output.requires_grad))
    )
    trainer.fit(model, Pairs())
    assert modes == 2 * (5 * [(True, True)] + 2 * [(False, False)])
    assert (trainer.epoch, trainer.train_batch_idx, trainer.val_batch_idx) == (1, 10, 4)
    assert (trainer.num_train_batches, trainer.num_val_batches, trainer.gpus) == (5, 2, [])
    trainer.fit(model, Pairs(validate=False))
    assert trainer.num_val_batches == 0 and model.training


def test_parts_of_a_trainer_can_be_replaced():
    class Doubled(d2l.Trainer):
        def prepare_batch(self, batch):
            X, y = batch
            return 2 * X, y

    data, model = Pairs(validate=False), Net(lr=0.0)
    seen = []
    model.net.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    Doubled(max_epochs=1).fit(model, data)
    assert torch.equal(torch.cat(seen), 2 * data.X[:23])


def test_an_optimiser_of_ones_own_and_that_of_torch_agree():
    data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, num_train=40, num_val=10, batch_size=8)
    scratch, model = d2l.LinearRegressionScratch(2, lr=0.05), d2l.LinearRegression(lr=0.025)  # half the squares
    model.apply_init([data.X[:1]], lambda m: None)
    with torch.no_grad():
        model.net.weight.copy_(scratch.w.T)
        model.net.bias.zero_()
    for each in (scratch, model):
        torch.manual_seed(1)
        d2l.Trainer(max_epochs=2).fit(each, data)
    w, b = model.get_w_b()
    assert (w.T - scratch.w).abs().max() < 1e-5 and (b - scratch.b).abs() < 1e-5
    assert scratch.board.data["val_loss"][-1].y < scratch.board.data["val_loss"][0].y


def test_synthetic_data():
    data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, noise=0.1, num_train=600, num_val=400)
    noise = data.y[:, 0] - (data.X @ torch.tensor([2, -3.4]) + 4.2)
    assert data.X.shape == (1000, 2) and data.y.shape == (1000, 1) and 0.09 < noise.std() < 0.11
    rows = [torch.cat([X for X, _ in loader]) for loader in (data.train_dataloader(), data.val_dataloader())]
    assert torch.equal(rows[1], data.X[600:]) and not torch.equal(rows[0], data.X[:600])
    assert torch.equal(rows[0].sort(0).values, data.X[:600].sort(0).values)
    assert (data.w.tolist(), data.batch_size) == ([2, pytest.approx(-3.4)], 32)


def test_fashion_mnist():
    data = d2l.FashionMNIST(batch_size=100, resize=(32, 20))
    assert (len(data.train), len(data.val)) == (60_000, 10_000)
    image, label = data.train[-1]
    assert image.shape == (1, 32, 20) and label.dim() == 0 and data.train[2:5][0].shape == (3, 1, 32, 20)
    X, y = next(iter(data.val_dataloader()))
    assert (
        X.shape == (100, 1, 32, 20) and torch.equal(X[0], data.val[0][0]) and len(data.train_dataloader()) == 600
    )
    assert data.text_labels(y[:2]) == ["ankle boot", "pullover"]
    data.visualize([X, y], nrows=2, ncols=3)
    titles = [axes.get_title() for axes in plt.gcf().axes]
    assert len(titles) == 6 and titles[0] == "ankle boot"
    data.visualize([X[:1], y[:1]], labels=["a\nb"])
    assert plt.gcf().axes[0].get_title() == "a\nb"
    assert torch.equal(d2l.FashionMNIST().val[0][0], d2l.FashionMNIST(resize=28).val[0][0])


def test_classifiers(capsys):
    model = Net(lr=0.1)
    X, y = torch.randn(6, 4), torch.randint(0, 3, (6,))
    right = (model(X).argmax(1) == y).float()
    assert model.accuracy(model(X), y) == right.mean() and torch.equal(model.accuracy(model(X), y, False), right)
    assert torch.equal(model.loss(model(X), y, averaged=False), F.cross_entropy(model(X), y, reduction="none"))
    assert model.loss(model(X)[None], y[None]) == F.cross_entropy(model(X), y)
    model.layer_summary((2, 4))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Linear", "output", "shape:", "(2,", "6)"] and len(lines) == 4


def test_softmax_regression_from_scratch_and_with_modules_agree():
    scratch, model = d2l.SoftmaxRegressionScratch(4, 3, lr=0.2), d2l.SoftmaxRegression(3, lr=0.2)
    X, data = torch.randn(2, 4), Pairs(validate=False)
    model.apply_init([X])
    with torch.no_grad():
        model.net[1].weight.copy_(scratch.W.T)
        model.net[1].bias.zero_()
    assert torch.allclose(scratch(X), model(X).softmax(1)) and scratch.parameters() == [scratch.W, scratch.b]
    for each in (scratch, model):
        d2l.Trainer(max_epochs=2).fit(each, data)
    assert (model.net[1].weight.T - scratch.W).abs().max() < 1e-5


def test_what_is_not_defined_is_named():
    with pytest.raises(NotImplementedError, match="Module must define loss"):
        d2l.Module().loss(1, 2)
    with pytest.raises(AttributeError, match="'net'"):
        d2l.Module()(torch.ones(1))
    with pytest.raises(AttributeError, match="'trainer'"):
        Net(0.1).plot("loss", 1, train=True)
    with pytest.raises(NotImplementedError, match="DataModule must define get_dataloader"):
        d2l.DataModule().train_dataloader()
    assert d2l.DataModule().num_workers == 0

"""`fit` against loops written by hand; stacked seeds against each alone; what is measured, refused and shown."""

import contextlib
import functools
import io
import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from jupyter_client.manager import start_new_kernel
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Subset, TensorDataset, random_split

import d2lmini as d2l
from d2lmini import data, fast, train

SEEDS = (3, 1, 7)
ONE_AND_SEVERAL = pytest.mark.parametrize("seeds", [(3,), SEEDS])


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def examples(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 12, generator=g, dtype=torch.float64)
    return TensorDataset(x, (x[:, :3] + torch.randn(n, 3, generator=g)).argmax(1))


def labelled(*labels):
    return TensorDataset(torch.ones(len(labels), 12, dtype=torch.float64), torch.tensor(labels, dtype=torch.int64))


TRAIN, VAL = examples(101, 0), examples(70, 1)  # 101 = 3 * 32 + 5: the last batch is ragged
X, Y = TRAIN.tensors
NUMBERS = TensorDataset(X, X[:, :1] * 2 - 1)  # a regression


def mlp():
    return nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))


def dropout_mlp():
    return nn.Sequential(
        nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 8), nn.Dropout(), nn.Linear(8, 3)
    )


def wide_mlp():  # and layers in layers, and one without bias
    one = nn.Sequential(nn.Linear(12, 1400), nn.ELU())
    return nn.Sequential(nn.Flatten(), one, nn.Linear(1400, 3, bias=False))


def batch_norm():
    # No bias before batch norm: its gradient is rounding noise, which Adam blows up to full steps.
    one = nn.Sequential(nn.Linear(12, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU())
    return nn.Sequential(one, nn.Dropout(0.3), nn.Linear(8, 3))


def convolution():
    return nn.Sequential(nn.Unflatten(1, (1, 3, 4)), nn.Conv2d(1, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(24, 3))


def with_a_hook():
    model = mlp()
    model[0].register_forward_hook(lambda module, arguments, out: 2 * out)
    return model


class FromScratch(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.randn(12, 8) * 0.3), nn.Parameter(torch.zeros(8))
        self.W2, self.b2 = nn.Parameter(torch.randn(8, 3) * 0.3), nn.Parameter(torch.zeros(3))
        self.dropout, self.gain = nn.Dropout(0.5), torch.rand(()).item()
        self.register_buffer("mean", torch.zeros(12))

    def hidden(self, x):
        return torch.relu(x @ self.W1 + self.b1)

    def forward(self, x):
        return self.hidden(x) @ self.W2 + self.b2


class FunctionalDropout(FromScratch):
    def hidden(self, x):
        return F.dropout(super().hidden(x), 0.5, self.training)


class ModuleDropout(FromScratch):
    def hidden(self, x):
        return self.dropout(super().hidden(x))


class OwnDropout(FromScratch):  # draws from PyTorch's global generator
    def hidden(self, x):
        h = super().hidden(x)
        return h * (torch.rand_like(h) >= 0.5) / 0.5 if self.training else h


class DataDependent(FromScratch):
    def forward(self, x):
        out = super().forward(x)
        return out if out.mean() > 0 else 2 * out


class ReplacesItsBuffer(FromScratch):
    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return super().forward(x - self.mean)


class HiddenInTraining(FromScratch):  # a number of each seed's own, outside parameters and buffers
    def forward(self, x):
        return super().forward(self.gain * x if self.training else x)


class HiddenInEvaluation(FromScratch):
    def forward(self, x):
        return super().forward(x if self.training else self.gain * x)


def by_hand(model, optimizer, epochs=3, clip=None, rate=None):
    """The loop that a chapter writes; returns the mean training loss of every epoch."""
    generator, losses = torch.Generator().manual_seed(3), []
    for epoch in range(epochs):
        total = 0.0
        for group in optimizer.param_groups if rate else []:
            group["lr"] = rate(epoch)
        for index in d2l.data.batches(len(X), 32, generator):
            loss = F.cross_entropy(model(X[index]), Y[index])
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(index)
        losses.append(total / len(X))
    return losses


def built(make_model, seed=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make_model()


def fit(make_model, train=TRAIN, **options):
    return d2l.fit(make_model, train, **{"epochs": 3, "lr": 0.1, "batch_size": 32, "seeds": (3,)} | options)


def assert_same(model, other, tolerance=0.0):
    for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
        assert (a - b).abs().max() <= tolerance


# ---- the steps ----


@pytest.mark.parametrize("make_model", [mlp, FromScratch])
@pytest.mark.parametrize("optimizer, kind, options", [
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    ("Adam", torch.optim.Adam, {"betas": (0.5, 0.9)}),
    (torch.optim.Adafactor, torch.optim.Adafactor, {}),
])  # fmt: skip
def test_one_seed_takes_the_steps_of_the_loop_written_by_hand(optimizer, kind, options, make_model):
    model = built(make_model)
    losses = by_hand(model, kind(model.parameters(), lr=0.1, **options))
    history = fit(make_model, optimizer=optimizer, **options)
    assert_same(history.models[0], model)  # every bit of every weight
    assert np.allclose(history.train_loss[0], losses, rtol=1e-14, atol=0) and not history.diverged.any()


@ONE_AND_SEVERAL
def test_decay_on_weights_only(seeds):
    model = built(mlp)
    weights, biases = ([p for p in model.parameters() if p.dim() == axes] for axes in (2, 1))
    by_hand(model, torch.optim.SGD([{"params": weights, "weight_decay": 0.3}, {"params": biases}], lr=0.1))
    assert_same(fit(mlp, weight_decay=0.3, decay_bias=False, seeds=seeds).models[0], model, 1e-14)


@ONE_AND_SEVERAL
def test_falling_rates_and_clipping(seeds):
    model = built(mlp)
    by_hand(model, torch.optim.SGD(model.parameters(), lr=1.0), clip=0.1, rate=lambda epoch: 0.5 * (1 - epoch / 3))
    for options in ({"lr": 0.5, "schedule": lambda epoch: 1 - epoch / 3}, {"lr": lambda share: 0.5 * (1 - share)}):
        assert_same(fit(mlp, clip=0.1, seeds=seeds, **options).models[0], model, 1e-14)


@pytest.mark.parametrize("make_model", [mlp, dropout_mlp, wide_mlp, batch_norm, convolution, FromScratch])
@pytest.mark.parametrize("options", [{"momentum": 0.9}, {"optimizer": "adamw"}])
def test_a_seed_in_a_stack_is_the_same_seed_alone(make_model, options, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)  # large products are shared out between threads
    options = options | {"weight_decay": 0.01, "clip": 0.5, "val": VAL, "lr": 0.05}
    together = fit(make_model, seeds=SEEDS, **options)
    assert together.stacked and together.seeds == SEEDS
    for k, seed in enumerate(SEEDS):
        alone = fit(make_model, seeds=(seed,), **options)
        assert_same(together.models[k], alone.models[0], 1e-10)
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            a, b = getattr(together, name)[k], getattr(alone, name)[0]
            assert a.shape == (3,) and np.allclose(a, b, rtol=0, atol=1e-10), name
        assert abs(d2l.evaluate(together.models[k], VAL)[0] - together.val_loss[k, -1]) < 1e-10
    assert len(set(together.train_loss[:, 0])) == 3  # and the seeds differ


ALL = "SGD Adam AdamW Adamax NAdam RAdam RMSprop Adagrad Adadelta Rprop ASGD".split()  # noqa: SIM905


@pytest.mark.parametrize("name", [*ALL, "Adafactor"])
def test_every_optimiser_of_torch_trains_several_seeds_as_each_alone(name):
    kind = getattr(torch.optim, name)
    together = fit(mlp, optimizer=kind, lr=0.01, seeds=SEEDS)
    assert together.stacked == (name in ALL)
    assert_same(together.models[1], fit(mlp, optimizer=kind, lr=0.01, seeds=SEEDS[1:2]).models[0], 1e-9)


@pytest.mark.parametrize("make_model", [
    OwnDropout, DataDependent, ReplacesItsBuffer, HiddenInTraining, HiddenInEvaluation, with_a_hook,
])  # fmt: skip
def test_what_cannot_be_stacked_trains_one_after_the_other_and_says_so(make_model):
    together = fit(make_model, seeds=SEEDS, val=VAL)
    assert not together.stacked and together.seeds == SEEDS and len(together.models) == 3
    for k, seed in enumerate(SEEDS):
        alone = fit(make_model, seeds=(seed,), val=VAL)
        assert_same(together.models[k], alone.models[0])
        assert np.array_equal(together.val_loss[k], alone.val_loss[0])


def test_the_fast_path_is_taken_by_common_layers_alone():
    def written_out(model):
        return fast.written_out(model, {name: p[None] for name, p in model.named_parameters()}, {})

    model, inputs = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(12, 3), nn.ReLU())), torch.ones(1, 2, 3, 4)
    assert torch.allclose(written_out(model)(inputs)[0], model(inputs[0]), rtol=1e-14)
    for other in (nn.Flatten(0), nn.Softmax(1), nn.Conv2d(1, 1, 2)):
        with pytest.raises(TypeError):
            written_out(nn.Sequential(other))


def test_the_fast_path_changes_nothing_but_the_time():
    code = """
import sys
if sys.argv[1:]:
    sys.modules["d2lmini.fast"] = None
import d2lmini as d2l
from torch import nn
make = lambda: nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 2))
run = d2l.fit(make, d2l.data.xor(101, generator=0), seeds=3, epochs=2, lr=0.1)
print(run.stacked, *run.train_loss.ravel().round(4))
"""
    with_it, without = (
        subprocess.run([sys.executable, "-c", code, *more], check=True, capture_output=True, text=True).stdout
        for more in ([], ["without"])
    )
    assert with_it == without and with_it.startswith("True")


# ---- dropout ----


@ONE_AND_SEVERAL
def test_dropout_as_a_function_is_stacked_and_is_the_layer(seeds):
    function, layer = fit(FunctionalDropout, seeds=seeds), fit(ModuleDropout, seeds=seeds)
    assert function.stacked == (len(seeds) > 1) and np.array_equal(function.train_loss, layer.train_loss)
    assert not np.array_equal(function.train_loss, fit(FromScratch, seeds=seeds).train_loss)


def masks(p, seed=3, n=2000):
    """What dropout leaves of ones, (epochs, examples, units)."""
    seen = []

    class Seen(nn.Linear):
        def forward(self, x):
            h = F.dropout(torch.ones_like(x), p, self.training)
            seen.extend([h.detach()] if self.training else [])
            return super().forward(h)

    dataset = TensorDataset(torch.zeros(n, 40), torch.zeros(n, dtype=torch.int64))
    d2l.fit(Seen(40, 3), dataset, epochs=2, lr=0.1, batch_size=n, seeds=(seed,))
    return torch.stack(seen)


@pytest.mark.parametrize("p", [0.2, 0.9])
def test_dropout_masks_have_the_right_values_mean_and_no_correlation(p):
    m = masks(p)
    zero, kept = m.unique().tolist()
    assert zero == 0 and abs(kept - 1 / (1 - p)) < 1e-3 * kept
    sigma = (p / (1 - p)) ** 0.5
    lanes = m.view(-1, 4)  # neighbours, which may come from one draw
    assert ((lanes.mean(0) - 1).abs() < 4 * sigma / len(lanes) ** 0.5).all()
    first, second = (m.flatten(1) - 1) / sigma
    other = (masks(p, seed=4)[0].flatten() - 1) / sigma
    bound = 4 / len(first) ** 0.5
    assert abs((first * second).mean()) < bound and abs((first * other).mean()) < bound  # between steps, seeds
    for lag in range(1, 9):  # between places
        assert abs((first[lag:] * first[:-lag]).mean()) < bound, lag


def test_the_ends_of_the_range_of_p():
    assert masks(0.0, n=2).unique().tolist() == [1] and masks(1.0, n=2).unique().tolist() == [0]
    for p in (-0.1, 1.5):
        with pytest.raises(ValueError, match=f"p.* {p}"):
            masks(p)


# ---- what is measured ----


@ONE_AND_SEVERAL
def test_losses_are_means_over_examples_and_hold_no_penalty(seeds):
    val = examples(5000, 2)  # more than one forward pass, and ragged
    history = fit(mlp, val=val, epochs=1, lr=1e-14, weight_decay=100.0, seeds=seeds)  # the weights stay
    for k, seed in enumerate(seeds):
        model = built(mlp, seed)
        for (x, y), loss, accuracy in (
            (TRAIN.tensors, history.train_loss, history.train_accuracy),
            (val.tensors, history.val_loss, history.val_accuracy),
        ):
            assert abs(loss[k, 0] - F.cross_entropy(model(x), y).item()) < 1e-10
            assert accuracy[k, 0] == (model(x).argmax(1) == y).sum().item() / len(x)


@ONE_AND_SEVERAL
def test_regression_with_any_loss(seeds):
    def half_squared_error(outputs, targets):
        return ((outputs - targets) ** 2 / 2).mean()

    options = {"epochs": 40, "seeds": seeds, "val": NUMBERS}
    own = fit(lambda: nn.Linear(12, 1), NUMBERS, loss=half_squared_error, lr=0.1, **options)
    assert own.stacked == (len(seeds) > 1) and not own.diverged.any() and (own.val_loss[:, -1] < 1e-6).all()
    assert np.isnan(own.train_accuracy).all() and np.isnan(own.val_accuracy).all()
    named = fit(lambda: nn.Linear(12, 1), NUMBERS, loss=F.mse_loss, lr=0.05, **options)
    assert np.allclose(named.val_loss, 2 * own.val_loss, rtol=1e-9)  # twice the loss at half the rate
    whole = fit(lambda: nn.Linear(12, 1), (X, Y[:, None]), lr=0.01, loss=half_squared_error, seeds=seeds)
    assert np.isfinite(whole.train_loss).all() and not whole.diverged.any()
    assert np.isnan(whole.train_accuracy).all()  # whole numbers, no classes


def test_a_diverging_seed_is_marked_and_the_others_do_not_notice():
    def make():
        model = mlp()
        if torch.initial_seed() == 1:
            model[0].weight.data *= 1e200
        return model

    together = fit(make, seeds=SEEDS, val=VAL, lr=0.5)
    assert together.stacked and together.diverged.tolist() == [False, True, False]
    assert not np.isfinite(together.train_loss[1]).any()
    assert_same(together.models[2], fit(make, seeds=SEEDS[2:], lr=0.5).models[0], 1e-10)


@ONE_AND_SEVERAL
def test_divergence_is_seen_in_the_validation_loss_and_in_the_very_last_step(seeds):
    broken = TensorDataset(torch.full_like(VAL.tensors[0], math.nan), VAL.tensors[1])
    history = fit(mlp, val=broken, seeds=seeds)
    assert np.isfinite(history.train_loss).all() and history.diverged.all()
    history = fit(mlp, epochs=1, lr=1e308, batch_size=101, momentum=0.9, weight_decay=1e308, seeds=seeds)
    assert np.isfinite(history.train_loss).all() and history.diverged.all()


def test_early_stopping_puts_the_best_weights_back():
    noise = TensorDataset(X, Y[torch.randperm(101, generator=torch.Generator())])
    options = {"train": noise, "val": VAL, "epochs": 60, "lr": 0.5, "patience": 4}
    together = fit(batch_norm, seeds=SEEDS, **options)
    assert together.stacked and len(set(together.epochs)) > 1 and (together.epochs < 60).all()
    for k, seed in enumerate(SEEDS):
        ran, losses = together.epochs[k], together.val_loss[k]
        assert np.isfinite(losses[:ran]).all() and np.isnan(losses[ran:]).all()
        assert np.isnan(together.train_loss[k, ran:]).all() and not together.diverged[k]
        assert ran == np.nanargmin(losses) + 1 + 4
        assert d2l.evaluate(together.models[k], VAL)[0] == np.nanmin(losses)  # to the last bit
        alone = fit(batch_norm, seeds=(seed,), **options)
        assert alone.epochs[0] == ran
        assert_same(together.models[k], alone.models[0], 1e-10)


def test_a_history_is_frozen_and_prints_a_summary():
    history = fit(mlp, val=VAL, seeds=SEEDS)
    with pytest.raises(AttributeError):
        history.train_loss = None
    last = np.median(history.val_loss[:, -1])
    assert f"val_loss {last:.3g}" in str(history) and len(str(history)) < 200 and "val_loss" not in str(fit(mlp))


def test_evaluate_puts_every_mode_back_and_takes_several_models():
    model = built(dropout_mlp)
    model[2].eval()
    modes = [m.training for m in model.modules()]
    loss, share = d2l.evaluate(model, VAL)
    assert [m.training for m in model.modules()] == modes
    x, y = VAL.tensors
    model.eval()
    assert abs(loss - F.cross_entropy(model(x), y).item()) < 1e-12 and share == d2l.accuracy(model(x), y)
    history = fit(dropout_mlp, seeds=SEEDS)
    assert not any(m.training for model in history.models for m in model.modules())
    each = np.array([d2l.evaluate(m, VAL) for m in history.models])
    for several in (history, history.models):
        assert np.array_equal(np.transpose(d2l.evaluate(several, VAL)), each)


def test_accuracy_counts():
    logits, zeros = torch.tensor([[2.0, 1], [0, 3], [5, 4], [math.nan, 1]]), torch.zeros(4, dtype=torch.int64)
    assert d2l.accuracy(logits, zeros) == 2 / 4 and d2l.accuracy(logits[:3], zeros[:3]) == 2 / 3
    for rows, bad in ((4, zeros[:2]), (4, zeros - 1), (4, zeros + 2), (4, zeros.double()), (0, zeros[:0])):
        with pytest.raises(ValueError, match="^labels"):
            d2l.accuracy(logits[:rows], bad)


# ---- models, data and seeds as a student has them ----


def test_a_ready_module_is_trained_in_place():
    model, other = built(mlp), built(mlp)
    assert fit(model).models[0] is model
    assert_same(model, fit(lambda: other).models[0])


def test_a_model_of_several_is_saved_alone():
    one, last = io.BytesIO(), io.BytesIO()
    for file, seeds in ((one, 1), (last, 5)):
        history = fit(mlp, seeds=seeds)
        torch.save(history.models[-1].state_dict(), file)
        assert all(p.grad is None for p in history.models[-1].parameters())
    assert len(one.getvalue()) == len(last.getvalue())


def test_global_random_state_is_neither_used_nor_changed():
    runs = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        runs.append([fit(make, seeds=SEEDS).train_loss for make in (dropout_mlp, OwnDropout)])
        assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(runs[0], runs[1])


def test_data_may_be_a_pair_or_a_subset_of_a_subset():
    even = torch.arange(0, 101, 2)
    pair = (X[even], Y[even])
    expected = fit(mlp, TensorDataset(*pair), val=VAL)
    for part, val in ((pair, list(VAL.tensors)), (Subset(Subset(TRAIN, range(101)), even.tolist()), VAL)):
        history = fit(mlp, part, val=val)
        assert_same(history.models[0], expected.models[0])
        assert np.array_equal(history.val_loss, expected.val_loss)
        assert d2l.evaluate(history, part)[0] == d2l.evaluate(expected, pair)[0]
    part, rest = random_split(TRAIN, [60, 41])
    assert fit(mlp, part, val=rest, seeds=2).seeds == (0, 1)  # an int is that many seeds
    assert d2l.fit(mlp, part, epochs=1, lr=0.1).seeds == (0,)


# ---- wrong arguments ----

BAD = [
    (r"epochs .*\b0", {"epochs": 0}), (r"epochs .*2\.5", {"epochs": 2.5}), ("lr .*-1", {"lr": -1}),
    ("lr .*inf", {"lr": math.inf}), ("lr .*nan", {"lr": math.nan}), ("lr .*-1", {"schedule": lambda _: -10.0}),
    (r"batch_size .*\b0", {"batch_size": 0}), (r"batch_size .*1\.5", {"batch_size": 1.5}),
    ("optimizer .*'sdg'", {"optimizer": "sdg"}), ("optimizer .*Linear", {"optimizer": nn.Linear}),
    ("weight_decay", {"weight_decay": -0.1}), ("momentun", {"momentun": 0.9}),
    ("momentum", {"momentum": 0.9, "optimizer": "adam"}), (r"seeds .*\[\]", {"seeds": 0}),
    (r"seeds .*0\.5", {"seeds": (0.5,)}), ("seeds .*3", {"seeds": SEEDS, "model": mlp()}),
    ("clip .*0", {"clip": 0}), ("patience .*0", {"patience": 0}), ("val .*None", {"patience": 3, "val": None}),
    (r"val .*\b0, 0\b", {"val": labelled()}), ("val .*list", {"val": list(VAL)}), ("train .*Tensor", {"train": X}),
    ("train .*TensorDataset", {"train": TensorDataset(X)}), (r"train .*\b101, 3\b", {"train": (X, Y[:3])}),
    ("train .*tuple", {"train": (X.numpy(), X.numpy())}), ("loss", {"train": NUMBERS}),
    ("train .*DataLoader", {"train": torch.utils.data.DataLoader(TRAIN)}),
    (r"labels of train .*\b3$", {"train": labelled(0, 1, 2, 3)}),
    ("labels of train .*-1$", {"train": labelled(0, 1, 2, -1)}), (r"labels of val .*\b3$", {"val": labelled(3)}),
    (r"train, .*\(2, 1\)", {"train": (X, Y[:, None])}),
    (r"targets of train .*\(2,\)", {"train": (X, X[:, 0]), "loss": F.mse_loss, "model": lambda: nn.Linear(12, 1)}),
    ("train", {"train": NUMBERS, "loss": F.cross_entropy}), (r"loss .*\(2,\)", {"loss": lambda o, y: o[:, 0]}),
    (r"val, \(2, 5\)", {"val": (X[:, :5], Y)}), ("val, .*float32", {"val": (X.float(), Y)}),
    (r"train, \(2, 12\)", {"model": lambda: nn.Linear(5, 3)}), ("model .*None", {"model": lambda: None}),
]  # fmt: skip


@pytest.mark.parametrize("message, options", BAD)
def test_a_wrong_argument_is_named_with_its_value_before_anything_is_trained(message, options):
    class Watched(torch.optim.SGD):
        def step(self, *arguments):
            raise AssertionError("a step was taken")

    options = {"model": mlp, "train": TRAIN, "val": VAL, "epochs": 1, "lr": 0.1, "optimizer": Watched} | options
    with pytest.raises((ValueError, TypeError), match=rf"\b{message}"):
        d2l.fit(options.pop("model"), options.pop("train"), options.pop("val"), **options)


def test_evaluate_names_a_wrong_argument():
    for message, model, dataset in (
        ("dataset .*list", mlp(), [1, 2]), ("model .*3", 3, VAL), ("labels of dataset .*3", mlp(), labelled(3))
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=message):
            d2l.evaluate(model, dataset)


@pytest.mark.parametrize("optimizer", ["sgd", torch.optim.Adafactor])  # stacked, and one by one
def test_a_model_that_is_returned_again_is_refused(optimizer):
    model = mlp()
    with pytest.raises(ValueError, match="^model"):
        fit(lambda: model, seeds=SEEDS, optimizer=optimizer)


# ---- what is shown ----
class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_shows_where_somebody_watches_and_leaves_nothing(monkeypatch):
    written = []
    monkeypatch.setattr(train, "bar", functools.partial(data.bar, delay=0, mininterval=0))
    for stream in (Terminal(), io.StringIO(), None):
        with contextlib.redirect_stderr(stream):
            fit(mlp)
            written.append(stream and stream.getvalue())
    assert "fit" in written[0] and "/12" in written[0] and not written[0].split("\r")[-1].strip()
    assert written[1:] == ["", None]
    with contextlib.redirect_stderr(Terminal()) as quick, data.bar(4) as shown:
        shown.update(4)
    assert quick.getvalue() == ""  # done within a second


@pytest.mark.parametrize("nbval", [False, True])
def test_a_bar_in_a_notebook_is_no_error_message(nbval):
    """Viewers paint stderr red; nbval, which sets a variable of pytest's, would compare stdout."""
    own = {name: value for name, value in os.environ.items() if nbval or name != "PYTEST_CURRENT_TEST"}
    manager, client = start_new_kernel(kernel_name="python3", env=own)
    code = "from d2lmini.data import bar\nwith bar(4, delay=0) as b:\n    b.update(2)\n    b.refresh()"
    sent = []
    try:
        client.execute_interactive(code, output_hook=sent.append, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    sent = [m["content"] for m in sent if m["msg_type"] not in ("status", "execute_input")]
    assert {content["name"] for content in sent} == (set() if nbval else {"stdout"})
    text = "".join(content["text"] for content in sent)
    assert nbval or ("2/4" in text and not text.rstrip("\r").split("\r")[-1].strip())


def test_the_names_that_tab_offers_are_those_for_users():
    assert dir(d2l) == sorted(d2l.__all__) and all(hasattr(d2l, name) for name in d2l.__all__)
    with pytest.raises(AttributeError, match="speed"):
        d2l.speed  # noqa: B018

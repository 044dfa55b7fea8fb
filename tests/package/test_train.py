"""`fit` against loops written by hand, torch.optim and finite differences; stacked seeds against each alone."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

import d2lmini as d2l
from d2lmini import progress, train
from d2lmini import stack as stacking

SEEDS = (3, 1, 7)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def examples(n, generator_seed=0, classes=3):
    g = torch.Generator().manual_seed(generator_seed)
    x = torch.randn(n, 12, generator=g, dtype=torch.float64)
    return TensorDataset(x, (x[:, :classes] + torch.randn(n, classes, generator=g)).argmax(1))


def labelled(*labels):
    return TensorDataset(torch.ones(len(labels), 12, dtype=torch.float64), torch.tensor(labels, dtype=torch.int64))


TRAIN, VAL = examples(101), examples(70, 1)  # 101 = 3 * 32 + 5: the last batch is ragged


def mlp():
    return nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))


def dropout_mlp():
    return nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 8), nn.Tanh(), nn.Dropout(0.5),
                         nn.Linear(8, 3))  # fmt: skip


def wide_mlp():  # and a layer without bias
    return nn.Sequential(nn.Linear(12, 1400), nn.ReLU(), nn.Linear(1400, 3, bias=False))


def batch_norm():
    # No bias before batch norm: its gradient is rounding noise, which Adam blows up to full steps.
    return nn.Sequential(
        nn.Linear(12, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
    )


def convolution():
    return nn.Sequential(nn.Unflatten(1, (1, 3, 4)), nn.Conv2d(1, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(24, 3))


class FromScratch(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.randn(12, 8) * 0.3), nn.Parameter(torch.zeros(8))
        self.W2, self.b2 = nn.Parameter(torch.randn(8, 3) * 0.3), nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return self.output(torch.relu(x @ self.W1 + self.b1))

    def output(self, h):
        return h @ self.W2 + self.b2


class OwnDropout(FromScratch):  # draws from PyTorch's global generator
    def forward(self, x):
        h = torch.relu(x @ self.W1 + self.b1)
        return self.output(h * (torch.rand_like(h) >= 0.5) / 0.5 if self.training else h)


class DataDependent(FromScratch):
    def forward(self, x):
        out = super().forward(x)
        return out if out.mean() > 0 else 2 * out


class ReplacesItsBuffer(FromScratch):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(12))

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return super().forward(x - self.mean)


class HiddenState(FromScratch):  # a number of each seed's own, outside parameters and buffers
    def __init__(self):
        super().__init__()
        self.gain = torch.rand(()).item()

    def forward(self, x):
        return super().forward(self.gain * x)


class HiddenInTraining(HiddenState):
    def forward(self, x):
        return FromScratch.forward(self, self.gain * x if self.training else x)


class HiddenInEvaluation(HiddenState):
    def forward(self, x):
        return FromScratch.forward(self, x if self.training else self.gain * x)


ALONE = [OwnDropout, DataDependent, ReplacesItsBuffer, HiddenState, HiddenInTraining, HiddenInEvaluation]


def by_hand(model, optimizer, epochs=3, seed=3, clip=None, rate=None):
    """The loop that a chapter writes; returns the mean training loss of every epoch."""
    generator, (x, y), losses = torch.Generator().manual_seed(seed), TRAIN.tensors, []
    for epoch in range(epochs):
        total = 0.0
        for group in optimizer.param_groups if rate else []:
            group["lr"] = rate(epoch)
        for index in d2l.data.batches(len(x), 32, generator):
            loss = F.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(index)
        losses.append(total / len(x))
    return losses


def built(make_model, seed=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make_model()


def fit(make_model, **options):
    return d2l.fit(make_model, TRAIN, **{"epochs": 3, "lr": 0.1, "batch_size": 32, "seeds": (3,)} | options)


def assert_same(model, other, tolerance=0.0):
    for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
        assert (a - b).abs().max() <= tolerance


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd with momentum and decay": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    "adam": (torch.optim.Adam, {}),
    "adam with decay": (torch.optim.Adam, {"weight_decay": 0.1}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("make_model", [mlp, FromScratch])
def test_one_seed_takes_the_steps_of_the_loop_written_by_hand(name, make_model):
    optimizer, options = OPTIMIZERS[name]
    model = built(make_model)
    losses = by_hand(model, optimizer(model.parameters(), lr=0.1, **options))
    history = fit(make_model, optimizer=name.split()[0], **options)
    assert_same(history.models[0], model)  # every bit of every weight
    assert np.allclose(history.train_loss[0], losses, rtol=1e-14, atol=0) and not history.diverged.any()


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_decay_on_weights_only(seeds):
    model = built(mlp)
    weights, biases = ([p for n, p in model.named_parameters() if n.endswith(end)] for end in ("weight", "bias"))
    groups = [{"params": weights, "weight_decay": 0.3}, {"params": biases, "weight_decay": 0.0}]
    by_hand(model, torch.optim.SGD(groups, lr=0.1))
    assert_same(fit(mlp, weight_decay=0.3, decay_bias=False, seeds=seeds).models[0], model, 1e-14)


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_schedule_and_clipping(seeds):
    model = built(mlp)
    by_hand(model, torch.optim.SGD(model.parameters(), lr=1.0), clip=0.1, rate=lambda epoch: 0.5 * 0.3**epoch)
    history = fit(mlp, lr=0.5, schedule=lambda epoch: 0.3**epoch, clip=0.1, seeds=seeds)
    assert_same(history.models[0], model, 1e-14)


@pytest.mark.parametrize("make_model", [mlp, dropout_mlp, wide_mlp, batch_norm, convolution, FromScratch])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_seed_in_a_stack_is_the_same_seed_alone(make_model, optimizer):
    options = {"optimizer": optimizer, "weight_decay": 0.01, "clip": 0.5, "val": VAL, "lr": 0.05}
    options |= {"momentum": 0.9} if optimizer == "sgd" else {}
    together = fit(make_model, seeds=SEEDS, **options)
    assert together.stacked and together.seeds == SEEDS
    for k, seed in enumerate(SEEDS):
        alone = fit(make_model, seeds=(seed,), **options)
        assert not alone.stacked
        assert_same(together.models[k], alone.models[0], 1e-10)
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            a, b = getattr(together, name)[k], getattr(alone, name)[0]
            assert a.shape == (3,) and np.allclose(a, b, rtol=0, atol=1e-10), name
    assert len({loss for loss in together.train_loss[:, 0]}) == 3  # and the seeds differ


def test_written_out_forward_pass_is_the_vmapped_one(monkeypatch):
    fast = fit(dropout_mlp, seeds=SEEDS)

    def refuse(*_):
        raise TypeError

    monkeypatch.setattr(stacking, "written_out", refuse)
    general = fit(dropout_mlp, seeds=SEEDS)
    assert fast.stacked and general.stacked
    for a, b in zip(fast.models, general.models, strict=True):
        assert_same(a, b, 1e-12)


def every_layer():
    between = [kind() for kind in sorted(stacking.ELEMENTWISE, key=str)]
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Sequential(*between), nn.Linear(8, 3))


@pytest.mark.parametrize("make_model", [mlp, wide_mlp, every_layer])
def test_the_written_out_form_is_taken_where_there_is_one(make_model):
    models = [built(make_model, seed).eval() for seed in SEEDS]
    x, y = (t[:2] for t in TRAIN.tensors)
    outputs = [model(x) for model in models]
    net = stacking.stack(models, SEEDS, x, y, F.cross_entropy)
    assert "written_out" in net.forward.__qualname__
    models[0].eval()  # the one that the others stand behind
    torch.testing.assert_close(net(x.expand(3, *x.shape)), torch.stack(outputs))
    assert "vmapped" in stacking.stack([built(FromScratch)], (3,), x, y, F.cross_entropy).forward.__qualname__


@pytest.mark.parametrize("make_model", [mlp, wide_mlp, FromScratch])
def test_gradient_of_one_seed_in_a_stack_is_the_finite_difference(make_model):
    (x, y), lr, step = TRAIN.tensors, 1e-3, 1e-5
    model = built(make_model, SEEDS[1])
    trained = fit(make_model, epochs=1, lr=lr, batch_size=len(x), seeds=SEEDS).models[1]
    for before, after in zip(model.parameters(), trained.parameters(), strict=True):
        place = (0,) * before.dim()
        losses = []
        for sign in (1, -1):
            with torch.no_grad():
                before[place] += sign * step
                losses.append(F.cross_entropy(model(x), y))
                before[place] -= sign * step
        difference = (losses[0] - losses[1]) / (2 * step)
        assert abs((before - after)[place] / lr - difference) < 1e-8
        assert abs(difference) > 1e-6  # there is something to compare


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_losses_are_means_over_examples_and_hold_no_penalty(seeds, monkeypatch):
    monkeypatch.setattr(train, "EVALUATION_ROWS", 33)  # ragged, for one seed and for three
    history = fit(
        mlp, val=VAL, epochs=1, lr=1e-14, weight_decay=100.0, seeds=seeds
    )  # the weights stay where they are
    for k, seed in enumerate(seeds):
        model = built(mlp, seed)
        for (x, y), loss, accuracy in (
            (TRAIN.tensors, history.train_loss, history.train_accuracy),
            (VAL.tensors, history.val_loss, history.val_accuracy),
        ):
            assert abs(loss[k, 0] - F.cross_entropy(model(x), y).item()) < 1e-10
            assert accuracy[k, 0] == (model(x).argmax(1) == y).sum().item() / len(x)
        assert abs(d2l.evaluate(model, VAL)[0] - history.val_loss[k, 0]) < 1e-10


def test_dropout_mask_has_the_right_mean_and_values():
    n, p = 2_000_000, 0.2
    mask = stacking.dropout_mask(torch.empty(n), p, [torch.Generator().manual_seed(0)])
    kept = round((1 - p) * 2**16) / 2**16
    assert mask.unique().tolist() == [0, 1 / kept]  # E[mask] = kept * 1 / kept = 1 exactly
    assert abs(kept - (1 - p)) <= 2**-17
    sigma = math.sqrt(p / (1 - p) / n)
    assert abs(mask.mean() - 1) < 4 * sigma
    lanes = mask.view(-1, 4)  # the four places that one 64-bit draw decides
    assert ((lanes.mean(0) - 1).abs() < 4 * 2 * sigma).all()
    assert stacking.dropout_mask(torch.empty(9), 1.0, [torch.Generator()]).tolist() == [0.0] * 9


def test_dropout_masks_are_independent():
    n, p = 1_000_000, 0.5
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    first, second = (stacking.dropout_mask(torch.empty(2, n), p, generators) - 1 for _ in range(2))  # +-1
    bound = 4 / math.sqrt(n)
    assert abs((first[0] * first[1]).mean()) < bound  # between seeds
    assert abs((first[0] * second[0]).mean()) < bound  # between steps
    for lag in range(1, 9):  # between places, within one draw and across draws
        assert abs((first[0, lag:] * first[0, :-lag]).mean()) < bound, lag


def test_each_seed_draws_other_dropout_masks_than_its_minibatch_order():
    model = nn.Dropout(0.5)
    with stacking.SeededDropout((5,)):
        mask = model(torch.ones(64))
    assert not torch.equal(mask, stacking.dropout_mask(torch.ones(64), 0.5, [torch.Generator().manual_seed(5)]))
    for p, kept in ((0.0, 1.0), (1.0, 0.0)):
        layer = nn.Dropout(p)
        with stacking.SeededDropout((5,)):
            assert layer(torch.ones(9)).tolist() == [kept] * 9


def test_dropout_uses_its_rate_and_none_in_evaluation():
    history = fit(dropout_mlp, epochs=1, seeds=SEEDS)
    x = VAL.tensors[0]
    for model in history.models:
        assert not any(m.training for m in model.modules())
        assert torch.equal(model(x), model(x))
        model.train()
        assert not torch.equal(model(x), model(x))


@pytest.mark.parametrize("make_model", ALONE)
def test_what_cannot_be_stacked_trains_one_after_the_other_and_says_so(make_model):
    together = fit(make_model, seeds=SEEDS, val=VAL)
    assert not together.stacked and together.seeds == SEEDS and len(together.models) == 3
    for k, seed in enumerate(SEEDS):
        alone = fit(make_model, seeds=(seed,), val=VAL)
        assert_same(together.models[k], alone.models[0])
        assert np.array_equal(together.val_loss[k], alone.val_loss[0])


def test_hooks_are_called_so_models_with_hooks_train_alone():
    shapes = []

    def make():
        model = mlp()
        model[0].register_forward_hook(lambda module, args, out: shapes.append(out.shape))
        return model

    assert not fit(make, seeds=SEEDS, epochs=1).stacked
    assert {len(shape) for shape in shapes} == {2}


def test_a_diverging_seed_is_marked_and_the_others_do_not_notice():
    def make():
        model = mlp()
        if torch.initial_seed() == 1:
            model[0].weight.data *= 1e200
        return model

    together = fit(make, seeds=SEEDS, val=VAL, lr=0.5)
    assert together.stacked and together.diverged.tolist() == [False, True, False]
    assert not np.isfinite(together.train_loss[1]).any()
    for k in (0, 2):
        assert_same(together.models[k], fit(make, seeds=SEEDS[k : k + 1], lr=0.5).models[0], 1e-10)


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_a_validation_loss_that_is_no_number_is_marked_too(seeds):
    broken = TensorDataset(torch.full_like(VAL.tensors[0], math.nan), VAL.tensors[1])
    history = fit(mlp, val=broken, seeds=seeds)
    assert np.isfinite(history.train_loss).all() and history.diverged.all()


def test_divergence_in_the_very_last_step_is_seen():
    history = d2l.fit(mlp, TRAIN, epochs=1, lr=1e308, batch_size=101, momentum=0.9, weight_decay=1e308)
    assert np.isfinite(history.train_loss).all() and history.diverged.all()


def test_early_stopping_puts_the_best_weights_back():
    noise = TensorDataset(TRAIN.tensors[0], TRAIN.tensors[1][torch.randperm(101, generator=torch.Generator())])
    options = {"epochs": 60, "lr": 0.5, "batch_size": 32, "patience": 4}
    together = d2l.fit(batch_norm, noise, VAL, seeds=SEEDS, **options)
    assert together.stacked and len(set(together.epochs)) > 1 and (together.epochs < 60).all()
    for k, seed in enumerate(SEEDS):
        ran, losses = together.epochs[k], together.val_loss[k]
        assert np.isfinite(losses[:ran]).all() and np.isnan(losses[ran:]).all()
        assert np.isnan(together.train_loss[k, ran:]).all() and not together.diverged[k]
        assert ran == np.nanargmin(losses) + 1 + 4
        assert d2l.evaluate(together.models[k], VAL)[0] == np.nanmin(losses)  # to the last bit
        alone = d2l.fit(batch_norm, noise, VAL, seeds=(seed,), **options)
        assert alone.epochs[0] == ran
        assert_same(together.models[k], alone.models[0], 1e-10)


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_regression_with_any_loss(seeds):
    x = TRAIN.tensors[0]
    dataset = TensorDataset(x, x[:, :1] * 2 - 1)

    def half_squared_error(outputs, targets):
        return ((outputs - targets) ** 2 / 2).mean()

    options = {"epochs": 40, "lr": 0.1, "batch_size": 32, "seeds": seeds}
    own = d2l.fit(lambda: nn.Linear(12, 1), dataset, dataset, loss=half_squared_error, **options)
    assert own.stacked == (len(seeds) > 1) and not own.diverged.any() and (own.val_loss[:, -1] < 1e-6).all()
    assert np.isnan(own.train_accuracy).all() and np.isnan(own.val_accuracy).all()
    assert abs(own.models[0].bias.item() + 1) < 1e-3
    named = d2l.fit(lambda: nn.Linear(12, 1), dataset, dataset, loss=F.mse_loss, **(options | {"lr": 0.05}))
    assert np.allclose(
        named.val_loss, 2 * own.val_loss, rtol=1e-9
    )  # twice the loss at half the rate: the same steps


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_whole_numbers_against_one_output_are_no_classes(seeds):
    dataset = TensorDataset(TRAIN.tensors[0], TRAIN.tensors[1][:, None])

    def squared_error(outputs, targets):
        return ((outputs - targets) ** 2).mean()

    history = d2l.fit(lambda: nn.Linear(12, 1), dataset, epochs=1, lr=0.01, loss=squared_error, seeds=seeds)
    assert np.isfinite(history.train_loss).all() and np.isnan(history.train_accuracy).all()


def test_a_ready_module_is_trained_in_place():
    model, other = built(mlp), built(mlp)
    history = fit(model)
    assert history.models[0] is model
    assert_same(model, fit(lambda: other).models[0])


def test_a_model_of_several_is_saved_alone():
    sizes = []
    for seeds in (1, 5):
        history = fit(mlp, seeds=range(seeds))
        file = io.BytesIO()
        torch.save(history.models[-1].state_dict(), file)
        sizes.append(len(file.getvalue()))
        assert all(p.grad is None for p in history.models[-1].parameters())
    assert sizes[0] == sizes[1]


class FunctionalDropout(FromScratch):
    def forward(self, x):
        return self.output(F.dropout(torch.relu(x @ self.W1 + self.b1), 0.5, self.training))


class ModuleDropout(FromScratch):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.output(self.dropout(torch.relu(x @ self.W1 + self.b1)))


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_dropout_as_a_function_is_stacked_and_is_the_layer(seeds):
    function, layer = fit(FunctionalDropout, seeds=seeds), fit(ModuleDropout, seeds=seeds)
    assert function.stacked == (len(seeds) > 1)
    for a, b in zip(function.models, layer.models, strict=True):
        assert_same(a, b)
    assert np.array_equal(function.train_loss, layer.train_loss)
    assert not np.array_equal(function.train_loss, fit(FromScratch, seeds=seeds).train_loss)


def test_global_random_state_is_neither_used_nor_changed():
    runs = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        runs.append([fit(make, seeds=SEEDS).train_loss for make in (dropout_mlp, OwnDropout)])
        assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(runs[0], runs[1])


def test_evaluate_puts_every_mode_back():
    model = built(dropout_mlp)
    model[2].eval()
    modes = [m.training for m in model.modules()]
    loss, share = d2l.evaluate(model, VAL)
    assert [m.training for m in model.modules()] == modes
    x, y = VAL.tensors
    model.eval()
    assert abs(loss - F.cross_entropy(model(x), y).item()) < 1e-12 and share == d2l.accuracy(model(x), y)


def test_accuracy_counts():
    assert d2l.accuracy(torch.tensor([[2.0, 1], [0, 3], [5, 4]]), torch.tensor([0, 0, 0])) == 2 / 3


def test_history_is_frozen():
    with pytest.raises(AttributeError):
        fit(mlp, epochs=1).train_loss = None


BAD = {
    "epochs": [{"epochs": 0}, {"epochs": 2.5}, {"epochs": True}],
    "lr": [{"lr": 0}, {"lr": -1}, {"lr": math.inf}, {"lr": math.nan}, {"lr": "fast"}],
    "batch_size": [{"batch_size": 0}, {"batch_size": 1.5}],
    "weight_decay": [{"weight_decay": -0.1}, {"weight_decay": math.nan}],
    "momentum": [{"momentum": 1.0}, {"momentum": -0.1}, {"momentum": 0.9, "optimizer": "adam"}],
    "optimizer": [{"optimizer": "SGD"}, {"optimizer": None}],
    "seeds": [{"seeds": ()}, {"seeds": (1, 1)}, {"seeds": (0.5,)}, {"seeds": (-1,)}, {"seeds": (2**32,)}],
    "clip": [{"clip": 0}, {"clip": -1.0}],
    "patience": [{"patience": 0, "val": VAL}],
    "val": [{"patience": 3}, {"val": labelled()}],
    "train": [{"train": labelled()}],
    "schedule": [{"schedule": lambda epoch: -1.0}, {"schedule": lambda epoch: math.nan}],
    "loss": [{"train": TensorDataset(TRAIN.tensors[0], TRAIN.tensors[0])}],
    "labels of train": [{"train": labelled(0, 1, 2, 3)}, {"train": labelled(0, 1, 2, -1)}],
    "labels of val": [{"val": labelled(3)}],
    "targets of train": [
        {
            "train": TensorDataset(TRAIN.tensors[0], TRAIN.tensors[0][:, 0]),
            "val": None,
            "loss": F.mse_loss,
            "model": lambda: nn.Linear(12, 1),
        }
    ],
}


@pytest.mark.parametrize("name, options", [(name, options) for name, cases in BAD.items() for options in cases])
def test_a_wrong_argument_is_named_before_anything_is_trained(name, options, monkeypatch):
    monkeypatch.setattr(train, "_run", None)  # reaching it is an error of another kind
    options = {"model": mlp, "train": TRAIN, "val": VAL, "epochs": 1, "lr": 0.1} | options
    if options.get("patience") == 3:
        options["val"] = None
    with pytest.raises(ValueError, match=rf"^{name}") as error:
        d2l.fit(options.pop("model"), options.pop("train"), options.pop("val"), **options)
    assert ", not " in str(error.value)


def test_the_wrong_value_is_named():
    with pytest.raises(ValueError, match="lr must be .*, not -1"):
        fit(mlp, lr=-1)
    with pytest.raises(ValueError, match="labels of train must be from 0 to 2, not 7"):
        d2l.fit(mlp, labelled(0, 7), epochs=1, lr=0.1)


@pytest.mark.parametrize(
    "name, arguments, options",
    [
        ("train", (mlp, TRAIN.tensors), {}),
        ("train", (mlp, TensorDataset(TRAIN.tensors[0])), {}),
        ("val", (mlp, TRAIN, list(VAL)), {}),
        ("seeds", (mlp, TRAIN), {"seeds": 5}),
        ("loss", (mlp, TRAIN), {"loss": "mse"}),
        ("model", (None, TRAIN), {}),
        ("model", (lambda: None, TRAIN), {}),
    ],
)
def test_a_wrong_type_is_named(name, arguments, options):
    with pytest.raises(TypeError, match=f"^{name} must"):
        d2l.fit(*arguments, epochs=1, lr=0.1, **options)


def test_a_module_cannot_serve_several_seeds():
    model = mlp()
    with pytest.raises(ValueError, match="^seeds must be one, for a ready module"):
        fit(model, seeds=SEEDS)
    with pytest.raises(ValueError, match="^model must be a function that builds a new module"):
        fit(lambda: model, seeds=SEEDS)
    with pytest.raises(ValueError, match="^model must be a module with parameters"):
        fit(nn.ReLU())


def test_unequal_lengths_are_named():
    dataset = labelled(0, 1, 2, 0)
    dataset.tensors = (dataset.tensors[0], dataset.tensors[1][:3])
    with pytest.raises(ValueError, match="^train must .* not '4 inputs and 3 targets'"):
        d2l.fit(mlp, dataset, epochs=1, lr=0.1)
    with pytest.raises(ValueError, match="^labels"):
        d2l.accuracy(torch.ones(3, 2), torch.ones(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="^dataset"):
        d2l.evaluate(mlp(), dataset)


def test_the_bar_shows_where_somebody_watches(monkeypatch, capsys):
    for name in ("CI", "D2LMINI_PROGRESS", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delitem(progress.sys.modules, "ipykernel", raising=False)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    assert not progress.watched()  # pytest's stderr is no terminal
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    assert progress.watched() and not progress.bar(1).disable and progress.bar(1, False).disable
    monkeypatch.setenv("CI", "true")
    assert not progress.watched() and progress.watched(True)
    monkeypatch.setenv("D2LMINI_PROGRESS", "1")
    assert progress.watched() and not progress.watched(False)
    monkeypatch.setenv("D2LMINI_PROGRESS", "0")
    assert not progress.watched()


def test_a_kernel_alone_is_nobody(monkeypatch):
    for name in ("CI", "D2LMINI_PROGRESS", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(progress.sys.modules, "ipykernel", progress)
    assert not progress.watched()  # nbval, nbclient
    with monkeypatch.context() as colab:
        colab.setitem(progress.sys.modules, "google.colab", progress)
        assert progress.watched()
    with monkeypatch.context() as editor:
        editor.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns={"__vsc_ipynb_file__": "a.ipynb"}))
        assert progress.watched()
    assert not progress.watched()
    monkeypatch.setenv("JPY_SESSION_NAME", "chapter.ipynb")
    assert progress.watched()


@pytest.mark.parametrize("seeds", [(3,), SEEDS])
def test_the_bar_reaches_its_end_and_leaves_nothing(monkeypatch, seeds):
    bars, terminal = [], io.StringIO()

    def shown(total, watched, **options):
        bars.append(progress.bar(total, watched, file=terminal, delay=0, mininterval=0, **options))
        return bars[-1]

    monkeypatch.setattr(train, "bar", shown)
    fit(mlp, seeds=seeds, progress=True)
    (bar,) = bars
    assert bar.n == bar.total == 3 * 4  # epochs of 101 examples, 32 a step
    assert "fit: 100%" in terminal.getvalue() and "step/s" in terminal.getvalue()
    assert not terminal.getvalue().split("\r")[-1].strip()


def test_no_bar_no_output(capfd):
    fit(mlp, seeds=SEEDS, val=VAL, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_products_that_threads_share(seeds):
    """What does not divide evenly among the threads is multiplied one by one, with the same result."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        a, b, bias = (torch.randn(seeds, *shape) for shape in ((160, 150), (150, 140), (140,)))
        assert a[0].numel() * b.shape[2] > stacking.LARGE
        torch.testing.assert_close(stacking._bmm(a, b), a @ b)
        torch.testing.assert_close(stacking._bmm(a, b, bias), a @ b + bias[:, None])
    finally:
        torch.set_num_threads(before)

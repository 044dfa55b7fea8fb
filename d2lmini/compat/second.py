"""The classes of notes in the style of D2L's second edition (package d2l 1.x): models, data and a trainer."""

import inspect
import itertools
from collections import namedtuple

import torch
from torch import nn

from d2lmini.compat import figures, loaders
from d2lmini.data import count

__all__ = [
    "SGD", "Classifier", "DataModule", "FashionMNIST", "HyperParameters", "LinearRegression",
    "LinearRegressionScratch", "Module", "ProgressBoard", "SoftmaxRegression", "SoftmaxRegressionScratch",
    "SyntheticRegressionData", "Trainer", "add_to_class",
]  # fmt: skip

Point = namedtuple("Point", ["x", "y"])


def add_to_class(Class):
    """A decorator that makes a function a method of `Class`, also of the objects that it has already."""

    def add(function):
        setattr(Class, function.__name__, function)

    return add


class HyperParameters:
    """Saves the arguments of a method as attributes."""

    def save_hyperparameters(self, ignore=()):
        """Make attributes, and the dictionary `hparams`, of the local variables of the method that calls this,
        without `self`, names that begin with an underscore, and those in `ignore`."""
        found = inspect.currentframe().f_back.f_locals
        left_out = {"self", *ignore}
        self.hparams = {k: v for k, v in found.items() if k not in left_out and not k.startswith("_")}
        for name, value in self.hparams.items():
            setattr(self, name, value)


class ProgressBoard(HyperParameters):
    """Curves, one for each label, that grow while a loop calls `draw`: in a notebook they are shown.

    data: for each label the list of its points, with x and y. fig, axes: the figure, and its axes.
    display=False keeps the points and draws nothing.
    """

    def __init__(
        self, xlabel=None, ylabel=None, xlim=None, ylim=None, xscale="linear", yscale="linear",
        ls=("-", "--", "-.", ":"), colors=("C0", "C1", "C2", "C3"), fig=None, axes=None, figsize=(3.5, 2.5),
        display=True,
    ):  # fmt: skip
        self.save_hyperparameters()
        self.raw_points, self.data = {}, {}
        self._live = figures.Live()

    def draw(self, x, y, label, every_n=1):
        """Add a point to the curve `label`; each `every_n` of them become one, their mean."""
        points = self.raw_points.setdefault(label, [])
        points.append(Point(figures.to_float(x), figures.to_float(y)))
        curve = self.data.setdefault(label, [])
        if len(points) < every_n:
            return
        curve.append(Point(*(sum(values) / len(points) for values in zip(*points, strict=True))))
        points.clear()
        if self.display:
            self._draw()

    def _draw(self):
        from matplotlib import pyplot as plt

        if self.axes is None:
            figures.use_svg_display()
            self.fig = self.fig or plt.figure(figsize=self.figsize)
            self.axes = self.fig.add_subplot()
        self.axes.cla()
        styles = zip(itertools.cycle(self.ls), itertools.cycle(self.colors), strict=False)
        for (label, curve), (ls, color) in zip(self.data.items(), styles, strict=False):
            self.axes.plot(*zip(*curve, strict=True), linestyle=ls, color=color, label=label)
        names = ("xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale")
        self.axes.set(**{name: getattr(self, name) for name in names})
        self.axes.legend()
        self._live.show(self.axes.figure)


class Module(nn.Module, HyperParameters):
    """A model that knows its loss and its optimiser and draws its curves on `board`.

    Define `net` or `forward`, `loss`, and, unless it is SGD at the rate `lr`, `configure_optimizers`.
    """

    def __init__(self, plot_train_per_epoch=2, plot_valid_per_epoch=1):
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard()

    def loss(self, y_hat, y):
        raise NotImplementedError(f"{type(self).__name__} must define loss(y_hat, y)")

    def forward(self, X):
        return self.net(X)

    def plot(self, key, value, train):
        """Draw a point of the curve train_`key`, or val_`key`, over the epochs."""
        trainer, self.board.xlabel = self.trainer, "epoch"
        if train:
            x, n = trainer.train_batch_idx / trainer.num_train_batches, trainer.num_train_batches
            self.board.draw(x, value, f"train_{key}", every_n=int(n / self.plot_train_per_epoch))
        else:
            n = trainer.num_val_batches
            self.board.draw(trainer.epoch + 1, value, f"val_{key}", every_n=int(n / self.plot_valid_per_epoch))

    def training_step(self, batch):
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        return loss

    def validation_step(self, batch):
        self.plot("loss", self.loss(self(*batch[:-1]), batch[-1]), train=False)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)

    def apply_init(self, inputs, init=None):
        """Call the model, so that lazy layers learn their sizes, then `init` on every layer of `net`."""
        self.forward(*inputs)
        if init is not None:
            self.net.apply(init)


class DataModule(HyperParameters):
    """Data for training and for validation; define get_dataloader(train)."""

    def __init__(self, root="../data", num_workers=0):
        self.save_hyperparameters()

    def get_dataloader(self, train):
        raise NotImplementedError(f"{type(self).__name__} must define get_dataloader(train)")

    def train_dataloader(self):
        return self.get_dataloader(train=True)

    def val_dataloader(self):
        return self.get_dataloader(train=False)

    def get_tensorloader(self, tensors, train, indices=slice(0, None)):
        """Minibatches of the rows `indices` of `tensors`, of self.batch_size each, shuffled if `train`."""
        return loaders.load_array([t[indices] for t in tensors], self.batch_size, train)


class Trainer(HyperParameters):
    """Fits a `Module` to a `DataModule`, on a GPU where `num_gpus` is above 0 and there is one.

    gradient_clip_val: the largest norm of the gradient; 0 leaves it as it is."""

    def __init__(self, max_epochs, num_gpus=0, gradient_clip_val=0):
        count("max_epochs", max_epochs)
        self.save_hyperparameters()
        self.gpus = [torch.device(f"cuda:{i}") for i in range(min(num_gpus, torch.cuda.device_count()))]

    def prepare_data(self, data):
        self.train_dataloader, self.val_dataloader = data.train_dataloader(), data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = 0 if self.val_dataloader is None else len(self.val_dataloader)

    def prepare_model(self, model):
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        self.model = model.to(self.gpus[0]) if self.gpus else model

    def prepare_batch(self, batch):
        return [part.to(self.gpus[0]) for part in batch] if self.gpus else batch

    def fit(self, model, data):
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        for epoch in range(self.max_epochs):
            self.epoch = epoch
            self.fit_epoch()

    def fit_epoch(self):
        """Train for one epoch, then measure on the validation data, where there are any."""
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            with torch.no_grad():  # an optimiser of one's own changes parameters in place
                loss.backward()
                if self.gradient_clip_val > 0:
                    self.clip_gradients(self.gradient_clip_val, self.model)
                self.optim.step()
            self.train_batch_idx += 1
        if self.val_dataloader is None:
            return
        self.model.eval()
        with torch.no_grad():
            for batch in self.val_dataloader:
                self.model.validation_step(self.prepare_batch(batch))
                self.val_batch_idx += 1

    def clip_gradients(self, grad_clip_val, model):
        """Scale the gradient of all parameters to the norm `grad_clip_val` where it is longer."""
        nn.utils.clip_grad_norm_(model.parameters(), grad_clip_val)


class SyntheticRegressionData(DataModule):
    """Examples of y = Xw + b + noise: X (n, d) standard normal, y (n, 1); w: (d,) or (d, 1)."""

    def __init__(self, w, b, noise=0.01, num_train=1000, num_val=1000, batch_size=32):
        super().__init__()
        self.save_hyperparameters()
        n = num_train + num_val
        self.X = torch.randn(n, len(w))
        self.y = self.X @ w.reshape(-1, 1) + b + torch.randn(n, 1) * noise

    def get_dataloader(self, train):
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


class SGD(HyperParameters):
    """Minibatch gradient descent: each step is -lr times the gradient."""

    def __init__(self, params, lr):
        self.save_hyperparameters()

    def step(self):
        with torch.no_grad():
            for param in self.params:
                param -= self.lr * param.grad

    def zero_grad(self):
        for param in self.params:
            param.grad = None


class LinearRegressionScratch(Module):
    """Xw + b with half the mean squared error. w: (num_inputs, 1), normal with deviation sigma; b: (1,), zero."""

    def __init__(self, num_inputs, lr, sigma=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.w = torch.normal(0, sigma, (num_inputs, 1), requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def forward(self, X):
        return X @ self.w + self.b

    def loss(self, y_hat, y):
        return ((y_hat - y) ** 2 / 2).mean()

    def configure_optimizers(self):
        return SGD([self.w, self.b], self.lr)


class LinearRegression(Module):
    """One linear unit, its weights as PyTorch draws them, with the mean squared error."""

    def __init__(self, lr):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)

    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y)

    def get_w_b(self):
        return self.net.weight.data, self.net.bias.data


class FashionMNIST(DataModule):
    """Fashion-MNIST in memory: 60,000 examples to train on and 10,000 to validate on.

    train, val: the examples, images (1, height, width) float32 in [0, 1] and labels; resize: height and width.
    """

    def __init__(self, batch_size=64, resize=(28, 28)):
        super().__init__()
        self.save_hyperparameters()
        self.train, self.val = loaders.fashion_mnist_rows(resize, self.root)

    def text_labels(self, indices):
        return loaders.get_fashion_mnist_labels(indices)

    def get_dataloader(self, train):
        return loaders.Batches(self.train if train else self.val, self.batch_size, train)

    def visualize(self, batch, nrows=1, ncols=8, labels=()):
        """Show the first nrows x ncols images of `batch` under their names, or under `labels`."""
        X, y = batch
        figures.show_images(X, nrows, ncols, titles=list(labels) or self.text_labels(y))


class Classifier(Module):
    """A model with cross-entropy as its loss, which draws the accuracy on the validation data, too."""

    def validation_step(self, batch):
        outputs = self(*batch[:-1])
        self.plot("loss", self.loss(outputs, batch[-1]), train=False)
        self.plot("acc", self.accuracy(outputs, batch[-1]), train=False)

    def accuracy(self, Y_hat, Y, averaged=True):
        """Share of right predictions, or, for each example, 1 or 0. Y_hat: (..., q) scores; Y: their labels."""
        right = (Y_hat.reshape(-1, Y_hat.shape[-1]).argmax(1) == Y.reshape(-1)).float()
        return right.mean() if averaged else right

    def loss(self, Y_hat, Y, averaged=True):
        Y_hat, Y = Y_hat.reshape(-1, Y_hat.shape[-1]), Y.reshape(-1)
        return nn.functional.cross_entropy(Y_hat, Y, reduction="mean" if averaged else "none")

    def layer_summary(self, X_shape):
        """Print the shape that every layer of `net` makes of a batch of the shape `X_shape`."""
        X = torch.randn(*X_shape)
        for layer in self.net:
            X = layer(X)
            print(f"{type(layer).__name__} output shape:\t{tuple(X.shape)}")


class SoftmaxRegression(Classifier):
    """A linear layer with softmax and cross-entropy; images are flattened."""

    def __init__(self, num_outputs, lr):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))


class SoftmaxRegressionScratch(Classifier):
    """The same with every step written out: its outputs are probabilities."""

    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.W = torch.normal(0, sigma, (num_inputs, num_outputs), requires_grad=True)
        self.b = torch.zeros(num_outputs, requires_grad=True)

    def parameters(self):
        return [self.W, self.b]

    def forward(self, X):
        powers = torch.exp(X.reshape(-1, len(self.W)) @ self.W + self.b)
        return powers / powers.sum(1, keepdim=True)

    def loss(self, y_hat, y):
        return -torch.log(y_hat[range(len(y_hat)), y]).mean()

"""Judges for the exercises of the chapter on dropout."""

import torch
from torch.nn import functional as F

from d2lmini.practice.judge import Exercise, Wrong

ROWS = 5000  # of which mean and variance are taken
FOUR = torch.tensor([1.0, 2.0, 3.0, 4.0])
ACTIVATIONS = (
    torch.relu,
    torch.tanh,
    torch.sigmoid,
    F.elu,
    torch.abs,
    F.leaky_relu,
    F.softplus,
    F.silu,
    torch.sin,
)


def drop(h, p, keep=None):
    """The layer of the chapter."""
    keep = torch.rand(h.shape) >= p if keep is None else keep
    return h * keep / (1 - p)


def checked(result, shape):
    """A result, if it is a tensor of the wanted shape."""
    found = tuple(result.shape) if isinstance(result, torch.Tensor) else None
    if found != tuple(shape):
        told = "it is no tensor" if found is None else f"it is {found}"
        raise Wrong(f"The shape of the result should be {tuple(shape)}, and {told}.")
    return result.detach().clone().double()


def masks_of(answer, h, q, training):
    """For training: which share is kept, and how large it is beside h. For prediction: the result."""
    before = h.clone()
    result = answer(h, q, training)
    if result is None or not training:
        return result
    result = checked(result, before.shape)
    other = checked(answer(before.clone(), q, training), before.shape)
    kept = result != 0
    if 0 < kept.double().mean() < 1:
        if (kept == kept[0]).all():
            raise Wrong("Every row gets the same mask: each value of h needs a draw of its own.")
        if (kept == kept[:, :1]).all():
            raise Wrong("The values of a row are all kept or all dropped: each needs a draw of its own.")
        if torch.equal(kept, other != 0):
            raise Wrong("Two calls give the same mask: is a seed set inside?")
    size = (result / before)[kept].mean() if kept.any() else torch.tensor(0.0)
    return {"share kept": kept.double().mean(), "size of those kept": size}


def values_to_drop(chance):
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    return 1 + torch.rand(200, 100, generator=generator), chance.choice((0.3, 0.6, 0.7, 0.8, 0.9)), True


def layer_2014(h, q, training, kept=None, in_training=1.0, in_prediction=None):
    """Keep with probability q; what is kept is multiplied by `in_training`, all at prediction by q."""
    if not training:
        return h * (q if in_prediction is None else in_prediction)
    return h * (torch.rand(h.shape) < (q if kept is None else kept)) * in_training


def free(f, of=lambda f, z, keep: (f(drop(z, 0.5, keep)), drop(f(z), 0.5, keep))):
    """Whether two sides are the same."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(1000, generator=generator)
    return torch.allclose(*of(f, z, torch.rand(1000, generator=generator) >= 0.5))


def links(x, W, p, keep=None):
    """DropConnect: one draw for each example and weight."""
    return torch.einsum("na,nab->nb", x, drop(W.expand(len(x), *W.shape), p, keep))


def links_to_drop(chance):
    x = torch.tensor([chance.sample((1.0, 2.0, 3.0, 4.0), 4)])
    W = torch.tensor([[chance.choice((0.5, 1.0, 2.0)) for _ in range(2)] for _ in range(4)])
    return x, W, chance.choice((0.3, 0.4, 0.6))


def spread_of(answer, x, W, p):
    """Mean, variance and correlation of two outputs, over many rows with the same x."""
    result = answer(x.repeat(ROWS, 1), W, p)
    if result is None:
        return None
    result = checked(result, (ROWS, W.shape[1]))
    if (result == result[0]).all() and not torch.allclose(result[:1], (x @ W).double(), rtol=1e-4):
        raise Wrong("Every example gets the same mask: the mask needs an axis for the examples.")
    deviation = result - result.mean(0)
    both = deviation.square().mean(0).prod().sqrt()
    return {
        "mean": result.mean(0),
        "variance": result.var(0),
        "correlation of the outputs": deviation.prod(1).mean() / both if both > 1e-9 else both,
    }


EXERCISES = {
    "1": Exercise(
        solve=layer_2014,
        fixed=((FOUR, 0.5, False), (FOUR, 0.8, False)),
        draw=values_to_drop,
        probe=masks_of,
        tolerance=0.02,
        mistakes=(
            (
                lambda h, q, training: layer_2014(h, q, training, in_training=1 / q, in_prediction=1),
                "That is inverted dropout, the layer of this chapter: the paper does not divide in training.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, in_training=1 / q),
                "You scale twice: the paper does so at prediction, and leaves the values as they are in training.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, in_training=q),
                "In training the values that stay must keep their size: q belongs to the prediction only.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, kept=1 - q),
                "In training you keep too few or too many: q is the probability to keep, not to drop.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, kept=1 - q, in_prediction=1 - q),
                "Your q is the probability to drop, as in PyTorch: in this paper it is the one to keep.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, in_prediction=1 - q),
                "The mask is right. At prediction you multiply by the share that is dropped, not by that kept.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, in_prediction=1),
                "The mask is right, and at prediction nothing is scaled: the next layer would hear too much.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, in_prediction=1 / q),
                "At prediction all units speak, so the values must be made smaller, not larger.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, not training),
                "The two modes are swapped: the mask belongs to the training.",
            ),
            (
                lambda h, q, training: layer_2014(h, q, training, 1 - q, 1 / (1 - q), 1),
                "That is PyTorch's layer: its p drops, and it divides in training. The paper does neither.",
            ),
            (
                lambda h, q, training: h if training else h * q,
                "The prediction is right. In training nothing is dropped.",
            ),
            (lambda h, q, training: h * q, "You scale in training, too, and draw no mask there."),
        ),
    ),
    "2": Exercise(
        solve=free,
        fixed=tuple((f,) for f in ACTIVATIONS[:5]),
        draw=lambda chance: (chance.choice(ACTIVATIONS),),
        mistakes=(
            (
                lambda f: not free(f),
                "The other way round: True should mean that the order does not matter.",
            ),
            (
                lambda f: False,
                "False comes out even for ReLU. Do both sides share the mask and z? Is rounding allowed?",
            ),
            (
                lambda f: free(f, lambda f, z, keep: (f(z * keep), f(z) * keep)),
                "You say True of tanh, too. The silent units agree there, since its value at 0 is 0. But those "
                "that stay are divided by 1 - p: does tanh let a factor through?",
            ),
            (
                lambda f: free(f, lambda f, z, keep: (f(drop(z.abs(), 0.5, keep)), drop(f(z.abs()), 0.5, keep))),
                "You have tried values above 0 only: some functions, such as elu, bend below it.",
            ),
        ),
    ),
    "3": Exercise(
        solve=lambda p: (p / (1 - p)) ** 0.5,
        fixed=((0.5,), (0.2,), (0.8,)),
        draw=lambda chance: (chance.randrange(5, 96) / 100,),
        tolerance=5e-4,
        ask="Which s gives h (1 + s ε) the variance of dropout with p = {0}?",
        mistakes=(
            (lambda p: p / (1 - p), "That is the variance for h = 1: s is a standard deviation."),
            (
                lambda p: ((1 - p) / p) ** 0.5,
                "Keep and drop are swapped: more noise is wanted when more units are dropped.",
            ),
            (
                lambda p: (p * (1 - p)) ** 0.5,
                "That is the noise of the mask alone: dropout also divides by 1 - p.",
            ),
            (lambda p: p**0.5, "Something is missing under the root: look at (6.2) again."),
            (
                lambda p: (p / (1 - p)) ** 2,
                "The variance contains the square of s, so take the root, and no square.",
            ),
            (lambda p: 1 / (1 - p), "That is the factor for the units that stay: what is the variance in (6.2)?"),
            (lambda p: p, "For small p the noise is much larger than that: match the variance of (6.2)."),
        ),
    ),
    "5": Exercise(
        solve=links,
        fixed=(),
        draw=links_to_drop,
        probe=spread_of,
        tolerance=0.12,
        mistakes=(
            (
                lambda x, W, p: drop(x, p) @ W,
                "You silence inputs, so all outputs lose the same ones: each weight needs a draw of its own.",
            ),
            (
                lambda x, W, p: drop(x @ W, p),
                "You silence outputs: the mask belongs to the weights, before the product.",
            ),
            (
                lambda x, W, p: (1 - p) * links(x, W, p),
                "The mask is right, and the mean has become smaller: what stays must be divided by something.",
            ),
            (
                lambda x, W, p: links(x, W, 1 - p),
                "Your p is the probability to keep: in this book it is the one to drop.",
            ),
            (
                lambda x, W, p: p / (1 - p) * links(x, W, 1 - p),
                "The division is right. The mask keeps with probability p, and p is the probability to drop.",
            ),
            (
                lambda x, W, p: links(x, W, p) / (1 - p),
                "The mean is too large: it is divided by 1 - p twice.",
            ),
            (
                lambda x, W, p: (1 - p) / p * links(x, W, p),
                "The mask is right. You divide by the probability to drop, not by that to keep.",
            ),
            (lambda x, W, p: x @ W, "Nothing is dropped: your output has no variance."),
        ),
    ),
}

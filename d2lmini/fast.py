"""The forward pass and the loss of common stacks written out, without the overhead of vmap: to save time."""

import functools

import torch
from torch import nn
from torch.func import vmap
from torch.nn import functional as F

# Losses that give one number per example under reduction="none": the seeds are examples like any others.
PER_EXAMPLE = (F.cross_entropy, F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits)
# Layers that treat every number, or every example, on its own: stacked inputs pass through them as they are.
ELEMENTWISE = {
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Softplus,
    nn.Dropout,
}  # fmt: skip
# Multiplications in a matrix product from which several threads share one with profit.
LARGE = 2**21


def written_out(model, params, buffers):
    """Forward pass of an nn.Sequential of linear and elementwise layers, without the overhead of vmap.

    A training step of a small model takes a third of the time. Raises TypeError for any other module.
    """
    stacked = {id(p): params[name] for name, p in model.named_parameters()}
    layers = []
    for layer in _leaves(model):
        if type(layer) is nn.Linear:
            weight, bias = stacked[id(layer.weight)], stacked.get(id(layer.bias))
            layers.append(lambda x, weight=weight, bias=bias: _Linear.apply(x, weight, bias))
        elif type(layer) is nn.Flatten and (layer.start_dim, layer.end_dim) == (1, -1):
            layers.append(lambda x: x.flatten(2))
        elif type(layer) in ELEMENTWISE:
            layers.append(layer)
        else:
            raise TypeError(f"no written-out form for {type(layer).__name__}")
    return lambda inputs: functools.reduce(lambda x, layer: layer(x), layers, inputs)


def _leaves(module):
    """The layers of nested nn.Sequentials in order."""
    if type(module) is not nn.Sequential:
        return [module]
    return [leaf for layer in module for leaf in _leaves(layer)]


class _Linear(torch.autograd.Function):
    """x (seeds, batch, in), weight (seeds, out, in), bias (seeds, out) or None -> (seeds, batch, out).

    baddbmm's own backward pass gives the gradient of the transposed weight: a product in the slow order and a copy
    to turn it. Together they cost 15 % of a step for large weights, and half of one for small ones.
    """

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None
        return _bmm(x, weight.mT, bias)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad_x = _bmm(grad, weight) if ctx.needs_input_grad[0] else None
        return grad_x, _bmm(grad.mT, x), grad.sum(1) if ctx.has_bias else None


def _bmm(a, b, bias=None):
    """a @ b + bias for stacks of matrices and a row each, with all threads at work.

    torch.bmm hands out whole matrices to the threads. What does not divide evenly goes one by one: with 5 seeds
    and 2 threads that saves a sixth of a large product.
    """
    even = len(a) - len(a) % torch.get_num_threads()
    if even == len(a) or a.device.type != "cpu" or a[0].numel() * b.shape[2] < LARGE:
        return torch.bmm(a, b) if bias is None else torch.baddbmm(bias.unsqueeze(1), a, b)
    out = a.new_empty(len(a), a.shape[1], b.shape[2])
    torch.bmm(a[:even], b[:even], out=out[:even])
    for k in range(even, len(a)):
        torch.mm(a[k], b[k], out=out[k])
    return out if bias is None else out.add_(bias.unsqueeze(1))


def per_example(loss):
    """The function (outputs, targets), each (seeds, batch, ...), -> (seeds,) losses, as vmap(loss) is."""
    if loss not in PER_EXAMPLE:
        return vmap(loss)

    def losses(outputs, targets):
        each = loss(outputs.flatten(0, 1), targets.flatten(0, 1), reduction="none")
        return each.view(len(outputs), -1).mean(1)

    return losses

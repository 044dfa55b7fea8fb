"""Many models as one: the parameters of all seeds stacked along a first axis, so that one operation serves all.

`Alone` and `Stack` look the same to the training loop: inputs (seeds, batch, ...), outputs (seeds, batch, ...).
"""

import contextlib
import functools

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

# Layers that treat every number, or every example, on its own: stacked inputs pass through them as they are.
ELEMENTWISE = {
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Softplus,
    nn.Dropout,
}  # fmt: skip
# Multiplications in a matrix product from which several threads share one with profit.
LARGE = 2**21
# Losses that give one number per example under reduction="none": the seeds are examples like any others.
PER_EXAMPLE = (F.cross_entropy, F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits)


class Alone:
    """One model, seen as a stack of one. Its steps are those of a loop written by hand, to the last bit."""

    stacked = False

    def __init__(self, model):
        self.models = [model]
        self.leaves = [p for p in model.parameters() if p.requires_grad]

    def __call__(self, inputs):
        return self.models[0](inputs[0])[None]

    def losses(self, loss, outputs, targets):
        """The loss of each seed, (seeds,): a mean over its examples."""
        return loss(outputs[0], targets[0])[None]

    def state(self):
        """Parameters and buffers as tensors (seeds, ...) that share storage with what is trained."""
        return [p.detach()[None] for p in self.models[0].parameters()] + self.buffers()

    def buffers(self):
        return [b[None] for b in self.models[0].buffers()]

    def grads(self):
        """Gradients as tensors (seeds, ...)."""
        return [p.grad[None] for p in self.leaves if p.grad is not None]

    def write_back(self):
        """Nothing to do: the model itself is trained."""


class Stack:
    """The models of several seeds. They hold what was learned once `write_back` has been called."""

    stacked = True

    def __init__(self, models):
        self.models = models
        self.params, self.buffer = stack_module_state(models)
        self.leaves = [p for p in self.params.values() if p.requires_grad]
        self.forward = None

    def __call__(self, inputs):
        return self.forward(inputs)

    def losses(self, loss, outputs, targets):
        if loss not in PER_EXAMPLE:
            return vmap(loss)(outputs, targets)
        each = loss(outputs.flatten(0, 1), targets.flatten(0, 1), reduction="none")
        return each.view(len(self.models), -1).mean(1)

    def state(self):
        return [p.detach() for p in self.params.values()] + self.buffers()

    def buffers(self):
        return list(self.buffer.values())

    def grads(self):
        return [p.grad for p in self.leaves if p.grad is not None]

    @torch.no_grad()
    def write_back(self):
        """Copy the parameters and buffers of each seed into its model."""
        for k, model in enumerate(self.models):
            # Not load_state_dict: it leaves out the buffers that are not persistent.
            for name, tensor in (*model.named_parameters(), *model.named_buffers()):
                tensor.copy_((self.params | self.buffer)[name][k])


def vmapped(model, params, buffers):
    """Forward pass of any module that torch.func can stack."""
    one = vmap(lambda p, b, x: functional_call(model, (p, b), (x,)))
    return lambda inputs: one(params, buffers, inputs)


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


def stack(models, seeds, inputs, targets, loss):
    """A Stack of `models`, or None where a stack would not do what each model does alone.

    inputs, targets: a few examples on which both ways are compared, in training and in evaluation mode. That finds
    what torch.func refuses (control flow that depends on data), and what it would get wrong without a word: state
    that a module keeps outside its parameters and buffers, or replaces instead of updating in place.
    """
    if any(m._forward_hooks or m._forward_pre_hooks for model in models for m in model.modules()):
        return None
    alone = [
        _observe(Alone(model), (seed,), inputs, targets, loss) for model, seed in zip(models, seeds, strict=True)
    ]
    expected = [torch.cat(parts) for parts in zip(*alone, strict=True)]
    # A refusal can be any exception. An error of the model itself shows again when it trains alone.
    with contextlib.suppress(Exception):
        net = Stack(models)
        for make_forward in (written_out, vmapped):
            with contextlib.suppress(Exception):
                net.forward = make_forward(models[0], net.params, net.buffer)
                if all(map(_close, _observe(net, seeds, inputs, targets, loss), expected)):
                    return net
    return None


def _observe(net, seeds, inputs, targets, loss):
    """What one step's forward passes show: outputs and losses in both modes, and the buffers, then put back."""
    inputs, targets = (t.expand(len(net.models), *t.shape) for t in (inputs, targets))
    before = [t.clone() for t in net.buffers()]
    seen = []
    with torch.no_grad(), SeededDropout(seeds):
        for mode in (True, False):
            net.models[0].train(mode)
            outputs = net(inputs)
            seen += [outputs, net.losses(loss, outputs, targets)]
        seen += [t.clone() for t in net.buffers()]
        for t, old in zip(net.buffers(), before, strict=True):
            t.copy_(old)
    return seen


def _close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True)


class SeededDropout(TorchFunctionMode):
    """In this context nn.Dropout and F.dropout draw each seed's masks from a generator of its own.

    Every function of PyTorch takes this detour, so the training loop enters it for the forward pass alone.
    """

    def __init__(self, seeds):
        super().__init__()
        # Not the bare seed: that one orders the minibatches. (The generator reads 32 bits of it.)
        self.generators = [torch.Generator().manual_seed(int(seed) ^ 0x9E3779B9) for seed in seeds]

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is F.dropout:
            return self._dropout(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _dropout(self, input, p=0.5, training=True, inplace=False):
        if not 0 <= p <= 1:
            raise ValueError(f"p of F.dropout must be from 0 to 1, not {p}")
        return input * _Mask.apply(input, p, self.generators) if training and p > 0 else input


class _Mask(torch.autograd.Function):
    """keep / (1 - p), in the shape of `h`; under vmap `h` arrives with the axis of the seeds in front."""

    @staticmethod
    def forward(h, p, generators):
        return dropout_mask(h, p, generators)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(info, in_dims, h, p, generators):
        return dropout_mask(h.movedim(in_dims[0], 0), p, generators), 0


def dropout_mask(h, p, generators):
    """A tensor like `h` with zeros in a share p of places and 1 / (1 - p) in the others, one generator a seed.

    h: (seeds, ...), or any shape for one generator. Each place is decided by 16 bits, four places a 64-bit draw,
    which is many times as fast as `bernoulli_`. So p is rounded to a multiple of 2**-16, and the scale is that of
    the rounded p: the mean is 1 exactly. Masks are drawn on the CPU: the same ones on every device.
    """
    dropped = round(p * 2**16)
    if dropped == 2**16:
        return torch.zeros_like(h)
    n = h.numel() // len(generators)
    bits = torch.empty(len(generators), -(-n // 4), dtype=torch.int64)
    for row, generator in zip(bits, generators, strict=True):
        row.random_(-(2**63), None, generator=generator)  # from, to: all 64 bits (random_() alone gives 63)
    keep = bits.view(torch.int16)[:, :n] >= dropped - 2**15
    return keep.to(h.device, h.dtype).mul_(2**16 / (2**16 - dropped)).view(h.shape)

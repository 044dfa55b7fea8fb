"""Many models as one: the parameters of all seeds stacked along a first axis, so that one operation serves all."""

import contextlib

import torch
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def vmapped(model, params, buffers):
    """Forward pass of any module that torch.func can stack."""
    one = vmap(lambda p, b, x: functional_call(model, (p, b), (x,)))
    return lambda inputs: one(params, buffers, inputs)


try:
    from d2lmini.fast import per_example, written_out
except ImportError:  # it saves time, and nothing else
    per_example, written_out = vmap, vmapped


class Stack:
    """One model or the models of several seeds, seen alike: inputs and outputs (seeds, batch, ...).

    One alone takes the steps of a loop written by hand, to the last bit. Several are stacked (`make_forward` gives
    their forward pass), and hold what was learned once `write_back` has been called.
    seeds: of the generators from which dropout draws; without any it draws from PyTorch's own.
    """

    def __init__(self, models, loss, seeds=(), make_forward=None):
        self.models, self.loss, self.seeds, self.stacked = models, loss, seeds, make_forward is not None
        self.dropout = SeededDropout(seeds) if seeds else contextlib.nullcontext()
        if self.stacked:
            self.params, self.buffers = stack_module_state(models)
            self.forward = make_forward(models[0], self.params, self.buffers)
        parameters = self.params.values() if self.stacked else models[0].parameters()
        self.leaves = [p for p in parameters if p.requires_grad]

    def __call__(self, inputs):
        # Every function of PyTorch takes a detour through this context, so it is entered for forward passes alone.
        with self.dropout:
            return self.forward(inputs) if self.stacked else self.models[0](inputs[0])[None]

    def losses(self, outputs, targets):
        """The loss of each seed, (seeds,): a mean over its examples."""
        many = per_example(self.loss) if self.stacked else lambda o, y: self.loss(o[0], y[0])[None]
        return many(outputs, targets)

    def state(self):
        """Parameters and buffers as tensors (seeds, ...) that share storage with what is trained."""
        if self.stacked:
            return [t.detach() for t in (*self.params.values(), *self.buffers.values())]
        return [t.detach()[None] for t in (*self.models[0].parameters(), *self.models[0].buffers())]

    @torch.no_grad()
    def write_back(self):
        """Copy the parameters and buffers of each seed into its model."""
        for k, model in enumerate(self.models if self.stacked else []):
            for tensor, seeds in zip((*model.parameters(), *model.buffers()), self.state(), strict=True):
                tensor.copy_(seeds[k])


def stack(models, loss, seeds, inputs, targets):
    """A Stack of `models`, or None where a stack would not do what each model does alone.

    inputs, targets: a few examples on which both ways are compared, in training and in evaluation mode. That finds
    what torch.func refuses (control flow that depends on data), and what it would get wrong without a word: state
    that a module keeps outside its parameters and buffers, or replaces instead of updating in place.
    """
    if any(m._forward_hooks or m._forward_pre_hooks for model in models for m in model.modules()):
        return None
    nets = [Stack([model], loss, [seed]) for model, seed in zip(models, seeds, strict=True)]
    expected = [torch.cat(each) for each in zip(*(_observe(net, inputs, targets) for net in nets), strict=True)]
    for make_forward in (written_out, vmapped):
        # A refusal can be any exception. An error of the model itself shows again when it trains alone.
        with contextlib.suppress(Exception):
            net = Stack(models, loss, seeds, make_forward)
            seen = _observe(net, inputs, targets)
            torch.testing.assert_close(seen, expected, rtol=1e-3, atol=1e-5, equal_nan=True)
            return net
    return None


@torch.no_grad()
def _observe(net, inputs, targets):
    """What one step's forward passes show: outputs and losses in both modes, and the state, which is put back."""
    inputs, targets = (t.expand(len(net.models), *t.shape) for t in (inputs, targets))
    before, seen = [t.clone() for t in net.state()], []
    for mode in (True, False):
        net.models[0].train(mode)
        outputs = net(inputs)
        seen += [outputs, net.losses(outputs, targets)]
    seen += [t.clone() for t in net.state()]
    for t, old in zip(net.state(), before, strict=True):
        t.copy_(old)
    net.dropout = SeededDropout(net.seeds) if net.dropout.asked else contextlib.nullcontext()
    return seen


class SeededDropout(TorchFunctionMode):
    """In this context nn.Dropout and F.dropout draw each seed's masks from a generator of its own.

    asked: whether any of them was called.
    """

    def __init__(self, seeds):
        super().__init__()
        # Not the bare seed: that one orders the minibatches. (The generator reads 32 bits of it.)
        self.generators = [torch.Generator().manual_seed(int(seed) ^ 0x9E3779B9) for seed in seeds]
        self.asked = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is F.dropout:  # which hands on its input, and all else by name
            self.asked = True
            if kwargs["training"] and 0 < kwargs["p"] <= 1:
                return args[0] * _Mask.apply(args[0], kwargs["p"], self.generators)
        return function(*args, **kwargs)


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


class _Mask(torch.autograd.Function):
    """keep / (1 - p), in the shape of `h`; under vmap `h` arrives with the axis of the seeds in front."""

    forward = staticmethod(dropout_mask)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(info, in_dims, h, p, generators):
        return dropout_mask(h.movedim(in_dims[0], 0), p, generators), 0

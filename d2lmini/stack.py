"""Many models as one: the parameters of all seeds stacked along a first axis, so that one operation serves all."""

import contextlib

import torch
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

# Losses that give one number per example under reduction="none": the seeds are examples like any others.
PER_EXAMPLE = (F.cross_entropy, F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits)


class Stack:
    """One model or the models of several seeds, seen alike: inputs and outputs (seeds, batch, ...).

    One alone takes the steps of a loop written by hand, to the last bit. Several are stacked (`make_forward` gives
    their forward pass), and hold what was learned once `write_back` has been called.
    """

    def __init__(self, models, make_forward=None):
        self.models, self.stacked, self.drops = models, make_forward is not None, True
        if self.stacked:
            self.params, self.buffers = stack_module_state(models)
            self.forward = make_forward(models[0], self.params, self.buffers)
        parameters = self.params.values() if self.stacked else models[0].parameters()
        self.leaves = [p for p in parameters if p.requires_grad]

    def __call__(self, inputs):
        return self.forward(inputs) if self.stacked else self.models[0](inputs[0])[None]

    def losses(self, loss, outputs, targets):
        """The loss of each seed, (seeds,): a mean over its examples."""
        if not self.stacked:
            return loss(outputs[0], targets[0])[None]
        if loss not in PER_EXAMPLE:
            return vmap(loss)(outputs, targets)
        each = loss(outputs.flatten(0, 1), targets.flatten(0, 1), reduction="none")
        return each.view(len(self.models), -1).mean(1)

    def state(self):
        """Parameters and buffers as tensors (seeds, ...) that share storage with what is trained."""
        if self.stacked:
            return [t.detach() for t in (*self.params.values(), *self.buffers.values())]
        return [t.detach()[None] for t in (*self.models[0].parameters(), *self.models[0].buffers())]

    def grads(self):
        """Gradients as tensors (seeds, ...)."""
        grads = [p.grad for p in self.leaves if p.grad is not None]
        return grads if self.stacked else [g[None] for g in grads]

    @torch.no_grad()
    def write_back(self):
        """Copy the parameters and buffers of each seed into its model."""
        for k, model in enumerate(self.models if self.stacked else []):
            # Not load_state_dict: it leaves out the buffers that are not persistent.
            for name, tensor in (*model.named_parameters(), *model.named_buffers()):
                tensor.copy_((self.params | self.buffers)[name][k])


def vmapped(model, params, buffers):
    """Forward pass of any module that torch.func can stack."""
    one = vmap(lambda p, b, x: functional_call(model, (p, b), (x,)))
    return lambda inputs: one(params, buffers, inputs)


FORWARDS = [vmapped]
with contextlib.suppress(ImportError):  # it saves time, and nothing else
    from d2lmini.fast import written_out

    FORWARDS.insert(0, written_out)


def stack(models, seeds, inputs, targets, loss):
    """A Stack of `models`, or None where a stack would not do what each model does alone.

    inputs, targets: a few examples on which both ways are compared, in training and in evaluation mode. That finds
    what torch.func refuses (control flow that depends on data), and what it would get wrong without a word: state
    that a module keeps outside its parameters and buffers, or replaces instead of updating in place.
    """
    if any(m._forward_hooks or m._forward_pre_hooks for model in models for m in model.modules()):
        return None
    each = [_observe(Stack([m]), [seed], inputs, targets, loss) for m, seed in zip(models, seeds, strict=True)]
    expected = [torch.cat(parts) for parts in zip(*each, strict=True)]
    for make_forward in FORWARDS:
        # A refusal can be any exception. An error of the model itself shows again when it trains alone.
        with contextlib.suppress(Exception):
            net = Stack(models, make_forward)
            if all(map(_close, _observe(net, seeds, inputs, targets, loss), expected)):
                return net
    return None


def _observe(net, seeds, inputs, targets, loss):
    """What one step's forward passes show: outputs and losses in both modes, and the state, which is put back."""
    inputs, targets = (t.expand(len(net.models), *t.shape) for t in (inputs, targets))
    before, seen = [t.clone() for t in net.state()], []
    with torch.no_grad(), SeededDropout(seeds) as dropout:
        for mode in (True, False):
            net.models[0].train(mode)
            outputs = net(inputs)
            seen += [outputs, net.losses(loss, outputs, targets)]
    seen += [t.clone() for t in net.state()]
    for t, old in zip(net.state(), before, strict=True):
        t.copy_(old)
    net.drops = dropout.asked
    return seen


def _close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True)


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
        if function is F.dropout:
            return self._dropout(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _dropout(self, input, p=0.5, training=True, inplace=False):
        self.asked = True
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

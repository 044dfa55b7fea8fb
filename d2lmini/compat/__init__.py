"""The helpers of D2L-style notes, which run by changing one import: `from d2lmini import compat as d2l`.

Names, signatures and meanings are those of PyTorch notes of three kinds: first edition (package d2l 0.15 to 0.17),
d2lzh_pytorch, and second edition (d2l 1.x), for the chapters on linear networks and multilayer perceptrons.
"""

# ruff: noqa: F401, F403
import collections
import math
import os
import random
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils import data

from d2lmini.compat import names
from d2lmini.compat.figures import *
from d2lmini.compat.loaders import *
from d2lmini.compat.names import find as __getattr__
from d2lmini.compat.second import *
from d2lmini.compat.training import *

# isort: off
from torch import (
    abs, arange, bmm as batch_matmul, cat as concat, cos, cosh, exp, eye, float32, linspace, log, matmul, meshgrid,
    normal, ones, ones_like, rand, randn, sigmoid, sin, sinh, stack, tanh, tensor, zeros, zeros_like,
)  # fmt: skip
# isort: on

nn_Module = nn.Module
# Methods of tensors, as functions.
argmax, astype, expand_dims = torch.Tensor.argmax, torch.Tensor.type, torch.Tensor.unsqueeze
reduce_mean, reduce_sum, repeat = torch.Tensor.mean, torch.Tensor.sum, torch.Tensor.repeat
reshape, size, swapaxes = torch.Tensor.reshape, torch.Tensor.numel, torch.Tensor.swapaxes
to, transpose = torch.Tensor.to, torch.Tensor.t

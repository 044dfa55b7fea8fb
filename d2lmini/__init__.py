"""d2lmini: the thin package under the book. What a chapter has shown once, later chapters import from here."""

import importlib

from d2lmini import data
from d2lmini.train import History, accuracy, evaluate, fit

__version__ = "0.1.0"
__all__ = ["History", "accuracy", "data", "evaluate", "explore", "fit", "plots", "practice"]
NOTES = "notes in the style of D2L begin with `from d2lmini import compat as d2l`"


def __dir__():
    return __all__


def __getattr__(name):
    if name in ("plots", "explore", "practice", "compat"):  # when asked for: matplotlib, IPython, judges, notes
        return importlib.import_module(f"d2lmini.{name}")
    if name in ("torch", "mxnet", "tensorflow", "jax", "paddle"):  # from d2l import torch as d2l
        raise ImportError(f"d2lmini has no {name!r}: {NOTES}")
    compat = None if name.startswith("_") else importlib.import_module("d2lmini.compat")
    known = compat and (name in compat.__dict__ or name in compat.names.KNOWN)
    raise AttributeError(f"module 'd2lmini' has no attribute {name!r}{f': {NOTES}' if known else ''}")

"""d2lmini: the thin package under the book. What a chapter has shown once, later chapters import from here."""

import importlib

from d2lmini import data
from d2lmini.train import History, accuracy, evaluate, fit

__version__ = "0.1.0"
__all__ = ["History", "accuracy", "data", "evaluate", "explore", "fit", "plots", "practice"]


def __dir__():
    return __all__


def __getattr__(name):
    if name in ("plots", "explore", "practice"):  # imported when asked for: matplotlib, IPython, the judges
        return importlib.import_module(f"d2lmini.{name}")
    raise AttributeError(f"module 'd2lmini' has no attribute {name!r}")

"""A progress bar where a person watches, and nothing at all where nobody does."""

import os
import sys
import warnings


def bar(total, progress=None, **options):
    """A tqdm bar of `total` steps, silent unless `watched(progress)`; it removes itself at the end."""
    if not watched(progress):
        from tqdm import tqdm

        return tqdm(total=total, disable=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns where ipywidgets is missing, and draws a bar of text
        from tqdm.auto import tqdm
    return tqdm(total=total, leave=False, **({"delay": 0.5, "mininterval": 0.25} | options))


def watched(progress=None):
    """Whether somebody is looking: `progress` if given, else $D2LMINI_PROGRESS (0 or 1), else what we can see.

    That is a terminal, or a notebook that a person has open. A kernel alone says nothing (nbval, nbclient
    and `make execute` start one too), but Jupyter's server, Colab and VS Code each leave a mark of their own.
    """
    if progress is not None:
        return bool(progress)
    if os.environ.get("D2LMINI_PROGRESS") in ("0", "1"):
        return os.environ["D2LMINI_PROGRESS"] == "1"
    if os.environ.get("CI"):
        return False
    if "ipykernel" not in sys.modules:
        return sys.stderr is not None and sys.stderr.isatty()
    from IPython import get_ipython

    names = getattr(get_ipython(), "user_ns", {})
    return bool("JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules or "__vsc_ipynb_file__" in names)

"""What explore.py still asks of its arguments."""

import math
import numbers


def real(value):
    """A number as a float, infinite where a float cannot hold it; anything else as NaN."""
    try:
        return float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.inf


def listed(name, values, what):
    """`values` as a list."""
    try:
        return list(values)
    except TypeError:
        raise TypeError(f"{name} must be a list of {what}, not {values!r}") from None


def function(name, value, what):
    if not callable(value):
        raise TypeError(f"{name} must be {what}, not {value!r}")

"""Bad input to interactive figures: a right answer, or a ValueError or TypeError that names the argument.

Hypothesis makes the input, the same on every run.
"""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from d2lmini.explore import sliders

settings.register_profile(
    "book", derandomize=True, database=None, deadline=None, max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("book")

REFUSED = object()
HUGE = 10**400  # an int that no float can hold

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTEGERS = [torch.int64, torch.int32, torch.uint8, torch.bool]
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
extremes = st.sampled_from([HUGE, -HUGE, 2**63, 1e308, 0.5, np.int64(2), np.float32(0.5)])
numbers = st.one_of(st.integers(-3, 5), st.floats(width=32), extremes)


@st.composite
def tensors(draw, shape=shapes, dtypes=(*FLOATS, *INTEGERS, torch.complex64)):
    shape, dtype = draw(shape), draw(st.sampled_from(list(dtypes)))
    low, high = draw(st.sampled_from([(0, 1), (0, 3), (-3, 3)]))
    n = math.prod(shape)
    values = draw(st.lists(st.integers(low, high), min_size=n, max_size=n))
    tensor = torch.tensor(values, dtype=torch.float64).reshape(shape).to(dtype)
    if dtype in FLOATS and n and draw(st.booleans()):
        tensor.view(-1)[draw(st.integers(0, n - 1))] = draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    return tensor


others = st.one_of(
    st.none(), st.booleans(), st.text(max_size=3), st.binary(max_size=3), st.sampled_from([1j, {}, object()]),
    st.lists(st.integers(0, 3), max_size=3), st.just([[1], [2, 3]]), tensors(),
)  # fmt: skip
anything = st.one_of(numbers, others)


def answer(function, names, *arguments, **options):
    """What the function returns, or REFUSED where its error names one of the arguments in `names`."""
    try:
        return function(*arguments, **options)
    except (ValueError, TypeError) as error:
        named = rf"\b({'|'.join(names.split())})\b"
        assert re.search(named, str(error)), f"{type(error).__name__} does not name {names}: {error}"
        return REFUSED


values = st.one_of(tensors(dtypes=(*FLOATS, *INTEGERS)), anything)
PANEL = {"xlim": (0, 10), "ylim": (0, 1)}
marks = st.one_of(st.tuples(values, values), st.tuples(values, values, values), anything)
frames = st.one_of(
    anything,
    st.builds(lambda answer: lambda **setting: answer, anything),
    st.builds(lambda mark, text: lambda **setting: ([{"f": mark}], text), marks, st.just("read") | anything),
)


def line(**setting):
    return [{"f": ([0, 5], [0, 1])}], "read"


@given(frames)
def test_sliders_with_any_frame(frame):
    got = answer(sliders, "frame", frame, [PANEL], a=[1, 2])
    if got is not REFUSED:
        (mark,), text = frame(a=1)[0][0].values(), frame(a=1)[1]
        assert text in got.data.replace("\\", "") or any(c in text for c in "&<>'\"") or not text.isascii()
        assert len(mark[0]) == len(mark[1]) and " nan" not in got.data and " inf" not in got.data


@given(st.dictionaries(st.sampled_from("ab"), anything, max_size=2), anything, anything)
@example({"a": "plain"}, None, ())
@example({"a": [1]}, None, "f")
@example({"a": [1]}, None, ["g"])
def test_sliders_with_any_grid(grid, start, dots):
    start = start if isinstance(start, dict | None) else {"a": start}
    got = answer(sliders, "slider grid start dots", line, [PANEL], start=start, dots=dots, **grid)
    if got is not REFUSED:
        assert not any(isinstance(values, str) for values in grid.values()) and not isinstance(dots, str)
        assert got.data.count('type="range"') == len(grid)


@given(st.sampled_from(["xlim", "ylim"]), st.one_of(anything, st.tuples(numbers, numbers)), st.booleans())
@example("ylim", (0, 1), True)
@example("xlim", (0, math.inf), False)
def test_sliders_with_any_limits(name, limits, log):
    panel = PANEL | {"ylim": (0.1, 1)} | {name: limits} | ({"yscale": "log"} if log else {})
    got = answer(sliders, "panel panels xlim ylim", line, [panel], a=[1])
    if got is not REFUSED:
        low, high = limits
        assert -math.inf < low < high < math.inf and (low > 0 or not log or name == "xlim")


@given(anything)
def test_sliders_with_any_panels(panels):
    answer(sliders, "panels panel frame", line, panels, a=[1])


def shown(**options):
    sliders(**({"frame": line, "panels": [PANEL | {"title": "T"}]} | ({"a": [1]} | options)))


WORDS = [
    (lambda: shown(frame=3), "frame must be a function of the sliders' values, not 3"),
    (lambda: shown(frame=lambda a: ([], "r")),
     "frame({'a': 1}) fails or cannot be drawn: expected a dict for each of 1 panels and a sentence"),
    (lambda: shown(panels=3), "panels must be a list of dicts, not 3"),
    (lambda: shown(panels=[3]), "panels must be a list of dicts, not of 3"),
    (lambda: shown(panels=[{"xlim": (1, 0)}]),
     "xlim of panel '' must be two finite numbers, increasing, not (1, 0)"),
    (lambda: shown(panels=[{"xlim": (0, 1), "ylim": (0, 1), "yscale": "log", "title": "T"}]),
     "ylim of panel 'T' must be two finite numbers, increasing, above 0, not (0, 1)"),
    (lambda: shown(panels=[{}]), "xlim of panel '' must be a list of two numbers, not None"),
    (lambda: shown(a=3), "slider 'a' must be a list of values, not 3"),
    (lambda: shown(a="b"), "slider 'a' must be a list of values, not 'b'"),
    (lambda: shown(a=[None]), "slider 'a' must have numbers or strings as values, not None"),
    (lambda: shown(a=[]), "slider 'a' has no values"),
    (lambda: shown(dots=3), "dots must be a list of labels, not 3"),
    (lambda: shown(dots="f"), "dots must be a list of labels, not 'f'"),
    (lambda: shown(dots=["g"]), "dots names ['g'], which no frame has"),
    (lambda: shown(start={"b": 1}), "start names 'b', which is not a slider: ['a']"),
    (lambda: shown(start={"a": 2}), "start['a'] = 2 is not among its values [1]"),
    (lambda: sliders(line, [PANEL]), "grid is empty: give at least one slider, for example leak=[0, 0.1]"),
]  # fmt: skip


@pytest.mark.parametrize("call, words", WORDS, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_the_words_of_an_error(call, words):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert str(error.value) == words

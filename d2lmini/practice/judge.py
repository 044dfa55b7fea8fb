"""How an answer is judged: run it on hidden cases, compare it with the solution, then with known mistakes."""

import copy
import importlib
import inspect
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

DRAWN = 3  # cases beside the fixed ones
PRACTICE = Path(__file__).parent


class Wrong(Exception):
    """Raised by a probe that sees itself what is wrong with an answer; its text is what the reader is told."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: how cases are drawn, the solution, and the mistakes that are recognised.

    solve: the right function. Of a question with a value for an answer: a function from its numbers to the value.
    fixed: cases (tuples of arguments) that are always tried, the simplest first, with the numbers of the book.
    draw: a function from a `random.Random` to one more case.
    mistakes: pairs of a wrong function and a sentence that says what is wrong with it.
    ask: the question with places {0}, {1}, ... for the numbers of a student.
    value: the answer is a value, not a function.
    probe: a function of an answer and a case to what is compared, for answers with randomness, classes, networks;
    it may raise `Wrong` with a sentence.
    gives: how a sentence says "you give" where a probe compares something else.
    tolerance: relative and absolute.
    """

    solve: Callable
    fixed: tuple
    draw: Callable
    mistakes: tuple = ()
    ask: str = ""
    value: bool = False
    probe: Callable | None = None
    gives: str = "you give"
    tolerance: float = 1e-5


@dataclass(frozen=True)
class Verdict:
    """What a judge found: cases right, cases tried, what it says; true where all is right."""

    right: int
    cases: int
    text: str

    def __bool__(self):
        return 0 < self.cases == self.right

    def __str__(self):
        return self.text

    def _ipython_display_(self):
        """Show nothing in a notebook: `mark` has printed it."""


def find(name):
    """Return the exercise of a name such as "dropout 2"; an unknown name is a ValueError."""
    chapter, _, number = str(name).rpartition(" ")
    try:
        there = importlib.import_module(f"d2lmini.practice.{chapter.replace('-', '_')}").EXERCISES
    except ModuleNotFoundError:
        raise ValueError(f'name must be like "dropout 2", chapter and number, got {name!r}') from None
    if number not in there:
        raise ValueError(f"name must be one of {', '.join(f'{chapter} {n}' for n in there)}, got {name!r}")
    return there[number]


def mark(name, answer, seed=None):
    """Print what is right and wrong about an answer to an exercise, and return it as a `Verdict`.

    name: chapter and number, such as "dropout 2". answer: your function, or your value. seed: a whole number, such
    as a student's, for the numbers that `problem(name, seed)` gives.
    """
    exercise = find(name)
    verdict = judge(exercise, answer, cases_of(exercise, name, seed), told=seed is None)
    print(verdict)
    return verdict


def problem(name, seed):
    """Return an exercise with numbers of its own for each seed, as text: homework that cannot be copied."""
    exercise, own = find(name), numbers(name, seed)
    chapter, _, number = name.rpartition(" ")
    if exercise.ask:
        question = exercise.ask.format(*map(short, own))
    elif not own:
        question = f"Exercise {number} of {chapter}: it has no numbers, and is the same for everybody."
    elif exercise.probe:
        question = (
            f"Exercise {number} of {chapter}: your answer, as on the page, is tried with numbers of your own."
        )
    else:
        arguments = f'*d2l.practice.numbers("{name}", seed={seed})'
        question = (
            f"Exercise {number} of {chapter}, with arguments of your own:\nanswer = your_function({arguments})"
        )
    return f'{question}\nHand in: mark("{name}", answer, seed={seed})'


def numbers(name, seed):
    """Return the numbers, a tuple, that `problem` puts into a question."""
    return cases_of(find(name), name, seed)[0]


def cases_of(exercise, name, seed):
    """Return the cases to try: the fixed ones and some that are drawn, or those of one seed."""
    chance = random.Random(f"{name} {seed}")
    if seed is not None:
        cases = [exercise.draw(chance)]
    elif exercise.value:
        cases = [exercise.fixed[0]]
    else:
        cases = [*exercise.fixed, *(exercise.draw(chance) for _ in range(DRAWN))]
    return [tuple(map(in_default_dtype, case)) for case in cases]


def in_default_dtype(value):
    """Return a tensor of real numbers in the precision of the reader's own; what is something else stays."""
    real = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.to(torch.get_default_dtype()) if real else value


def judge(exercise, answer, cases, told=True):
    """Return the `Verdict` on an answer; unless `told`, no right value is shown."""
    if blank(answer):
        return Verdict(0, len(cases), "not tried yet")
    if told and not exercise.value and not callable(answer):
        return Verdict(0, len(cases), "A function or a class is wanted: hand in its name, without calling it.")
    wanted = [outcome(exercise, exercise.solve, copy.deepcopy(case), ours=True) for case in cases]
    given, touched = [], False
    for case in cases:
        own = copy.deepcopy(case)
        try:
            given.append(outcome(exercise, answer, own))
        except Wrong as seen:
            return Verdict(0, len(cases), f"Not yet. {seen}")
        except Exception as error:
            return Verdict(0, len(cases), f"Your code stops with an error:\n{theirs(error)}")
        touched = touched or not all(map(same, flat(own), flat(case)))
    if all(map(blank, given)):
        return Verdict(0, len(cases), "not tried yet")
    given = [in_form_of(ours, yours) for ours, yours in zip(wanted, given, strict=True)]
    right = [close(exercise, ours, yours) for ours, yours in zip(wanted, given, strict=True)]
    score = f"{sum(right)} of {len(cases)} cases" if len(cases) > 1 else "Right" if all(right) else "Not yet"
    if all(right) and touched:
        advice = "Your function changes its arguments: make a new tensor, or the caller loses the old values."
        return Verdict(0, len(cases), f"{score} have the right value. {advice}")
    if all(right):
        return Verdict(len(cases), len(cases), f"✓ {score}.")
    advice = known(exercise, cases, given) or general(cases, wanted, given)
    advice = advice or first_wrong(exercise, cases, wanted, given, right.index(False), told)
    return Verdict(sum(right), len(cases), f"{score}. {advice}")


def outcome(exercise, answer, case, ours=False):
    """Return what an answer gives for a case, the same at every call: random numbers begin at one place."""
    if ours and exercise.value:
        answer = answer(*case)  # our value follows from the numbers
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if exercise.probe:
            return exercise.probe(answer, *case)
        return answer(*case) if callable(answer) else answer


def blank(answer):
    """Tell whether an answer is still that of the stub: None, `...`, a dictionary of them."""
    if isinstance(answer, dict):
        return len(answer) > 0 and all(map(blank, answer.values()))
    return answer is None or answer is ...


def flat(value):
    """Return a value as a list of arrays of float64, None where it is no number; nested lists are run through.

    Several single numbers are one array, whether they are Python's or tensors.
    """
    if value is None:
        return [None]
    if isinstance(value, dict):
        return [array for key in sorted(value, key=str) for array in flat(value[key])]
    if isinstance(value, torch.Tensor):
        return [value.detach().double().numpy()]
    if isinstance(value, (list, tuple)) and any(
        isinstance(one, (torch.Tensor, np.ndarray, list, tuple, dict)) for one in value
    ):
        parts = [array for one in value for array in flat(one)]
        single = all(part is not None and part.ndim == 0 for part in parts)
        return [np.array(parts)] if single else parts
    try:
        return [np.asarray(value, dtype=np.float64)]
    except (TypeError, ValueError):
        return [None]


def in_form_of(wanted, given):
    """Return a list or tuple as a tensor where one is wanted and the parts fit together."""
    if isinstance(wanted, torch.Tensor) and isinstance(given, (list, tuple)):
        try:
            return torch.stack([torch.as_tensor(one) for one in given])
        except (TypeError, ValueError, RuntimeError):
            return given
    return given


def same(a, b):
    """Tell whether two arrays are equal, bit for bit; what is no number is not looked at."""
    return a is None or b is None or np.array_equal(a, b, equal_nan=True)


def close(exercise, wanted, given):
    """Tell whether an answer is right: as many parts, the same shapes, finite numbers within the tolerance."""
    wanted, given = flat(wanted), flat(given)
    near = {"rtol": exercise.tolerance, "atol": exercise.tolerance}
    return len(wanted) == len(given) and all(
        b is not None and a.shape == b.shape and np.allclose(a, b, **near)
        for a, b in zip(wanted, given, strict=True)
    )


def known(exercise, cases, given):
    """Return the sentence of the known mistake that gives just what was given, or None."""
    for wrong, sentence in exercise.mistakes:
        try:
            if all(
                close(exercise, outcome(exercise, wrong, copy.deepcopy(case), ours=True), yours)
                for case, yours in zip(cases, given, strict=True)
            ):
                return sentence
        except Exception:
            continue
    return None


def general(cases, wanted, given):
    """Return a sentence on a mistake that any exercise may have, or None."""
    if any(one is None for one in given):
        return "In some cases you return nothing: does every way through your function end with a return?"
    ours, yours = ([flat(one) for one in all_of] for all_of in (wanted, given))
    for one in given:
        if isinstance(one, dict) and (missing := [str(key) for key in one if one[key] is None]):
            return f"Still missing: {', '.join(missing)}."
    if any(array is None for arrays in yours for array in arrays):
        odd = next(one for one, arrays in zip(given, yours, strict=True) if any(a is None for a in arrays))
        return f"Numbers are wanted, and your answer is {short(odd)}."
    if any(not np.isfinite(array).all() for arrays in yours for array in arrays):
        return (
            "Your answer holds nan or inf: a division by 0, a root or logarithm of a negative number, an overflow?"
        )
    if any(len(a) != len(b) for a, b in zip(ours, yours, strict=True)):
        several, own = next((len(a), len(b)) for a, b in zip(ours, yours, strict=True) if len(a) != len(b))
        return f"{'One thing is' if several == 1 else f'{several} things are'} wanted, you return {own}."
    pairs = [pair for a, b in zip(ours, yours, strict=True) for pair in zip(a, b, strict=True)]
    names = [f" of {key}" for key in sorted(wanted[0], key=str)] if isinstance(wanted[0], dict) else [""]
    for k, (a, b) in enumerate(pairs):
        if a.shape != b.shape:
            of = names[k % len(names)] if len(names) == len(ours[0]) else ""
            return f"The shape{of} should be {a.shape}, yours is {b.shape}{shape_hint(a, b)}."
    if len(cases) > 1 and constant(yours) and not constant(ours):
        return "You give the same answer in every case, whatever the arguments are."
    if all(case and came_back(flat(case[0]), y) for case, y in zip(cases, yours, strict=True)):
        return "You return an argument as it came."
    return ratio(pairs)


def came_back(argument, answer):
    """Tell whether an answer is one array of numbers, and that of an argument."""
    return len(argument) == len(answer) == 1 and argument[0] is not None and same(argument[0], answer[0])


def constant(answers):
    """Tell whether all answers are the same."""
    return all(all(map(same, answers[0], other)) for other in answers[1:])


def shape_hint(a, b):
    """Return what a wrong shape looks like, with a comma before it, or nothing."""
    if a.size == b.size and b.T.shape == a.shape and a.ndim > 1:
        return ", transposed"
    if a.size == b.size:
        return ": the right numbers, perhaps, in another shape (reshape)"
    if b.ndim == 2 and b.shape[0] == b.shape[1] == a.size:
        return ": (n,) against (n, 1) broadcasts to a square"
    return ": one number, perhaps a mean or a sum over too much" if b.size == 1 else ""


def ratio(pairs):
    """Return what factor or what sum lies between all right numbers and those given, or None."""
    a, b = (np.concatenate([one.ravel() for one in side]) for side in zip(*pairs, strict=True))
    if np.allclose(a, -b, rtol=1e-4) and np.abs(a).max() > 0:
        return "Your sign is wrong: everything else is right."
    if len(a) > 1 and np.allclose(a, b, rtol=1e-2, atol=0):
        return "All your numbers are within 1 % of the right ones: are they rounded, or is a small term wrong?"
    there = np.abs(a) > 1e-12
    if there.sum() > 1 and np.allclose(b[~there], 0):
        factors = b[there] / a[there]
        if np.allclose(factors, factors[0], rtol=1e-4) and factors[0] > 0:
            return f"Your numbers are {factors[0]:.3g} times the right ones."
    if len(a) > 1 and np.allclose(b - a, (b - a)[0], rtol=1e-4):
        return f"Your numbers are the right ones plus {(b - a)[0]:.3g}."
    return None


def first_wrong(exercise, cases, wanted, given, number, told):
    """Return the first case with a wrong answer, as a sentence; the right answer only where it is `told`."""
    ours, yours = wanted[number], given[number]
    shown = told and not exercise.value
    if isinstance(ours, dict) and isinstance(yours, dict):
        return by_name(exercise, ours, yours, shown)
    if not shown:
        a, b = (np.concatenate([array.ravel() for array in flat(one)]) for one in (ours, yours))
        if a.size == 1:
            return f"{short(yours)} is too {'large' if b > a else 'small'}."
        right = np.isclose(b, a, rtol=exercise.tolerance, atol=exercise.tolerance)
        wrong = ", ".join(f"number {k + 1}" for k in np.flatnonzero(~right))
        return f"Wrong: {wrong} of {a.size}." if a.size < 9 else "Some of your numbers are wrong."
    names = inspect.signature(exercise.solve).parameters
    case = ", ".join(f"{name} = {short(one)}" for name, one in zip(names, cases[number], strict=False))
    if short(yours) == short(ours):  # too long to be shown, or wrong in a late digit
        return f"For {case} {where_wrong(exercise, flat(ours), flat(yours))}."
    return f"For {case} {exercise.gives} {short(yours)}, and {short(ours)} is right."


def by_name(exercise, ours, yours, shown):
    """Return which values of a dictionary are wrong, and single numbers where they may be `shown`."""
    wrong, fine = [], []
    for key in ours:
        single = shown and all(array is not None and array.ndim == 0 for array in flat(yours.get(key)))
        told = f"{key} {short(yours.get(key))} where {short(ours[key])} is right" if single else str(key)
        if close(exercise, ours[key], yours.get(key)):
            fine.append(str(key))
        else:
            wrong.append(told)
    return f"Wrong: {', '.join(wrong)}." + (f" Right: {', '.join(fine)}." if fine else "")


def where_wrong(exercise, ours, yours):
    """Return how many numbers of some arrays are wrong, and, of a single array, the first of them."""
    near = {"rtol": exercise.tolerance, "atol": exercise.tolerance}
    wrong = [np.argwhere(~np.isclose(b, a, **near)) for a, b in zip(ours, yours, strict=True)]
    told = f"{sum(map(len, wrong))} of your {sum(a.size for a in ours)} numbers are wrong"
    if len(ours) > 1 or ours[0].ndim == 0:
        return told
    at = tuple(wrong[0][0])
    return f"{told}, the first at {[int(k) for k in at]}, {yours[0][at]:.4g} where {ours[0][at]:.4g} is right"


def short(value):
    """Return a value as a short text: rounded, on one line."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        value = torch.as_tensor(value)
    if isinstance(value, torch.Tensor) and value.numel() > 12:
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, torch.Tensor):
        whole = not value.is_floating_point()
        return str(value.tolist() if whole else np.round(value.detach().double().numpy(), 4).tolist())
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(map(short, value)) + ")"
    if isinstance(value, dict):
        return ", ".join(f"{name} {short(one)}" for name, one in value.items())
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    return getattr(value, "__name__", None) or str(value)


def theirs(error):
    """Return an error of the reader's code without our part of the traceback."""
    told = traceback.TracebackException.from_exception(error)
    frames = list(told.stack)
    while frames and PRACTICE in Path(frames[0].filename).parents:
        frames.pop(0)
    lines = traceback.format_list(frames[:3]) + list(told.format_exception_only())
    return "".join(lines).rstrip()

"""Judges for the exercises of the chapter on weight decay."""

import torch

from d2lmini.practice.judge import Exercise, Wrong


def halving(rate, steps):
    return (1 - 0.5 ** (1 / steps)) / rate


def one_number(answer, *case):
    """A result with one number, in whatever shape."""
    found = answer(*case) if callable(answer) else answer
    return found.reshape(()) if isinstance(found, torch.Tensor) and found.numel() == 1 else found


def targets(chance):
    generator, n = torch.Generator().manual_seed(chance.randrange(2**31)), chance.randrange(5, 9)
    return (5 + torch.randn(n, 1, generator=generator)).round(decimals=1), chance.choice((0.1, 0.5, 2.0, 3.0))


def soft(a, lam):
    """The soft threshold (5.5) of one number."""
    return (1 if a > 0 else -1) * max(abs(a) - lam, 0 * a)


def number(value):
    """A tensor without axes: what the chapter calls a, and what both `a.sign()` and `max` take."""
    return torch.tensor(value, dtype=torch.float64)


def table(chance):
    """A few examples with fewer inputs, and a strength."""
    generator, d = torch.Generator().manual_seed(chance.randrange(2**31)), chance.randrange(2, 5)
    X = torch.randn(d + chance.randrange(3, 7), d, generator=generator)
    return X, X.sum(1, keepdim=True) + torch.randn(len(X), 1, generator=generator), chance.choice((0.1, 0.3, 0.7))


def weights_of(answer, X, y, lam):
    """The weights to which least squares comes with the examples that an answer returns."""
    made = answer(X, y, lam)
    if made is None:
        return None
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        raise Wrong("Two things are wanted: all inputs and all targets, the invented ones among them.")
    more_X, more_y = (torch.as_tensor(one, dtype=torch.float64) for one in made)
    if more_X.ndim != 2 or more_X.shape[1] != X.shape[1]:
        raise Wrong(f"The inputs should have {X.shape[1]} columns, yours have the shape {tuple(more_X.shape)}.")
    if more_y.numel() != len(more_X):
        raise Wrong(f"Each example needs one target: you have {len(more_X)} rows and {more_y.numel()} targets.")
    if not (more_X.isfinite().all() and more_y.isfinite().all()):
        raise Wrong("Your examples hold nan or inf.")
    return {"weights": torch.linalg.lstsq(more_X, more_y.reshape(-1, 1)).solution[:, 0]}


def invented(X, y, lam, scale=lambda n, d, lam: (n * lam) ** 0.5, target=0.0):
    """All examples, the invented ones below."""
    n, d = X.shape
    extra = scale(n, d, lam) * torch.eye(d, dtype=X.dtype)
    return torch.cat([X, extra]), torch.cat([y, torch.full((d, 1), target, dtype=y.dtype)])


EXERCISES = {
    "1": Exercise(
        solve=halving,
        fixed=((0.1, 1000),),
        draw=lambda chance: (chance.choice((0.1, 0.2, 0.3, 0.4)), chance.randrange(500, 1500, 50)),
        value=True,
        probe=one_number,
        tolerance=4e-5,
        ask="The loss is flat and only the decay acts. The learning rate is {0}. Which λ halves the weights in "
        "{1} steps?",
        mistakes=(
            (
                lambda rate, steps: 0.5 / (rate * steps),
                "Each step takes a share of what is left, not an equal part of the start: the factors multiply.",
            ),
            (
                lambda rate, steps: rate * halving(rate, steps),
                "That is ηλ, what one step takes away: λ itself is wanted.",
            ),
            (
                lambda rate, steps: 0.5 ** (1 / steps),
                "That is the factor of one step, and the factor is 1 - ηλ.",
            ),
            (
                lambda rate, steps: 1 / (rate * steps),
                "In so many steps the weights shrink by a factor of e: you want a factor of 2.",
            ),
            (
                lambda rate, steps: 2 * halving(rate, steps),
                "Twice too large: the factor is 1 - ηλ, since the half of the penalty is gone in its gradient.",
            ),
            (
                lambda rate, steps: rate**2 * halving(rate, steps),
                "You multiply by the learning rate where you must divide by it.",
            ),
            (lambda rate, steps: 0.5 / rate, "That λ halves the weights in a single step."),
        ),
    ),
    "2": Exercise(
        solve=lambda strength, n: strength / n,
        fixed=((4, 50), (1, 10), (0.0, 20), (3.0, 1)),
        draw=lambda chance: (chance.choice((0.5, 2.0, 3.0, 8.0)), chance.randrange(5, 500)),
        ask="A paper minimises the sum of squared errors plus {0} times the squared norm, on {1} examples. Which "
        "λ is ours?",
        mistakes=(
            (
                lambda strength, n: strength,
                "Theirs is a sum and ours is a mean: more examples make their penalty count for less.",
            ),
            (
                lambda strength, n: strength / (2 * n),
                "Half of the right one: strength / (2n) stands before the squared norm, where we write λ / 2.",
            ),
            (
                lambda strength, n: 2 * strength / n,
                "Twice the right one: our λ / 2 is accounted for, the half before our squared errors is not.",
            ),
            (
                lambda strength, n: 2 * strength,
                "The two halves cancel, and the number of examples is missing: theirs is a sum, ours is a mean.",
            ),
            (
                lambda strength, n: strength * n,
                "Upside down: you must divide by n to make a mean of their sum.",
            ),
        ),
    ),
    "3": Exercise(
        solve=lambda targets, lam: targets.mean() / (1 + lam),
        fixed=((torch.tensor([[4.0], [6.0]]), 1.0), (torch.tensor([[4.0], [5.0], [6.0]]), 0.25)),
        draw=targets,
        probe=one_number,
        tolerance=5e-4,
        ask="The targets are {0}, the inputs are centred, λ = {1} also decays the bias. Which bias is best?",
        mistakes=(
            (lambda targets, lam: targets.mean(), "That is the best bias without decay."),
            (
                lambda targets, lam: targets.sum() / (len(targets) + lam),
                "You weigh the penalty against a sum over the examples: L is a mean.",
            ),
            (
                lambda targets, lam: targets.sum() / (1 + lam),
                "That is a sum over the targets: L is a mean.",
            ),
            (
                lambda targets, lam: targets.mean() / (1 + lam / 2),
                "The penalty counts half as much as it should: in the derivative both terms lose their half.",
            ),
            (
                lambda targets, lam: targets.mean() / (1 + 2 * lam),
                "The penalty counts twice as much as it should: it has a half before the square, as L has.",
            ),
            (
                lambda targets, lam: targets.mean() * (1 - lam),
                "That is one step of decay with a rate of 1: the minimum is where the derivative of J is 0.",
            ),
            (
                lambda targets, lam: targets.mean() / lam,
                "The derivative of L has a b in it, too: yours counts only the one of the penalty.",
            ),
            (
                lambda targets, lam: targets.mean() - lam,
                "Subtracting is what a penalty of λ|b| does: the derivative of a square grows with b.",
            ),
        ),
    ),
    "6": Exercise(
        solve=lambda a, lam1, lam2: soft(a, lam1) / (1 + lam2),
        fixed=(
            (number(2.0), 0.5, 0.5),
            (number(-2.0), 0.5, 0.5),
            (number(0.3), 0.5, 0.5),
            (number(-0.4), 0.5, 0.25),
            (number(1.5), 0.0, 1.0),
        ),
        draw=lambda chance: (
            number(chance.choice((-3.0, -1.25, 0.75, 4.0))),
            chance.choice((0.25, 0.5, 1.0)),
            chance.choice((0.25, 1.0, 3.0)),
        ),
        ask="Which w minimises (w - a)² / 2 + λ1 |w| + λ2 w² / 2, if a = {0}, λ1 = {1} and λ2 = {2}?",
        mistakes=(
            (lambda a, lam1, lam2: soft(a, lam1), "That is the lasso: the second penalty is missing."),
            (lambda a, lam1, lam2: a / (1 + lam2), "That is ridge regression: the first penalty is missing."),
            (
                lambda a, lam1, lam2: a / (1 + lam2) * (abs(a) > lam1),
                "Zero is right where |a| is below λ1. Above it the first penalty acts as well, and it subtracts.",
            ),
            (
                lambda a, lam1, lam2: soft(a / (1 + lam2), lam1),
                "You divide before you subtract, and so subtract too much: solve the slope for w once more.",
            ),
            (
                lambda a, lam1, lam2: (a - lam1) / (1 + lam2),
                "That holds where w > 0. What if the result is negative, and what if a is?",
            ),
            (
                lambda a, lam1, lam2: (1 if a > 0 else -1) * (abs(a) - lam1) / (1 + lam2),
                "Where |a| is below λ1, your w lies on the other side of zero: it must stop there.",
            ),
            (
                lambda a, lam1, lam2: max(a - lam1, 0 * a) / (1 + lam2),
                "Right for a > 0. A negative a should give the mirror image.",
            ),
            (
                lambda a, lam1, lam2: max(abs(a) - lam1, 0 * a) / (1 + lam2),
                "The size is right, and the sign of a is lost.",
            ),
            (
                lambda a, lam1, lam2: soft(a, lam1) / (1 + 2 * lam2),
                "The half before λ2 w² is gone in the slope.",
            ),
            (
                lambda a, lam1, lam2: soft(a, lam1) * (1 - lam2),
                "Setting the slope to zero divides by 1 + λ2: your factor is that of one step.",
            ),
            (
                lambda a, lam1, lam2: soft(a, lam1) / lam2,
                "The w of the loss is missing in your slope: it has two terms with w.",
            ),
        ),
    ),
    "7": Exercise(
        solve=invented,
        fixed=(),
        draw=table,
        probe=weights_of,
        tolerance=1e-3,
        mistakes=(
            (lambda X, y, lam: (X, y), "That is least squares on the old examples: none is invented."),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: lam**0.5),
                "The penalty is too weak: L divides the sum of squares by n, and your rows are part of that sum.",
            ),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: n * lam),
                "The errors are squared, so the invented inputs must hold a root.",
            ),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: lam),
                "The invented inputs need a root, since errors are squared, and the number of examples.",
            ),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: n**0.5 * lam),
                "The errors are squared, so the strength must stand under the root, too.",
            ),
            *(
                (
                    lambda X, y, lam, factor=factor: invented(
                        X, y, lam, lambda n, d, lam: (factor * n * lam) ** 0.5
                    ),
                    "A factor of 2 is wrong: L and the penalty both have a half.",
                )
                for factor in (0.5, 2)
            ),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: (d * lam) ** 0.5),
                "n is the number of the true examples, not of the inputs.",
            ),
            (
                lambda X, y, lam: invented(X, y, lam, lambda n, d, lam: ((n + d) * lam) ** 0.5),
                "n is the number of the true examples: do not count the invented ones.",
            ),
            (
                lambda X, y, lam: invented(X, y, lam, target=1.0),
                "The invented targets pull the weights to another value than 0.",
            ),
        ),
    ),
}

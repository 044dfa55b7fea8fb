"""The lab in a real browser: its engine against PyTorch, its experiments against their claims, its page in use."""

import functools
import json
import re

import nbformat
import numpy as np
import pytest
import torch
from browsing import DESKTOP, Visit
from torch.nn import functional as F

from book.build import SITE
from book.toc import ROOT, notebooks
from book.words import words

PAGE = "en/lab.html"
READY = "lab.trainer?.settings === lab.settings && lab.trainer.runs.every((run) => run.look) && !lab.playing"
TRAINED = "n => lab.trainer?.runs.every((run) => run.epochs.length === n + 1)"  # all seeds, in all workers
PRESETS = json.loads((ROOT / "book/lab/presets.json").read_text(encoding="utf-8"))
DRAWS = (1, 101)  # first seeds; before a claim was written it was tried with ten others


@pytest.fixture(scope="module")
def lab(chromium, root):
    """A page with the lab's modules, for what needs no controls."""
    context = chromium.new_context(viewport=DESKTOP, reduced_motion="reduce")
    seen = Visit(context, root)
    seen.open(PAGE)
    yield seen
    assert seen.errors == [] and seen.foreign == []
    context.close()


ACTIVATIONS = {
    "identity": lambda z: z,
    "step": lambda z: (z > 0).double(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky": lambda z: F.leaky_relu(z, 0.1),
    "elu": F.elu,
    "gelu": F.gelu,
}
LOSSES = {
    "squared": lambda outputs, targets: ((outputs - targets) ** 2).sum(1).mean() / 2,
    "entropy": lambda outputs, targets: F.cross_entropy(outputs, targets),
}
OPTIMIZERS = {
    "sgd": (lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.8), 0.05),
    "rmsprop": (torch.optim.RMSprop, 0.002),
    "adam": (torch.optim.Adam, 0.005),
    "adamw": (torch.optim.AdamW, 0.005),
}
SIZES, N, BATCH, STEPS, P, DECAY, CLIP = (3, 7, 5, 4), 40, 10, 100, 0.3, 0.02, 1.5


def by_torch(task, activation, loss, optimizer):
    """All parameters after each of 100 steps of PyTorch: weights first, then biases, as the lab keeps them."""
    weights, biases = (
        [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in task[name]]
        for name in ("weights", "biases")
    )
    kind, rate = OPTIMIZERS[optimizer]
    optimiser = kind(
        [{"params": weights, "weight_decay": DECAY}, {"params": biases, "weight_decay": 0.0}], lr=rate
    )
    (X, T), path = (torch.tensor(task[part], dtype=torch.float64) for part in "XT"), []
    for rows, keep in zip(task["rows"], task["keep"], strict=True):
        H = X[rows]
        for W, b, mask in zip(weights, biases, [*keep, None], strict=True):
            H = H @ W + b
            if mask is not None:
                H = ACTIVATIONS[activation](H) * torch.tensor(mask, dtype=torch.float64) / (1 - P)
        optimiser.zero_grad()
        LOSSES[loss](H, T[rows]).backward()
        grads = [p.grad for p in (*weights, *biases) if p.grad is not None]
        norm = torch.sqrt(sum((g**2).sum() for g in grads))
        for g in grads:
            g *= min(1.0, CLIP / norm.item())
        for p in (*weights, *biases):
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        optimiser.step()
        path.append(torch.cat([p.detach().flatten() for p in (*weights, *biases)]).numpy())
    return np.array(path)


BY_LAB = """async ([task, sizes, activation, loss, options, rate]) => {
    const {Net} = await import(new URL("_static/lab/engine.js", document.baseURI));
    const net = new Net(sizes, activation, loss);
    net.w.set([...task.weights, ...task.biases].flat(2));
    const [X, T] = [task.X, task.T].map(part => Float64Array.from(part.flat()));
    return task.rows.map((rows, k) => {
        net.step(X, T, rows, rate, options, task.keep[k].map(mask => mask.flat()));
        return [...net.w];
    });
}"""


@pytest.fixture(scope="module")
def task():
    """Weights, data, order and masks, drawn here."""
    random = np.random.default_rng(0)
    pairs = list(zip(SIZES, SIZES[1:], strict=False))
    return {
        "weights": [random.normal(size=pair).tolist() for pair in pairs],
        "biases": [random.normal(size=q).tolist() for _, q in pairs],
        "X": random.normal(size=(N, SIZES[0])).tolist(),
        "T": np.eye(SIZES[-1])[random.integers(SIZES[-1], size=N)].tolist(),
        "rows": [random.permutation(N)[:BATCH].tolist() for _ in range(STEPS)],
        "keep": [
            [(random.random((BATCH, q)) >= P).astype(float).tolist() for q in SIZES[1:-1]] for _ in range(STEPS)
        ],
    }


PAIRS = [("sgd", activation) for activation in ACTIVATIONS] + [(name, "tanh") for name in OPTIMIZERS]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_steps_are_those_of_pytorch(lab, task, loss):
    """100 steps with the same start, minibatches and masks agree to 1e-10, with every activation and optimiser."""
    for optimizer, activation in PAIRS:
        options = {"optimizer": optimizer, "momentum": 0.8, "decay": DECAY, "clip": CLIP, "p": P}
        given = [task, SIZES, activation, loss, options, OPTIMIZERS[optimizer][1]]
        ours, theirs = np.array(lab.page.evaluate(BY_LAB, given)), by_torch(task, activation, loss, optimizer)
        assert (
            ours.shape == theirs.shape == (STEPS, sum((p + 1) * q for p, q in zip(SIZES, SIZES[1:], strict=False)))
        )
        assert np.abs(ours - theirs).max() < 1e-10, (optimizer, activation)
        assert np.abs(ours[-1] - ours[0]).max() > 0.01


DIFFERENCES = """async () => {
    const {Net, activations, losses} = await import(new URL("_static/lab/engine.js", document.baseURI));
    const {generator, normal} = await import(new URL("_static/lab/random.js", document.baseURI));
    const found = {}, rows = [0, 1, 2, 3, 4, 5], random = generator(3, 0);
    const X = Float64Array.from({length: 18}, () => normal(random));
    const T = Float64Array.from({length: 24}, (_, i) => +(i % 4 === Math.floor(i / 4) % 4));
    for (const loss in losses) for (const activation in activations) {
        const net = new Net([3, 6, 5, 4], activation, loss);
        for (let i = 0; i < net.w.length; i++) net.w[i] = normal(random);
        const at = () => { net.forward(X, rows); return net.measure(T, rows).loss / 6; };
        at();
        net.backward(6);
        const exact = [...net.g];
        found[`${loss}, ${activation}`] = Math.max(...exact.map((g, i) => {
            const kept = net.w[i];
            const [above, below] = [1e-5, -1e-5].map(nudge => { net.w[i] = kept + nudge; return at(); });
            net.w[i] = kept;
            return Math.abs((above - below) / 2e-5 - g) / (1 + Math.abs(g));
        }));
    }
    return found;
}"""


def test_gradients_are_differences(lab):
    """The gradient of every weight, by the definition: a little to either side."""
    found = lab.page.evaluate(DIFFERENCES)
    assert len(found) == 16 and {name: miss for name, miss in found.items() if not miss < 1e-7} == {}


def test_random_numbers(lab):
    """The same seed gives the same numbers, other seeds and streams give others; mean and variance are right."""
    drawn = lab.page.evaluate(
        """async () => {
        const {generator, normal, shuffle} = await import(new URL("_static/lab/random.js", document.baseURI));
        const many = (seed, stream) => { const r = generator(seed, stream);
            return Array.from({length: 20000}, () => normal(r)); };
        return [many(1, 0), many(1, 0), many(2, 0), many(1, 1), shuffle([0, 1, 2, 3, 4], generator(1, 0))];
    }"""
    )
    first, again, seed, stream = map(np.array, drawn[:4])
    assert (first == again).all() and sorted(drawn[4]) == [0, 1, 2, 3, 4]
    for other in (seed, stream):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03
    assert all(abs(x.mean()) < 0.03 and abs(x.var() - 1) < 0.05 for x in (first, seed, stream))


def ends(runs, name):
    """The last value of every seed; NaN where it is no number."""
    return np.array([np.nan if run["epochs"][-1][name] is None else run["epochs"][-1][name] for run in runs])


def track(runs, name):
    """The values of every seed and epoch."""
    return np.array([[epoch.get(name, np.nan) for epoch in run["epochs"]] for run in runs], float)


def look(runs, name):
    return np.array([run["look"][name] for run in runs], float)


def lost(runs):
    return np.array([run["diverged"] for run in runs])


LN2 = np.log(2)


def fade(runs):
    """Powers of ten between the gradients of the first and of the last layer."""
    gradient = look(runs, "gradient")
    return np.log10(gradient[:, 0] / gradient[:, -1])


def rate(one, other):
    assert not lost(one).any() and (ends(one, "valLoss") < 0.1).all()
    assert lost(other).all()


def lamp(one, other):
    assert (np.abs(ends(one, "valLoss") - LN2) < 0.05).all()
    assert (ends(other, "valAccuracy") > 0.95).sum() >= 3


def noise(one):
    assert (np.abs(ends(one, "trainLoss") - 0.61) < 0.02).all() and (ends(one, "valAccuracy") > 0.97).all()


def bowl(one, other):
    assert np.ptp(ends(one, "trainLoss")) < 0.01 and np.ptp(ends(one, "trainLoss")) < np.ptp(
        ends(other, "trainLoss")
    )
    assert np.ptp(track(one, "valLoss")[:, 0]) > 0.5


def affine(one, other):
    assert (np.abs(ends(one, "valLoss") - LN2) < 0.05).all()
    assert np.median(ends(other, "valLoss")) < 0.3


def dead(one, other):
    assert (look(one, "dead") < 0.1).all() and np.median(look(other, "dead")) > 1 / 3


def plateau(one, other):
    assert (ends(one, "valLoss") > 0.6).all()
    assert not lost(other).any() and (ends(other, "valAccuracy") > 0.95).sum() >= 4


def degree(one, other):
    assert (ends(one, "trainLoss") > 1).all() and (ends(other, "trainLoss") < 0.02).all()


def few(one, other):
    losses = track(one, "valLoss")
    assert (losses[:, -1] > 1.15 * losses.min(1)).all()
    assert (ends(one, "trainLoss") < track(one, "trainLoss")[:, 50]).all()
    calm = track(other, "valLoss")
    assert np.median(calm[:, -1] / calm.min(1)) < np.median(losses[:, -1] / losses.min(1)) / 1.1


def decay(one, other):
    assert np.median(ends(other, "valLoss") / ends(one, "valLoss")) < 0.9
    assert (ends(other, "valLoss") < ends(one, "valLoss")).all()
    assert np.median(ends(other, "valAccuracy") - ends(one, "valAccuracy")) < 0.03
    assert np.median(ends(other, "valAccuracy") - ends(one, "valAccuracy")) > -0.03


def much(one, other):
    assert (np.abs(ends(other, "valLoss") - LN2) < 0.03).all() and (look(other, "norm") < 0.3).all()
    assert np.median(ends(one, "valLoss")) < 0.1


def temperature(one, other):
    assert (ends(one, "valAccuracy") == ends(other, "valAccuracy")).all()
    assert (ends(other, "valLoss") < ends(one, "valLoss") - 0.05).all()


def longer(short, short_dropout, long, long_dropout):
    losses = [np.median(ends(runs, "valLoss")) for runs in (short, short_dropout, long, long_dropout)]
    assert losses[0] < losses[1] - 0.02 and losses[3] < losses[2] - 0.05


def step(one, other):
    assert (look(one, "gradient")[:, 0] == 0).all() and (look(other, "gradient")[:, 0] > 0).all()
    assert (look(one, "dead") == 1).all()


def factors(one, other):
    assert (fade(one) < -4).all() and (fade(other) > -4).all()


def gain(one, other):
    assert (np.abs(ends(one, "valLoss") - LN2) < 0.05).all() and (ends(one, "valAccuracy") < 0.8).all()
    assert not lost(other).all() and (ends(other, "valAccuracy") > 0.9).sum() >= 3


def equal(one, other):
    assert (look(one, "apart") < 1e-12).all() and (look(other, "apart") > 0.1).all()
    assert np.median(ends(other, "valLoss")) < np.median(ends(one, "valLoss")) - 0.2


def clip(one, other):
    assert lost(one).sum() >= 3 and not lost(other).any()


def adam(one, other):
    assert (ends(one, "valLoss") < ends(other, "valLoss") - 0.1).all()


def falling(one, other):
    assert np.median(ends(other, "valLoss")) < np.median(ends(one, "valLoss")) - 0.05


CLAIMS = {name: globals()[name] for name in PRESETS}
RESULTS = "() => lab.cases.map(runs => runs.map(run => ({...run, look: {...run.look, picture: null}})))"


# What the page does with a setting, without the page.
TRAIN = """async query => {
    const module = name => import(new URL(`_static/lab/${name}.js`, document.baseURI));
    const [{Trainer}, {parse}, {readPictures}] = await Promise.all(["trainer", "settings", "data"].map(module));
    const settings = parse(query), trainer = new Trainer(settings, await readPictures());
    await trainer.advance(settings.epochs);
    trainer.stop();
    return trainer.runs.map(run => ({...run, look: {...run.look, picture: null}}));
}"""


@pytest.fixture(scope="module")
def train(lab):
    """A function that gives the runs of each case of an experiment; what several share is trained once."""
    once = functools.cache(lambda query: lab.page.evaluate(TRAIN, query))
    return lambda name, seed: [once(f"{query}&seed={seed}") for query in PRESETS[name]["cases"]]


@pytest.mark.parametrize("name", PRESETS)
def test_an_experiment_shows_what_it_claims(train, name):
    """Its settings train, and their seeds show what the answer says; so do other seeds."""
    for seed in DRAWS:
        CLAIMS[name](*train(name, seed))


@pytest.mark.parametrize("name", ["noise", "lamp", "dead"])  # of one setting, of two, of pictures
def test_a_guess_is_answered(visit, train, name):
    """The right guess is clicked, every setting trains as it does without the page, and the answer appears."""
    seen, seed = visit(), DRAWS[1]
    seen.page.emulate_media(reduced_motion="reduce")
    tab = ready(seen.open(f"{PAGE}?preset={name}&seed={seed}"))
    tab.locator("#lab .question .bar button:not(.case)").nth(PRESETS[name]["right"]).click()
    answer = tab.locator("#lab .question .answer", has_text=words("en")["lab"]["right"])
    answer.wait_for(state="visible", timeout=240_000)
    assert tab.evaluate(RESULTS) == train(name, seed)
    assert seen.errors == [] and seen.foreign == []


def test_experiments_belong_to_chapters():
    """Two for each chapter at least, each at a cell that is there, with words and as many answers as letters."""
    chapters = {file.stem: nbformat.read(file, as_version=4).cells for file in notebooks("en", ("chapter",))}
    assert {stem for stem in chapters if [p["chapter"] for p in PRESETS.values()].count(stem) < 2} == set()
    for name, preset in PRESETS.items():
        assert preset["cell"] in [cell.id for cell in chapters[preset["chapter"]]], name
        for language in ("en", "zh"):
            said = words(language)["lab"]["presets"][name]
            assert len(said["cases"]) == len(preset["cases"]) and len(said["answers"]) == 3 > preset["right"], name


def test_chapters_link_to_experiments_that_exist():
    """A chapter's link to the lab names an experiment."""
    text = "".join(file.read_text(encoding="utf-8") for file in notebooks("en"))
    assert set(re.findall(r"lab\.html\?preset=(\w+)", text)) <= set(PRESETS)


def ready(tab):
    tab.wait_for_function(READY, timeout=60_000)
    return tab


def test_settings_stand_in_the_address(visit):
    """A changed setting is in the address; the address alone brings it back; a wrong one is named."""
    tab = ready(visit().open(f"{PAGE}?data=moons&depth=3&rate=0.07&seeds=2"))
    assert tab.evaluate("[lab.settings.data, lab.settings.rate, lab.trainer.runs.length]") == ["moons", 0.07, 2]
    tab.locator("#lab-set-depth").focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("location.search.includes('depth=4')")
    address = tab.evaluate("location.search")
    assert ready(visit().open(PAGE + address)).evaluate("lab.settings") == tab.evaluate("lab.settings")
    tab.locator("#lab-set-data").select_option("pictures")
    tab.wait_for_function("lab.settings.data === 'pictures'")
    assert ready(tab).evaluate("lab.trainer.runs[0].look.picture.length") == 196 * tab.evaluate(
        "lab.settings.width"
    )
    for wrong in ("depth=33", "p=1.5", "rate=", "n=4.5", "act=swish", "preset=none"):
        error = ready(visit().open(f"{PAGE}?{wrong}")).locator("#lab .error")
        assert (
            error.is_visible()
            and wrong.split("=")[1] in error.inner_text()
            and wrong.split("=")[0] in error.inner_text()
        )


def test_it_trains_by_keyboard(visit):
    """Play, pause and one epoch with the keyboard; the same seeds give the same numbers, new ones give others."""
    tab = ready(visit().open(f"{PAGE}?epochs=500&seeds=3&seed=4"))
    tab.locator("#lab-play").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("lab.trainer.epoch >= 10")
    tab.keyboard.press("Enter")
    epoch = ready(tab).evaluate("lab.trainer.epoch")
    tab.locator("#lab-step").press("Enter")
    tab.wait_for_function(TRAINED, arg=epoch + 1)
    assert f"Epoch {epoch + 1} of 500" in tab.locator("#lab .sentence").inner_text()
    assert tab.locator("#lab .spoken").inner_text() == tab.locator("#lab .sentence").inner_text()
    fifth = "lab.trainer.runs.map(run => run.epochs[1].valLoss)"
    before = tab.evaluate(fifth)
    for name, same in (("again", True), ("fresh", False)):
        tab.locator(f"#lab-{name}").click()
        tab.wait_for_function("lab.trainer.epoch === 0 && lab.trainer.runs.every((run) => run.look)")
        tab.locator("#lab-step").click()
        tab.wait_for_function(TRAINED, arg=1)
        assert (tab.evaluate(fifth) == before) is same, name
    assert len(set(before)) == 3


def test_the_page_answers_while_it_trains(visit):
    """Training happens in workers: the page keeps time beside a network of 32 layers."""
    tab = ready(visit().open(f"{PAGE}?depth=32&width=64&n=1000&epochs=1000&seeds=2"))
    late = tab.evaluate(
        """async () => {
        const training = lab.trainer.advance(2), beats = [];
        let done = false;
        training.then(() => { done = true; });
        for (let last = performance.now(); !done && beats.length < 300;) {
            await new Promise(next => setTimeout(next, 5));
            beats.push(performance.now() - last);
            last = performance.now();
        }
        return beats.sort((a, b) => a - b);
    }"""
    )
    assert len(late) > 5 and late[len(late) // 2] < 50


def test_projection_and_small_windows(visit):
    """Projected, only what a lecture needs is left; nothing is wider than a phone."""
    seen = visit()
    tab = ready(seen.open(f"{PAGE}?project=1"))
    assert not tab.locator(".bd-sidebar-primary").is_visible() and not tab.locator("#lab-set-batch").is_visible()
    assert tab.locator("#lab-set-rate").is_visible()
    tab.locator("#lab-project").click()
    tab.wait_for_function("!location.search.includes('project')")
    assert tab.locator("#lab-set-batch").is_visible()
    tab.locator("#lab-step").click()
    tab.wait_for_function(TRAINED, arg=1)
    tab.locator("#lab-project").click()
    tab.wait_for_function("location.search.includes('project')")
    assert tab.evaluate("lab.trainer.epoch") == 1  # what was trained stays


def test_the_pictures_are_light():
    assert 100_000 < (SITE / "en/_static/lab/pictures.bin").stat().st_size <= 250_000


def test_the_script_is_short():
    """At most 900 lines of code: a reader can read it."""
    files = (ROOT / "book/lab").glob("*.js")
    lines = [line.strip() for file in files for line in file.read_text("utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "/**", "*"))]
    assert 500 < len(code) <= 900
    assert max(map(len, lines)) <= 120

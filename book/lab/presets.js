// Experiments of the chapters: where the claim stands, settings, what is then changed, and which answer is right.

const preset = (chapter, cell, right, first, then = "") => ({ chapter, cell, right, cases: then ? [first, `${first}&${then}`] : [first] });
const PICTURES = "data=pictures&n=500";
const OVERFIT = `${PICTURES}&width=32&batch=50&rate=0.05&momentum=0.9&schedule=linear`;
const DEEP = "depth=32&width=16&n=200&epochs=40&rate=0.05&start=gain";

export const PRESETS = {
  rate: preset("linear", "parts-optimiser", 2, "data=line&depth=0&n=200&noise=0.3&batch=50&epochs=20&rate=1", "rate=1.5"),
  lamp: preset("linear", "xor", 2, "depth=0", "depth=1"),
  noise: preset("softmax", "entropy-seen", 2, "n=1000&noise=0.3&rate=0.2&epochs=60"),
  bowl: preset("softmax", "scratch", 0, "data=moons&depth=0&start=normal&scale=3&epochs=200", "depth=1&start=default"),
  affine: preset("mlp", "mistake-linear", 0, "depth=3&act=identity", "act=relu&rate=0.2"),
  dead: preset("mlp", "dead-seen", 2, `${PICTURES}&batch=32&epochs=5`, "rate=1"),
  plateau: preset("mlp", "plateau-seen", 1, "depth=3&act=sigmoid&rate=1&epochs=100", "start=gain&scale=4"),
  degree: preset("model-selection", "polynomial", 1, "data=cubic&depth=0&n=30&epochs=200", "degree=3"),
  few: preset("model-selection", "learning-seen", 2, "data=moons&n=30&noise=0.2&width=64&epochs=300&batch=10", "n=400&epochs=40"),
  decay: preset("weight-decay", "network-guess", 1, `${OVERFIT}&epochs=40`, "decay=0.03"),
  much: preset("weight-decay", "lambda", 2, "", "decay=1"),
  temperature: preset("dropout", "sure-seen", 1, `${OVERFIT}&epochs=40`, "temperature=2.5"),
  longer: preset("dropout", "stop-seen", 0, `${PICTURES}&width=32&epochs=5&p=0.5`, "epochs=30"),
  step: preset("backprop", "deep-rule", 1, "act=step&epochs=60", "act=tanh"),
  factors: preset("backprop", "deep-rule", 0, "depth=10&width=16&n=100&epochs=10&act=sigmoid&start=gain", "act=tanh"),
  gain: preset("initialization", "sqrt2-seen", 2, DEEP, "scale=1.41"),
  equal: preset("initialization", "symmetry-seen", 0, `${PICTURES}&width=16&act=tanh&start=gain&equal=1`, "equal=0"),
  clip: preset("initialization", "cures-seen", 1, "depth=20&width=16&n=200&rate=0.05&start=gain&scale=2", "clip=1"),
  adam: preset("training", "rates-seen", 2, `${PICTURES}&width=32&batch=20&epochs=5`, "opt=adam"),
  falling: preset("training", "schedule-seen", 0, `${PICTURES}&width=32&batch=20&momentum=0.9`, "schedule=linear"),
};

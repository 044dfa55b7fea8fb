"""Names that compat does not have itself: modules that notes reach through it, and names that it refuses."""

import importlib

# Name -> the module behind it. Some need a package that d2lmini does not bring.
MODULES = {
    "plt": "matplotlib.pyplot",  # takes longer to import than all the rest: only when asked for
    "display": "IPython.display",
    "Image": "PIL.Image",
    "pd": "pandas",
    "torchvision": "torchvision",
    "transforms": "torchvision.transforms",
}
NO_FASHION_MNIST = (
    ", or replace torchvision.datasets.FashionMNIST(...): "
    "mnist_train, mnist_test = (part.dataset for part in d2l.load_data_fashion_mnist(256))"
)
FILES = (
    "compat downloads nothing but Fashion-MNIST. Fetch the file yourself and read it with pandas.read_csv(path)"
)
FRAMEWORK = "it is of notes for another framework, and compat serves those for PyTorch. "
LATER = (
    "compat covers linear networks and multilayer perceptrons. For later chapters keep the package of your notes"
)
# What notes on these chapters use, besides what compat has -> what to use instead.
REFUSED = {
    **dict.fromkeys(("DATA_HUB", "DATA_URL", "download", "download_all", "download_extract", "extract"), FILES),
    "KaggleHouse": "define the class as your notes do, and read its files with pandas.read_csv(path)",
    "mkdir_if_not_exist": "use os.makedirs(path, exist_ok=True)",
    "train_ch5": "use d2l.train_ch3, which takes a batch size and an optimizer, too. " + LATER,
    "train_ch6": "use d2l.train_ch3(net, train_iter, test_iter, loss, num_epochs, optimizer). " + LATER,
    "Updater": FRAMEWORK + "Give train_ch3 the function lambda batch_size: d2l.sgd(params, lr, batch_size)",
    "TrainCallback": FRAMEWORK + "Use d2l.train_ch3",
    **dict.fromkeys(("get_key", "get_seed"), FRAMEWORK + "Use torch.manual_seed(seed)"),
    **dict.fromkeys(
        ("corr2d", "init_cnn", "LeNet", "Residual", "resnet18", "train_ch13", "train_batch_ch13"), LATER
    ),
    **dict.fromkeys(("Benchmark", "get_data_ch7", "get_data_ch11", "train_2d", "show_trace_2d", "Vocab"), LATER),
}
KNOWN = MODULES.keys() | REFUSED.keys()


def find(name):
    """The module that notes call `name`; where there is none, AttributeError says what to use instead."""
    if name not in MODULES:
        raise AttributeError(f"d2lmini.compat has no {name!r}: {REFUSED.get(name, LATER)}")
    try:
        return importlib.import_module(MODULES[name])
    except ModuleNotFoundError as error:
        package = MODULES[name].split(".")[0]
        ways = f"pip install {package}{NO_FASHION_MNIST if package == 'torchvision' else ''}"
        raise AttributeError(f"d2lmini.compat has no {name!r} without the package {package}: {ways}") from error

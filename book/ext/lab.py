"""The files of the lab: its script as it stands in book/lab, and 1,500 small pictures made from the data."""

import gzip
import shutil
import tempfile
from pathlib import Path

from book.toc import ROOT


def pictures():
    """Return labels and pictures (14 x 14, one byte a pixel) of 1,000 training and 500 validation examples."""
    import torch
    from torch.nn.functional import avg_pool2d

    from d2lmini.data import fashion_mnist, first

    parts = [first(part, n).tensors for part, n in zip(fashion_mnist()[:2], (1000, 500), strict=True)]
    images, labels = (torch.cat(both) for both in zip(*parts, strict=True))
    halved = (avg_pool2d(images, 2) * 255).round().byte()
    return gzip.compress(labels.byte().numpy().tobytes() + halved.numpy().tobytes(), mtime=0)


def add_files(app):
    """Put the lab among the static files of the site."""
    if app.builder.name == "html":
        app.lab_files = tempfile.mkdtemp()
        target = Path(app.lab_files) / "lab"
        shutil.copytree(ROOT / "book/lab", target)
        (target / "pictures.bin").write_bytes(pictures())
        app.config.html_static_path.append(app.lab_files)


def remove_files(app, exception):
    """Delete the temporary folder that the static files were copied from."""
    if app.builder.name == "html":
        shutil.rmtree(app.lab_files, ignore_errors=True)


def setup(app):
    app.connect("builder-inited", add_files)
    app.connect("build-finished", remove_files)
    return {"parallel_read_safe": True}

"""The figures for lecturers; that a chapter draws them as SVG is seen by `make figures`."""

import pytest

from book import figures
from book.path import paths, read


@pytest.mark.parametrize("file", paths(), ids=lambda file: file.stem)
def test_each_figure_has_a_caption_and_both_files(file, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", tmp_path)
    drawn = [cell.id for cell in read(file).cells if "image/png" in str(cell.get("outputs"))]
    page = figures.write(file, dict.fromkeys(drawn, "<svg/>"))
    assert {f"{name}.{kind}" for name in drawn for kind in ("svg", "png")} == {
        made.name for made in page.parent.iterdir() if made.suffix != ".html"
    }
    text = page.read_text(encoding="utf-8")
    assert drawn and text.count("<figcaption>") == len(drawn) and "<figcaption><br>" not in text
    assert "$" not in text and "\\" not in text and "CC BY 4.0" in text


def test_a_figure_that_was_not_drawn_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", tmp_path)
    with pytest.raises(KeyError, match="picture|drawing|crosses"):
        figures.write(paths()[0], {})

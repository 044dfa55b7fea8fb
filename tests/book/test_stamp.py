"""What is repeated says what its one source says."""

import shutil

from book.stamp import patterns, stale, stale_texts
from book.toc import ROOT, editions, load, notebooks

CONFIG = load("_config.yml")


def test_addresses_version_and_pictures_are_stamped():
    """What `make stamp` writes is up to date, and every chapter has a line for it to write."""
    assert stale() == {}
    install = next(value for value in patterns(CONFIG).values() if value.endswith("-py3"))
    for language in editions():
        assert [file.name for file in notebooks(language) if install not in file.read_text("utf-8")] == []


def contents(folder):
    """The text files of a folder, by path."""
    kinds = {".md", ".ipynb", ".py", ".yml", ".cff", ".toml", ".html", ".css", ".js"}
    files = [file for file in folder.rglob("*") if file.suffix in kinds]
    return {file.relative_to(folder): file.read_text(encoding="utf-8") for file in files}


def test_a_new_address_is_written_everywhere_and_the_old_one_nowhere(tmp_path):
    """In a copy: change both addresses of _config.yml, stamp, look for the old ones; then change them back."""
    made = shutil.ignore_patterns(".*", "_build", "_config.yml", "__pycache__", "tests")
    copy = shutil.copytree(ROOT, tmp_path / "copy", ignore=made)
    before = contents(copy)
    old = CONFIG["repository"]["url"], CONFIG["html"]["baseurl"]
    new = "https://code.example.org/reader/fork", "https://book.example.org/fork/"
    for replaced, (url, base) in ((old, new), (new, old)):
        config = CONFIG | {"repository": {"url": url}, "html": {"baseurl": base}}
        for file, content in stale_texts(config, copy).items():
            file.write_bytes(content)
        names = [address.removeprefix("https://").rstrip("/") for address in replaced]
        assert [file for file, text in contents(copy).items() if any(name in text for name in names)] == []
    assert contents(copy) == before

"""Tests of one page run one after the other, in one process: it opens the page once for all of them."""

import re

import pytest
from browsing import chromium, root, visit  # noqa: F401  fixtures of every file here
from xdist.scheduler import LoadScopeScheduling


def scope(nodeid):
    """The page that a test is about, the lab, or the test itself."""
    page = re.search(r"\[(.*\.html)\]|(test_lab)\.py", nodeid)
    return page[0] if page else nodeid


class ByPage(LoadScopeScheduling):
    """What `--dist loadgroup` is for: pytest-xdist 3.8 does not see the groups of pytest 9.2."""

    def _split_scope(self, nodeid):
        return scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByPage(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items):
    seen = {}
    items.sort(key=lambda item: seen.setdefault(scope(item.nodeid), len(seen)))

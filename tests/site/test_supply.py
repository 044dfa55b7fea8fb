"""What the book takes from others: pinned, hashed, under licences that go together; and what it lets them do."""

import re

import pytest
import yaml

from book import licences
from book.toc import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_no_more_than_it_must(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in text and "secrets." not in text
    for name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) in ({}, {"pages": "write", "id-token": "write"}), name
        assert "permissions" not in job or "run" not in str(job["steps"]), f"{name} may write and runs commands"
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
    used = re.findall(r"uses: (.*)", text)
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used), used


def test_one_version_of_each_action():
    used = re.findall(r"uses: ([\w/-]+)@(\w+)", "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS))
    assert len(set(used)) == len({name for name, _ in used})


def test_every_requirement_is_locked_with_hashes_for_other_platforms_too():
    pins = re.findall(r"(?m)^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"))
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^([\w.-]+)==(\S+)(.*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text)
    locked = {name: version for name, version, _ in blocks}

    def plain(name):
        return re.sub(r"[._-]+", "-", name).lower()

    assert len(pins) > 100 and {plain(name): version for name, version in pins}.items() <= locked.items()
    assert {"colorama", "pywinpty", "appnope"} <= locked.keys()  # for Windows and macOS
    assert len(blocks) == len(re.findall(r"(?m)^[a-z]", text)) and "://" not in text


def test_the_licences_are_listed_and_go_together():
    assert licences.LIST.read_text(encoding="utf-8").splitlines() == licences.listed(), "run `make lock`"
    for line in licences.listed():
        assert licences.COMPATIBLE.search(line.partition(": ")[2]), line

"""What the book takes from others, and what it lets them do."""

import re

import pytest
import yaml

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


def test_every_requirement_is_pinned():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins and [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []

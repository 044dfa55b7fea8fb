"""What the book needs beyond pip: npm packages, a browser, the data. On Debian, root installs the last two."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NODE_MODULES = Path(sys.prefix) / "node_modules"  # what book/package.json names, installed with .venv
HEADLESS = "chromium-headless-shell"  # the same engine without a window: a fifth of the time less
BROWSERS = (HEADLESS, "chromium", "chromium-browser", "google-chrome", "chrome")
DEBIAN_DATA = Path("/usr/share/datasets/fashion-mnist")


def browser():
    """Return the path of the browser; RuntimeError says how to get one."""
    candidates = (os.environ.get("CHROMIUM"), *BROWSERS)
    for path in filter(None, map(shutil.which, filter(None, candidates))):
        return path
    raise RuntimeError("No browser found. Install Chromium or Chrome, or set CHROMIUM to the path of one.")


def firefox():
    """Return the path of Firefox, or None: a few tests use it, and are skipped without it."""
    return shutil.which("firefox") or shutil.which("firefox-esr")


def webkit():
    """Return the paths of WebKit's small browser and its driver, or None, also without Xvfb, a screen for it."""
    browsers, driver = [*Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")], shutil.which("WebKitWebDriver")
    return (browsers[0], driver) if browsers and driver and shutil.which("Xvfb") else None


def chinese():
    """See that the system has a Chinese font; RuntimeError says how to get one. Windows and macOS have theirs."""
    listing = shutil.which("fc-list")
    if listing and not subprocess.run([listing, ":lang=zh-cn"], capture_output=True, check=True).stdout:
        raise RuntimeError("No Chinese font found. Install one: on Debian, apt-get install fonts-noto-cjk.")


def data():
    """Load Fashion-MNIST once, wherever it is; RuntimeError says how to get it."""
    import d2lmini

    try:
        d2lmini.data.fashion_mnist()
    except Exception as error:
        raise RuntimeError(f"Fashion-MNIST could not be loaded: {error}") from error


def install(*packages):
    """Install Debian packages, if this is root on Debian; otherwise do nothing."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing", *packages, "with apt-get", flush=True)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdin": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], check=False, **quiet
        )


def main(only=None):
    """Provide what is missing, browser and data, or `only` the data; returns the exit status."""
    if only != "data" and not shutil.which(os.environ.get("CHROMIUM", HEADLESS)):
        install(HEADLESS)
    if only != "data" and not any(map(shutil.which, (os.environ.get("CHROMIUM", HEADLESS), *BROWSERS))):
        install("chromium")
    if only != "data" and not firefox():
        install("firefox-esr")
    if only != "data" and not webkit():
        install("webkit2gtk-driver", "xvfb")
    if not DEBIAN_DATA.exists() and "D2LMINI_DATA" not in os.environ:
        install("dataset-fashion-mnist")
    try:
        if only != "data":
            browser()
        data()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

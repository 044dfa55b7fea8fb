"""The commands of the Makefile where there is no make: `python -m book lab`. The first one sets up .venv.

Needs Python 3.11 or later, and no package: what a command needs is installed into .venv.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN, EXE = (VENV / "Scripts", ".exe") if os.name == "nt" else (VENV / "bin", "")
PYTHON, READY = BIN / f"python{EXE}", VENV / "ready"
SOURCES = ("requirements.txt", "pyproject.toml", "book/package-lock.json")
COMMANDS = {  # what `python -m` is given
    "ready": [],
    "lab": ["jupyter", "lab", "chapters"],
    "book": ["book.build"],
    "serve": ["http.server", "--directory", "_build/html", "--bind", "127.0.0.1", "8000"],
    "live": ["book.live"],
    "test": ["book.check"],
    "lint": ["book.check", "lint"],
    "execute": ["book.execute"],
    "stamp": ["book.stamp"],
    "pdf": ["book.pdf"],
}


def run(*command, **options):
    """Run a command in the book's folder; it raises CalledProcessError when it fails."""
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True, **options)


def prepare():
    """Make .venv, or renew it when what is asked for has changed since."""
    if READY.exists() and READY.stat().st_mtime >= max((ROOT / file).stat().st_mtime for file in SOURCES):
        return
    os.environ |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "NODE_USE_SYSTEM_CA": "1"}  # npm trusts the system, too
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    print("Installing requirements.txt into .venv: some minutes, and some hundred MB at the first time")
    run(PYTHON, "-m", "pip", "install", "-qq", "--no-compile", "-r", "requirements.txt")
    run(PYTHON, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "-e", ".")
    # By all processors, and also where imports may not write; some packages hold files that are no Python 3.
    subprocess.run([PYTHON, "-m", "compileall", "-qq", "-j", "0", VENV], stdout=subprocess.DEVNULL)
    # nbgrader grades at the command line: its menu and panels would stand in a reader's JupyterLab.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run(PYTHON, "-m", "jupyter", "labextension", "disable", "@jupyter/nbgrader", "--level=sys_prefix", **quiet)
    (VENV / "etc/jupyter/jupyter_server_config.d/nbgrader.json").unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "book" / name, VENV)
    run(BIN / f"npm{EXE}", "ci", "--prefix", VENV, "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    READY.touch()


def main(arguments):
    """Run one command; returns the exit status."""
    if sys.version_info < (3, 11):
        print("Python 3.11 or later is needed, not", sys.version.split()[0], file=sys.stderr)
        return 1
    name, *others = arguments or [""]
    if name not in COMMANDS:
        print(f"python -m book COMMAND, one of {', '.join(COMMANDS)}; not {name!r}", file=sys.stderr)
        return 2
    try:
        prepare()
        if COMMANDS[name]:
            run(PYTHON, "-m", *COMMANDS[name], *others)
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:  # how one leaves JupyterLab
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

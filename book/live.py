"""Build the site after each change and reload the page: `python -m book.live`, at http://127.0.0.1:8000/."""

import subprocess
import sys

from livereload import Server

from book.build import SITE
from book.toc import ROOT


def build():
    """Build what changed; what went wrong is printed."""
    subprocess.run([sys.executable, "-m", "book.build"], cwd=ROOT)


def main():
    """Serve the site until one stops it."""
    build()
    server = Server()
    for folder in ("chapters", "book/assets", "book/lab", "book/templates"):
        server.watch(str(ROOT / folder), build)
    server.serve(root=str(SITE), host="127.0.0.1", port=8000)


if __name__ == "__main__":
    main()

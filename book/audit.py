"""Lighthouse (mobile, simulated) on every page, against book/budget.json: `python -m book.audit [PAGE ...]`."""

import functools
import gzip
import http.server
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from book.build import SITE
from book.ext.katex import NODE
from book.needs import browser
from book.npm import package
from book.toc import editions, pages

BUDGET = json.loads(Path(__file__).with_name("budget.json").read_text(encoding="utf-8"))
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-quic --no-first-run"
GENERATED = ("genindex", "status", "downloads")
TEXT = ("text/", "application/json", "image/svg", "application/javascript")


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serves text compressed, as hosts of static sites do, and lets browsers keep files."""

    def log_message(self, *_):
        pass

    def send_head(self):
        file = Path(self.translate_path(self.path))
        if not file.is_file() or not self.guess_type(file).startswith(TEXT):
            return super().send_head()
        body = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file) + "; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=31536000")
        super().end_headers()


def lighthouse(url):
    """Return the report of one page."""
    command = [NODE, package("lighthouse", "lighthouse") / "cli/index.js", url, "--quiet", "--output=json"]
    command += ["--only-categories=performance,accessibility,best-practices,seo", f"--chrome-flags={FLAGS}"]
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "CHROME_PATH": browser()}, timeout=300
    )
    if result.returncode:
        raise RuntimeError(f"Lighthouse failed on {url}:\n{result.stderr}")
    return json.loads(result.stdout)


def measure(url):
    """Return the numbers that the budget limits, and the names of the audits that failed outright."""
    # One busy moment of the machine moves the score by ten points: of three runs, the middle one.
    runs = [lighthouse(url) for _ in range(3)]
    report = sorted(runs, key=lambda run: run["categories"]["performance"]["score"])[1]
    audits, scores = report["audits"], report["categories"]
    files = audits["network-requests"]["details"]["items"]
    found = {name: round(100 * score["score"]) for name, score in scores.items()}
    found["kilobytes"] = round(sum(file["transferSize"] for file in files) / 1000)
    found["requests"] = len(files)
    found["layout-shift"] = round(audits["cumulative-layout-shift"]["numericValue"], 3)
    wanted = [ref["id"] for name in scores if name != "performance" for ref in scores[name]["auditRefs"]]
    return found, [name for name in wanted if audits[name]["score"] == 0]


def main(names):
    """Print a line a page; returns the exit status."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Compressing, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stems = {language: [*(page.stem for page in pages(language)), *GENERATED] for language in editions()}
    names = names or [f"{language}/{stem}.html" for language in stems for stem in stems[language]]
    columns = [*BUDGET["at least"], *BUDGET["at most"]]
    print(f"{'page':34}", *columns, sep="  ")
    missed = 0
    for name in names:
        found, failed = measure(f"http://127.0.0.1:{server.server_port}/{name}")
        over = [k for k, limit in BUDGET["at least"].items() if found[k] < limit]
        over += [k for k, limit in BUDGET["at most"].items() if found[k] > limit]
        missed += bool(over)
        print(f"{name:34}", *(f"{found[k]:>{len(k)}}" for k in columns), sep="  ", end="  ")
        print(*("over: " + k for k in over), *failed, flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

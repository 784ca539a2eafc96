"""harmless.py KIND FILE...: nothing in the files acts on a terminal, a CI system or a page.

KIND is text (no line is wider than COLUMNS, where that is set), markdown (rendered with cmark-gfm) or
any (only what holds for every output).
"""
import html.parser
import os
import re
import subprocess
import sys
import unicodedata

INVISIBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
TAGS = set("h3 p ul li table thead tbody tr th td code details summary".split())
wrong = []


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def any_output(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        place = f"{path}:{number}"
        if found := INVISIBLE.search(line):
            wrong.append(f"{place}: character {ord(found.group()):#x}")
        # GitHub takes a line for a command that begins so, whatever white space is in front.
        if line.strip().startswith("::"):
            wrong.append(f"{place}: begins a command: {line[:60]}")
        if "##" in line.replace("### remit", ""):
            wrong.append(f"{place}: holds the beginning of a command: {line[:60]}")


class Page(html.parser.HTMLParser):
    """Which elements there are, and how many cells each row has."""

    def __init__(self, path):
        super().__init__()
        self.path, self.cells, self.rows = path, 0, 0

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS or [name for name, _ in attributes if name != "align"]:
            wrong.append(f"{self.path}: rendered as <{tag} {attributes}>")
        self.cells += tag in ("td", "th")

    def handle_endtag(self, tag):
        if tag == "tr":
            self.rows += 1
            if self.cells != 6:
                wrong.append(f"{self.path}: a row of {self.cells} cells")
            self.cells = 0


def markdown(path, text):
    command = ["cmark-gfm", "--unsafe"]
    for extension in ("table", "autolink", "strikethrough", "tasklist", "tagfilter"):
        command += ["-e", extension]
    rendered = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    page = Page(path)
    page.feed(rendered.stdout.decode())
    page.close()
    if page.rows < 2:
        wrong.append(f"{path}: no table")


kind = sys.argv[1]
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        data = file.read()
    if not data:
        wrong.append(f"{path}: empty")
    text = data.decode("utf-8", errors="strict")
    any_output(path, text)
    if kind == "markdown":
        markdown(path, text)
    if kind == "text" and "COLUMNS" in os.environ:
        width = int(os.environ["COLUMNS"])
        wrong += [f"{path}: {columns(line)} columns: {line}" for line in text.split("\n") if columns(line) > width]
print("\n".join(wrong), end="")
sys.exit(bool(wrong))

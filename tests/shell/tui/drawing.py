"""What a screenshot shows, as lines of text that a person can compare.

From the SVG: the characters of each row at their columns, and below them which colour each row's
texts have. Whatever differs from run to run (times, paths, sizes, spark lines) is masked.
"""

import html
import re
from collections import defaultdict

_STYLE = re.compile(r"\.[\w-]+-(r\d+) \{ ([^}]*)\}")
_TEXT = re.compile(r'<text class="[\w-]+-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
_CELL_WIDTH = 12.2
_SPARKS = str.maketrans("", "", "·▁▂▃▄▅▆▇█")
_MASKS = (
    (re.compile(r"/tmp/\S+"), "<path>"),
    (re.compile(r"\d\d:\d\d:\d\d"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d-\d{6}"), "<name>"),
    (re.compile(r"\d+ \w{3} \d\d:\d\d"), "<date>"),
    (re.compile(r"\d+(\.\d+)? (ms|s|[MG]iB)\b"), "<figure>"),
)


def read_drawing(svg: str) -> str:
    """Rows of text, then a line `row: colour×characters ...` for each row with any."""
    colours = {name: _colour(style) for name, style in _STYLE.findall(svg)}
    rows: dict[float, dict[int, str]] = defaultdict(dict)
    inks: dict[float, list[tuple[float, str, str]]] = defaultdict(list)
    for name, x, y, text in _TEXT.findall(svg):
        text = html.unescape(text).replace("\xa0", " ")
        rows[float(y)][round(float(x) / _CELL_WIDTH)] = text
        inks[float(y)].append((float(x), colours.get(name, ""), text))
    numbered = list(enumerate(sorted(rows), start=1))
    drawn = [_masked(_row(rows[y])) for _, y in numbered]
    coloured = [f"{number:2}: {_inks(inks[y])}" for number, y in numbered]
    return "\n".join([*drawn, "-" * 20, *coloured]) + "\n"


def _row(parts: dict[int, str]) -> str:
    line = ""
    for column, text in sorted(parts.items()):
        line = line.ljust(column) + text
    return line.rstrip()


def _inks(parts: list[tuple[float, str, str]]) -> str:
    """Colours in order, neighbours of the same colour taken together."""
    found: list[str] = []
    for _, colour, text in sorted(parts):
        if text.translate(_SPARKS).strip() and found[-1:] != [colour]:
            found.append(colour)
    return " ".join(found)


def _masked(line: str) -> str:
    bare = line.translate(_SPARKS)
    for pattern, word in _MASKS:
        bare = pattern.sub(word, bare)
    return bare if bare == line else re.sub(r" {2,}", "  ", bare).rstrip()


def _colour(style: str) -> str:
    found = re.search(r"fill: (#\w+)", style)
    bold = "*" if "font-weight: bold" in style else ""
    return (found[1] if found else "") + bold

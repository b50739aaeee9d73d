"""Plots as SVG that a person can read: bars(...) and lines(...) give the whole text. The colours follow the reader's scheme, and the
plot brings its own ground, so that it is legible on any page. Sizes are in pixels."""
import math
from html import escape

WIDTH = 760
MARGIN = 20
TOP = 86  # title, source of the figures, legend
BAR = 18
ROW = 28
LABELS = 270  # column of labels left of the bars
VALUES = 90  # room for the text behind the longest bar
LINES_HEIGHT = 240
GLYPH = 6.6  # approximate width of a letter at 12 px

# Each class of marks with a name in `key` gets its own colour; the second colour is for dark pages.
STYLE = """<style>
  text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .small { fill: #59636e }
  .ground { fill: #ffffff; stroke: #d0d7de }
  .grid { stroke: #d8dee4; fill: none }
  .ours { fill: #0a69da } .apart { fill: #8c959f } .partly { fill: #c5ccd3 } .shared { fill: #ffffff; stroke: #8c959f }
  .limit, .accounted, .used { fill: none; stroke-width: 1.5; stroke: #cf222e }
  .accounted { stroke: #8c959f } .used { stroke: #0a69da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .ground { fill: #0d1117; stroke: #3d444d } .grid { stroke: #2a313c }
    .ours { fill: #4493f8 } .apart { fill: #7d8590 } .partly { fill: #444c56 } .shared { fill: #0d1117; stroke: #7d8590 }
    .limit { stroke: #f85149 } .accounted { stroke: #7d8590 } .used { stroke: #4493f8 }
  }
</style>"""


def text(x, y, what, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}{anchor}>{escape(what)}</text>'


def frame(height, title, source, marks):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>", STYLE,
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        text(MARGIN, 28, title, "title"), text(MARGIN, 46, source, "small"), *marks, "</svg>", ""])


def legend(key, y, swatch):
    """`key`: {class: what it means}; `swatch(class, x, y)` draws one of its marks."""
    marks, x = [], MARGIN
    for kind, meaning in key.items():
        marks += [swatch(kind, x, y), text(x + 20, y, meaning, "small")]
        x += 40 + len(meaning) * GLYPH
    return marks


def short(value):
    """As a person would write it: 3.77, 52,700, 1,080,000."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, 2 - math.floor(math.log10(abs(value)))):,.{digits}f}"


def nice_ticks(highest):
    """At most six, from 0, in steps of 1, 2 or 5 and zeros."""
    step = 10 ** math.floor(math.log10(highest))
    step = next(step * by for by in (0.2, 0.5, 1, 2) if highest / (step * by) <= 5)
    return [step * n for n in range(math.ceil(highest / step) + 1)]


def bars(title, source, axis, rows, key, log=False):
    """`rows`: (label, value, class), or (label, text to show instead of a bar, class); `axis`: what is drawn, with its unit."""
    values = [value for _, value, _ in rows if not isinstance(value, str)]
    left, right = MARGIN + LABELS, WIDTH - MARGIN - VALUES
    bottom = TOP + ROW * len(rows)
    if log:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        low -= low == math.log10(min(values))  # the smallest value gets a bar too
        ticks = [10.0**power for power in range(low, high + 1)]
        place = lambda value: left + (math.log10(value) - low) / (high - low) * (right - left)
    else:
        ticks = nice_ticks(max(values))
        place = lambda value: left + value / ticks[-1] * (right - left)
    marks = legend(key, 70, lambda kind, x, y: f'<rect class="{kind}" x="{x:g}" y="{y - 10:g}" width="12" height="12"/>')
    for tick in ticks:
        marks += [f'<path class="grid" d="M{place(tick):.1f} {TOP}V{bottom}"/>',
                  text(round(place(tick), 1), bottom + 18, f"{tick:,.10g}", "small", "middle")]
    for index, (label, value, kind) in enumerate(rows):
        y = TOP + ROW * index + (ROW - BAR) / 2
        marks.append(text(left - 10, y + 13, label, anchor="end"))
        if isinstance(value, str):
            marks.append(text(left + 6, y + 13, value, "small"))
            continue
        marks += [f'<rect class="{kind}" x="{left}" y="{y:g}" width="{place(value) - left:.1f}" height="{BAR}"/>',
                  text(round(place(value) + 6, 1), y + 13, short(value))]
    marks.append(text((left + right) / 2, bottom + 38, axis + (", logarithmic" if log else ""), "small", "middle"))
    return frame(bottom + 52, title, source, marks)


def lines(title, source, x_axis, y_axis, series, key):
    """`series`: {class: [(x, y)]}, drawn in that order; both axes begin at 0."""
    left, right, bottom = MARGIN + 60, WIDTH - MARGIN - 20, TOP + LINES_HEIGHT
    points = [point for line in series.values() for point in line]
    x_end = max(max(x for x, _ in points), 1)
    y_ticks = nice_ticks(max(y for _, y in points))
    at_x = lambda x: left + x / x_end * (right - left)
    at_y = lambda y: bottom - y / y_ticks[-1] * LINES_HEIGHT
    marks = legend(key, 70, lambda kind, x, y: f'<path class="{kind}" d="M{x:g} {y - 4:g}h14"/>')
    for tick in y_ticks:
        marks += [f'<path class="grid" d="M{left} {at_y(tick):.1f}H{right}"/>',
                  text(left - 8, round(at_y(tick) + 4, 1), f"{tick:,.10g}", "small", "end")]
    for tick in (tick for tick in nice_ticks(x_end) if tick <= x_end):
        marks.append(text(round(at_x(tick), 1), bottom + 18, f"{tick:,.10g}", "small", "middle"))
    for kind, line in series.items():
        marks.append(f'<polyline class="{kind}" points="{" ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)}"/>')
    middle = TOP + LINES_HEIGHT / 2
    marks += [text((left + right) / 2, bottom + 38, x_axis, "small", "middle"),
              f'<g transform="rotate(-90 {MARGIN + 4} {middle:g})">{text(MARGIN + 4, middle, y_axis, "small", "middle")}</g>']
    return frame(bottom + 52, title, source, marks)

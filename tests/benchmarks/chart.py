"""The one chart of `make bench-scale`: hours at the vendor's limit over the number of passwords, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.scale import Cost

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 440, 90, 210, 30, 60
MINUTES = ((0.01, "1 s"), (0.1, "6 s"), (1, "1 min"), (10, "10 min"), (60, "1 h"), (600, "10 h"), (6000, "100 h"))
LINES = (
    ("first sync", False, "#b3261e", "first sync, single calls"),
    ("first sync", True, "#e08a00", "first sync, bulk creation"),
    ("1 % changed", False, "#1f6feb", "1 % changed"),
    ("unchanged", False, "#2e7d32", "unchanged"),
)


def chart(found: Sequence[Cost]) -> str:
    """Both axes are logarithmic: a straight line of this slope means that nothing grows faster than the passwords."""
    sizes = sorted({cost.passwords for cost in found})
    low, high = log10(0.05), log10(MINUTES[-1][0])

    def across(count: int) -> float:
        return LEFT + (log10(count) - log10(sizes[0])) / (log10(sizes[-1]) - log10(sizes[0])) * (WIDTH - LEFT - RIGHT)

    def up(minutes: float) -> float:
        return HEIGHT - BOTTOM - (log10(minutes) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-weight="bold">Time of one run within IT Glue’s limit, one PC</text>',
    ]
    for minutes, words in MINUTES[1:]:
        y = up(minutes)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{words}</text>')
    for count in sizes:
        x = across(count)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">passwords</text>')
    ends: list[float] = []
    for case, bulk_creation, color, words in LINES:
        line = [c for c in found if (c.case, c.bulk_creation, c.pcs) == (case, bulk_creation, 1)]
        places = [(across(c.passwords), up(c.hours * 60)) for c in sorted(line, key=lambda c: c.passwords)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in places]
        at = places[-1][1] + 4
        while any(abs(at - other) < 16 for other in ends):
            at += 16
        ends.append(at)
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{at:.1f}" fill="{color}">{words}</text>')
    return "\n".join([*parts, "</svg>", ""])

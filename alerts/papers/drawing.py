"""What the drawings of papers are put together of: SVG, 16 cm wide, in the font that all forms have."""

from collections.abc import Iterable
from html import escape

from alerts.papers.saying import plain

WIDTH = 640  # units of 0.25 mm
FONT = "Noto Sans CJK SC"


def wide(text: str, size: float = 10) -> float:
    """About how wide a text of this size is."""
    return sum(1.0 if ord(each) > 0x2E80 else 0.58 for each in text) * size  # noqa: PLR2004 - where CJK begins


def text(
    x: float, y: float, words: str, anchor: str = "start", size: float = 10, *, halo: bool = False, turned: bool = False
) -> str:
    """Words at a place; `turned` they run upwards from it."""
    around = ' paint-order="stroke" stroke="#fff" stroke-width="2.5"' if halo else ""
    aligned = "" if anchor == "start" else f' text-anchor="{anchor}"'
    bigger = "" if size == 10 else f' font-size="{size:g}"'  # noqa: PLR2004 - the size of the drawing
    place = f'transform="translate({x:.1f} {y:.1f}) rotate(-90)"' if turned else f'x="{x:.1f}" y="{y:.1f}"'
    return f"<text {place}{aligned}{bigger}{around}>{escape(plain(words), quote=False)}</text>"


def svg(parts: Iterable[str], title: str, height: float) -> str:
    """The drawing of these parts."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="160mm" '
        f'height="{height / 4:g}mm" role="img" aria-label="{escape(plain(title, 200))}" '
        f"font-family=\"'{FONT}', 'Noto Sans SC', sans-serif\" font-size=\"10\">{''.join(parts)}</svg>"
    )

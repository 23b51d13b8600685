"""The pictures of a paper, of whatever kind, as SVG."""

from alerts.papers import charts, diagrams
from alerts.papers.paper import Chart, Diagram
from alerts.papers.saying import Saying


def pictured(block: Chart | Diagram, said: Saying) -> str:
    """The drawing of a block."""
    return charts.drawn(block, said) if isinstance(block, Chart) else diagrams.drawn(block)

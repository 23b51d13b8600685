"""A customer's own words before the first section: a small Jinja template, run where it can do no harm.

It runs in Jinja's sandbox, and of the language only what a text needs is let in: words in their places, if, and a
few filters. There is no loop, no call and no arithmetic, so it always ends, and soon.
"""

from collections.abc import Mapping

from jinja2 import TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from alerts.papers.paper import Moment, Paper, Paragraph
from alerts.papers.saying import Saying, plain, running

MOST = 10_000
"""Characters of a template, and of what it says."""
NAMES = ("title", "subtitle", "number", "version", "customer", "company", "made", "zone")
"""What a template may name; and `terms`, by their names: {{ terms["Site"] }}."""
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Getitem,
)  # fmt: skip
_FILTERS = frozenset({"upper", "lower", "trim", "title", "capitalize", "default"})
_ENVIRONMENT = SandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)


class IntroError(ValueError):
    """A template that is not let in; the message says why. `line` counts from 1."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


def checked_intro(source: str) -> str:
    """`source`, which is a template that may run. Raises IntroError."""
    if len(source) > MOST:
        raise IntroError(f"longer than {MOST} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateError, RecursionError) as error:
        raise IntroError(f"not a template: {error}", getattr(error, "lineno", None) or 1) from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise IntroError(
                f"{type(node).__name__.lower()} is not let in: only names, if and filters are", node.lineno
            )
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise IntroError(f"there is no filter {node.name}; there are {', '.join(sorted(_FILTERS))}", node.lineno)
        if isinstance(node, nodes.Name) and node.name not in {*NAMES, "terms"}:
            raise IntroError(f"there is no {node.name}; there are {', '.join(NAMES)} and terms", node.lineno)
    return source


def introduced(source: str, paper: Paper, said: Saying) -> list[Paragraph]:
    """What the template says in `paper`, a paragraph for each part between empty lines.

    A template that cannot be run says nothing: a paper without its introduction is better than none.
    """
    values: Mapping[str, object] = {
        **{name: plain(str(getattr(paper, name, ""))) for name in NAMES},
        "made": said.moment(Moment(at=paper.made_at)),
        "terms": {plain(name): said.cell(value) for name, value in paper.terms},
    }
    try:
        text = _ENVIRONMENT.from_string(checked_intro(source)).render(values)
    except (TemplateError, IntroError, ValueError, TypeError, ArithmeticError):
        return []
    parts = (running(part) for part in text[:MOST].replace("\r", "").split("\n\n"))
    return [Paragraph(text=part) for part in parts if part]

"""Values in, text out: the one Jinja2 environment of letters and documents, and what makes strings harmless in it.

Every expression of every template passes `harmless` (Jinja's `finalize`), and in HTML the escaping after it: no
template can forget either (docs/architecture.md: the sink's own escaping on the way out).
"""

import re
import unicodedata

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

CAP = 1000
_SPACE = re.compile(r"\s+")
# Cc: control; Cf: format (bidi overrides, zero width); Cs: lone surrogates; Co: private use; Zl, Zp: line separators
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def harmless(text: str, cap: int = CAP) -> str:
    """`text` on one line, without control, bidi or surrogate characters, cut at `cap` characters."""
    line = _SPACE.sub(" ", text)
    # Nothing that is dropped is printable (str.isprintable), so that most text in any language is looked at once.
    kept = line if line.isprintable() else "".join(c for c in line if _is_kept(c))
    return kept if len(kept) <= cap else kept[: cap - 1] + "…"


def rendered(template: str, /, **values: object) -> str:
    """`template` filled with `values`; a name that is not among them is an error, not a gap in a letter."""
    return _ENVIRONMENT.get_template(template).render(**values)


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED


def _finalized(value: object) -> object:
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=PackageLoader("alerts", "templates"),
    autoescape=select_autoescape(["html"], default=False),
    undefined=StrictUndefined,
    finalize=_finalized,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,  # else each letter asks the disk twice whether its template changed
)

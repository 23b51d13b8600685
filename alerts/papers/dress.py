"""How the papers of a customer are dressed: logo, company, colour and wording, without a line of code.

Written as configs/papers/<customer>.toml (monitor/papers_file.py); renderers take it beside the Paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from alerts.locale import Words
from monitor.model import Language

ACCENT = "#1f3a5f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture: `kind` is png, jpeg or svg."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """One customer's. Where a text is empty, that of the paper counts.

    `wording` holds, for each language, words of alerts/locale in place of ours: "report.title" = "…". `intro` is the
    source of the text that stands before the first block (alerts/papers/intro.py), for each language.
    """

    company: str = ""
    address: str = ""
    footer: str = ""
    logo: Logo | None = None
    accent: str = ACCENT
    wording: Mapping[Language, Mapping[str, str]] = field(default_factory=dict)
    intro: Mapping[Language, str] = field(default_factory=dict)


PLAIN = Dress()


def dressed_words(words: Words, dress: Dress) -> Words:
    """`words` with those that the dress has in their place."""
    own = dress.wording.get(words.language, {})
    if not own:
        return words
    table = {name: dict(group) if isinstance(group, Mapping) else group for name, group in words.table.items()}
    for name, text in own.items():
        group, _, key = name.partition(".")
        table[group][key] = text
    return replace(words, table=table)

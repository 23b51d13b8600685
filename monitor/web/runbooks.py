"""The runbook pages (docs/runbooks) as plain HTML, for whoever follows the link of a letter.

Pages are ours and come with the package, still nothing of them is passed on as HTML, and no path leads out of them.
"""

import re
from functools import lru_cache
from html import escape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from alerts.runbooks import INDEX
from monitor.model import Language
from monitor.shipped import runbooks

_NAME = re.compile(r"[a-z_]+")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


async def page(request: Request) -> Response:
    """One page in one language."""
    language, name = request.path_params["language"], request.path_params["page"]
    if language not in set(Language) or not _NAME.fullmatch(name):
        return PlainTextResponse("There is no such page; /runbooks/en/index lists them all.\n", 404)
    found = rendered(runbooks() / language / f"{name}.md", language)
    if found is None:
        return PlainTextResponse("There is no such page; /runbooks/en/index lists them all.\n", 404)
    return HTMLResponse(found)


async def _list(request: Request) -> Response:
    """The list of pages, in the language that the browser prefers."""
    asked = request.headers.get("accept-language", "").lower()
    language = Language.ZH_CN if asked.startswith("zh") else Language.EN
    return RedirectResponse(f"/runbooks/{language.value}/{INDEX}")


@lru_cache(maxsize=128)
def rendered(path: Path, language: str) -> str | None:
    """The page at `path` as a document; None where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    tokens = _MARKDOWN.parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", inside.content)
        for child in token.children or ():
            href = child.attrGet("href") if child.type == "link_open" else None
            if isinstance(href, str) and "://" not in href:
                child.attrSet("href", re.sub(r"\.md(?=#|$)", "", href))
    title = escape(text.partition("\n")[0].lstrip("# ").replace("`", ""))
    body = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return (
        f'<!DOCTYPE html>\n<html lang="{language.replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title></head>\n<body>\n{body}</body></html>\n"
    )


ROUTES = (
    Route("/runbooks", _list),
    Route("/runbooks/", _list),
    Route("/runbooks/{language}/{page}", page),
)

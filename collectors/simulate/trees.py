"""Redfish trees that are played: all documents by path, and what changes in them when something breaks."""

from typing import Any

from collectors.redfish.documents import ID, steps

Tree = dict[str, dict[str, Any]]
"""Redfish documents by their paths."""
Change = tuple[str, str, object]
"""A path, a JSON pointer into its document, and what stands there from now on."""


def changed(tree: Tree, change: Change) -> None:
    """Change one value in `tree`; without a pointer the whole resource goes, and leaves its collection."""
    path, pointer, value = change
    if not pointer:
        for gone in [each for each in tree if each == path or each.startswith(f"{path}/")]:
            del tree[gone]
        for document in tree.values():
            for name in ("Members", "Drives"):
                if isinstance(document.get(name), list):
                    document[name] = [one for one in document[name] if one.get(ID) != path]
        return
    *above, last = steps(pointer)
    place: Any = tree[path]
    for step in above:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[last] = value

"""What running a notebook changes although nothing came out differently: counts, clocks, kernel versions.

These are fields of the file and words in tracebacks and warnings. They are taken out as a notebook is read,
so that nothing above has to know them. Whole cells that are noise are for `noise` to name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLOCKS = frozenset({"start_time", "end_time", "duration"})

_OF_A_CELL: Mapping[str, frozenset[str]] = {
    "ExecuteTime": frozenset(),
    "execution": frozenset(),
    "executionInfo": frozenset(),
    "execution_millis": frozenset(),
    "execution_start": frozenset(),
    "gather": frozenset({"logged"}),
    "papermill": _CLOCKS,
}
# A signature says who trusted the file, and follows every other change.
_OF_A_NOTEBOOK: Mapping[str, frozenset[str]] = {
    "kernelspec": frozenset({"display_name"}),
    "language_info": frozenset(),
    "papermill": _CLOCKS,
    "signature": frozenset(),
}

_COUNTS = (
    # The count stands behind a colour code where the traceback is coloured.
    (re.compile(r"(?:\b|(?<=[\d\[]m))In ?\[\d+\]"), "In[ ]"),
    (re.compile(r"<ipython-input-\d+-"), "<ipython-input-"),
    (re.compile(r"\bipykernel_\d+\b"), "ipykernel"),
)


def of_cell_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a cell without clocks."""
    return _without(metadata, _OF_A_CELL)


def of_notebook_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a notebook without clocks, kernel versions and signature."""
    return _without(metadata, _OF_A_NOTEBOOK)


def settled(text: str) -> str:
    """A traceback or warning without the execution counts and process numbers that IPython writes into it."""
    for pattern, instead in _COUNTS:
        text = pattern.sub(instead, text)
    return text


def _without(metadata: Mapping[str, Any], noise: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """`metadata` less the named fields; where parts are named only these go, and what they leave empty."""
    kept = {name: value for name, value in metadata.items() if name not in noise or noise[name]}
    for name in noise.keys() & kept.keys():
        if isinstance(kept[name], dict):
            kept[name] = {part: value for part, value in kept[name].items() if part not in noise[name]}
            if not kept[name]:
                del kept[name]
    return kept

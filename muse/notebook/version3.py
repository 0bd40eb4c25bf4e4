"""Notebooks of format 3 as if they were of format 4.

Format 3 is what IPython wrote until 2015, and its files are still around. They are stored exactly as they
are; this is for reading. The names follow the ones that Jupyter gives when it opens such a file, so that a
notebook compares equal with its upgraded self, as far as possible.
"""

from __future__ import annotations

from muse.notebook.light import NotANotebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MIMES = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}
_KINDS = {"pyout": "execute_result", "pyerr": "error"}


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """The document with one list of cells in the names of format 4; what has no such name is kept.

    Raises:
        NotANotebook: It has no worksheets, or they hold no cells.
    """
    upgraded = {name: value for name, value in document.items() if name != "worksheets"}
    cells: list[dict[str, Any]] = []
    sheets = []
    for sheet in _list_of_records(document.get("worksheets"), "worksheets"):
        cells += map(_cell, _list_of_records(sheet.get("cells", []), "cells"))
        sheets.append({name: value for name, value in sheet.items() if name != "cells" and value != {}})
    _put(upgraded, "cells", cells)
    if any(sheets):
        upgraded["worksheets"] = sheets
    return upgraded


def _list_of_records(value: object, what: str) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise NotANotebook(f"the notebook has no proper list of {what}")


def _cell(old: dict[str, Any]) -> dict[str, Any]:
    cell = dict(old)
    if cell.get("cell_type") == "code":
        _put(cell, "source", _joined(cell.pop("input", "")))
        cell.pop("prompt_number", None)
        if cell.get("language") == "python":
            del cell["language"]
        if "collapsed" in cell and isinstance(cell.get("metadata", {}), dict):
            cell["metadata"] = {**cell.get("metadata", {}), "collapsed": cell.pop("collapsed")}
        if "outputs" in cell:
            cell["outputs"] = [_output(output) for output in _list_of_records(cell["outputs"], "outputs")]
    else:
        cell["source"] = _joined(cell.get("source", ""))
        if cell.get("cell_type") == "heading":
            cell["cell_type"] = "markdown"
            cell["source"] = _heading(cell.pop("level", 1), cell["source"])
    return cell


def _put(record: dict[str, Any], field: str, value: object) -> None:
    """Give a field of format 4 to a record, which as one of format 3 cannot have it yet."""
    if field in record:
        raise NotANotebook(f"the file is of nbformat 3, but has the field '{field}' of nbformat 4")
    record[field] = value


def _heading(level: object, source: object) -> str:
    if not isinstance(level, int) or not 1 <= level <= 6 or not isinstance(source, str):
        raise NotANotebook("a heading has no text, or no level from 1 to 6")
    return f"{'#' * level} {' '.join(source.splitlines())}"


def _joined(value: object) -> object:
    """A text from its lines, which some writers of format 3 stored with their ends and some without."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return ("" if value and value[0].endswith(("\n", "\r")) else "\n").join(value)
    return value


def _output(old: dict[str, Any]) -> dict[str, Any]:
    output = dict(old)
    kind = output.get("output_type")
    if isinstance(kind, str):
        output["output_type"] = _KINDS.get(kind, kind)
    if kind == "stream":
        _put(output, "name", output.pop("stream", "stdout"))
        output["text"] = _joined(output.get("text", ""))
    elif kind != "pyerr":
        data = {mime: _joined(output.pop(name)) for name, mime in _MIMES.items() if name in output}
        _put(output, "data", data)
    return output

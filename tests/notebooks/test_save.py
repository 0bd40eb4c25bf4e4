"""Storing the outputs of tutorials: what is kept, what is replaced, and that doing it again changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from notebooks import save
from tests.samples import code, notebook

pytestmark = pytest.mark.slow

RULES = """
[folders]
regex: /[^\\n<>]+/three-mugs
replace: ~/three-mugs

[style sheet]
regex: <style>.*?</style>
replace: STYLE
"""
CELLS = [
    code("print('in', '/some/where/three-mugs')", id="prints"),
    code("from IPython.display import HTML\nHTML('<style>b {}</style><b>/some/where/three-mugs</b>')", id="shows"),
]


def outputs(path: Path) -> list[Any]:
    """The outputs of a notebook, without what says that they are outputs."""
    cells = json.loads(path.read_text())["cells"]
    return [output.get("text") or output["data"]["text/html"] for cell in cells for output in cell["outputs"]]


def test_saving(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Outputs are stored with what differs replaced; styles stay, and times of the run do not get in."""
    path = folder / "01.ipynb"
    path.write_bytes(notebook(*CELLS))
    (folder / "sanitize.cfg").write_text(RULES)
    monkeypatch.setattr(save, "HERE", folder)
    save.main()
    assert capsys.readouterr().out == "01.ipynb: saved\n"
    assert outputs(path) == [["in ~/three-mugs\n"], ["<style>b {}</style><b>~/three-mugs</b>"]]
    first = path.read_bytes()
    assert b"language_info" in first and b"iopub" not in first and b'"version"' not in first
    save.main()
    assert path.read_bytes() == first

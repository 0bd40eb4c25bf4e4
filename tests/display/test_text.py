"""What a terminal shows: laws for any document, then what a person reads."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from muse.display.document import (
    CellDiff,
    Code,
    DiffLine,
    Document,
    Hint,
    Notice,
    OutputDiff,
    Payload,
    Picture,
    Section,
    Span,
    Table,
    TextDiff,
    heading,
    line,
    spans,
)
from muse.display.lines import line_diff
from muse.display.text import render
from tests.display.documents import documents

_COLOUR = re.compile(r"\x1b\[[0-9;]+m")


@given(documents, st.integers(0, 30))
def test_any_document_can_be_printed_without_control_characters(document: Document, width: int) -> None:
    shown = render(document, width=width)
    shown.encode("utf-8")
    assert all(character in "\n\t" or character >= " " for character in shown)
    assert "\x9b" not in shown


@given(documents, st.integers(0, 30))
def test_colour_adds_colour_and_nothing_else(document: Document, width: int) -> None:
    assert _COLOUR.sub("", render(document, colour=True, width=width)) == render(document, width=width)


def test_a_status() -> None:
    document = (
        line("On branch ", ("main", "branch")),
        heading("Changed"),
        line(("changed", "changed"), "  ", ("analysis.ipynb", "path"), indent=1),
        Hint("`muse commit` keeps it."),
        Notice("analysis.ipynb is not saved"),
    )
    assert render(document) == "\n".join(
        [
            "! analysis.ipynb is not saved",
            "On branch main",
            "",
            "Changed",
            "  changed  analysis.ipynb",
            "",
            "`muse commit` keeps it.",
        ]
    )


def test_a_diff_of_a_notebook() -> None:
    cell = CellDiff(
        spans(("cell 2", "strong"), ("source changed", "changed")),
        line_diff("x = 1\ny = 2\n", "x = 1\ny = 3\n"),
        (
            OutputDiff("stdout", Payload("text/plain", 2), Payload("text/plain", 2), line_diff("2\n", "3\n")),
            OutputDiff("image", Payload("image/png", 45_000), Payload("image/png", 46_000)),
            OutputDiff("image", None, Payload("image/png", 46_000)),
            OutputDiff("text", Payload("text/plain", 2), None, (DiffLine("-", "a"), DiffLine("…", "remark"))),
        ),
    )
    picture = Picture(Payload("image/png", 45_000), "roc.png")
    document = (
        Section(spans(("a.ipynb", "path")), (cell, cell._replace(outputs=()))),
        Section(spans("b.py"), (TextDiff((DiffLine("@", "@@ -9 +9 @@"), DiffLine("+", "\tend "))), picture)),
        line("done"),
    )
    assert render(document) == "\n".join(
        [
            "a.ipynb",
            "  cell 2  source changed",
            "     x = 1",
            "    -y = 2",
            "    +y = 3",
            "    output stdout",
            "    -2",
            "    +3",
            "    output image: image/png, 45 KB → 46 KB",
            "    output image added: image/png, 46 KB",
            "    output text removed",
            "    -a",
            "    … remark",
            "",
            "  cell 2  source changed",
            "     x = 1",
            "    -y = 2",
            "    +y = 3",
            "",
            "b.py",
            "  @@ -9 +9 @@",
            "  +\tend ",
            "",
            "  [image/png, 45 KB] roc.png",
            "",
            "done",
        ]
    )


_TABLE = Table(
    ((Span("4f2a", "id"), Span("王小明"), Span("first\nlook")), (Span("91c07d4f2a"), Span("Ada")), ()),
    ("commit", "author", "message"),
)


def test_columns_of_a_table_are_aligned() -> None:
    assert render((_TABLE,)) == "\n".join(
        [
            "commit      author  message",
            "4f2a        王小明  first\\nlook",
            "91c07d4f2a  Ada",
        ]
    )


def test_a_table_is_cut_where_the_terminal_ends() -> None:
    assert render((_TABLE,), width=26).split("\n")[:2] == [
        "commit      author  messa…",
        "4f2a        王小明  first…",
    ]


def test_a_cell_may_have_several_parts() -> None:
    bar = (Span("+++", "added"), Span("--", "removed"))
    table = Table(((Span("a"), bar), (bar, Span("b"))))
    assert render((table,)) == "a      +++--\n+++--  b"
    assert render((table,), colour=True).split("\n")[0] == "a      \x1b[32m+++\x1b[0m\x1b[31m--\x1b[0m"
    assert [render((table,), width=7 + n).split("\n")[0][7:] for n in (5, 4, 3, 2, 1)] == [
        "+++--",
        "+++…",
        "++…",
        "+…",
        "…",
    ]


def test_a_role_has_its_colour_and_stored_escapes_have_none() -> None:
    assert render((line(("main", "branch"), "\x1b[31m"),), colour=True) == "\x1b[1;32mmain\x1b[0m\\x1b[31m"


def test_what_has_no_colour_of_its_own_is_strong_in_a_title() -> None:
    document = (Section(spans(("a.ipynb", "path"), (" added", "added")), ()),)
    assert render(document, colour=True) == "\x1b[1ma.ipynb\x1b[0m\x1b[32m added\x1b[0m"


def test_code_is_shown_as_it_is() -> None:
    assert render((Code("if x:\n\treturn\n\n", "python"),)) == "if x:\n\treturn\n"

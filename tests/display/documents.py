"""Any document at all, for the laws of both renderers."""

from __future__ import annotations

from hypothesis import strategies as st

from muse.display.document import (
    ROLES,
    Block,
    CellDiff,
    Code,
    DiffLine,
    Document,
    Heading,
    Hint,
    Line,
    Notice,
    OutputDiff,
    Payload,
    Picture,
    Prose,
    Section,
    Span,
    Table,
    TextDiff,
)

_NASTY = (
    *("<script>", "</div>", "&lt;", '"', "'", "`"),
    *("\x1b[31m", "\x9b", "\n", "\r", "\t", "\0", "\udc80", "\u202e"),
)
texts = st.lists(
    st.sampled_from(_NASTY) | st.text(st.characters(exclude_categories=()), max_size=8), max_size=4
).map("".join)

_spans = st.builds(Span, texts, st.sampled_from(("", "no such role", *sorted(ROLES))))
_some_spans = st.lists(_spans, max_size=4).map(tuple)
_payloads = st.builds(
    Payload,
    st.sampled_from(("image/png", "image/svg+xml", "text/html")) | texts,
    st.integers(0, 10**9),
    st.none() | st.binary(max_size=20),
)
_diff_lines = st.builds(DiffLine, st.sampled_from((" ", "+", "-", "@", "…")), texts)
_diffs = st.lists(_diff_lines, max_size=6).map(tuple)
_outputs = st.builds(OutputDiff, texts, st.none() | _payloads, st.none() | _payloads, _diffs)
_tables = st.builds(
    Table,
    st.lists(st.lists(_spans | _some_spans, max_size=3).map(tuple), max_size=3).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
)
_leaves: st.SearchStrategy[Block] = st.one_of(
    st.builds(Line, _some_spans, st.integers(0, 3)),
    st.builds(Heading, _some_spans),
    _tables,
    st.builds(Prose, texts),
    st.builds(Hint, texts),
    st.builds(Notice, texts),
    st.builds(TextDiff, _diffs),
    st.builds(CellDiff, _some_spans, _diffs, st.lists(_outputs, max_size=3).map(tuple)),
    st.builds(Code, texts, texts),
    st.builds(Picture, _payloads, texts),
)


def _sections(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.builds(Section, _some_spans, st.lists(blocks, max_size=3).map(tuple), st.booleans())


_blocks = st.recursive(_leaves, _sections, max_leaves=6)
documents: st.SearchStrategy[Document] = st.lists(_blocks, max_size=5).map(tuple)

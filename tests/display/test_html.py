"""What a notebook shows: nothing from outside is ever markup, and what is shown has its limits."""

from __future__ import annotations

import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest
from hypothesis import given

from muse.display import html
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
    Prose,
    Section,
    Span,
    Table,
    TextDiff,
    heading,
    line,
    spans,
)
from muse.display.html import render
from muse.display.style import SHEET
from tests.display.documents import documents

_TAGS = {
    *("div", "style", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"),
    *("pre", "span", "b", "code", "figure", "figcaption", "img"),
}
_ATTRIBUTES = {"class", "style", "open", "alt", "src"}


class _Reader(HTMLParser):
    """Checks that tags match and are our own; collects the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS
        for name, value in attrs:
            assert name in _ATTRIBUTES
            if name == "src":
                assert re.fullmatch(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/]*=*", value or "")
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def _read(document: Document) -> str:
    reader = _Reader()
    reader.feed(render(document))
    reader.close()
    assert reader.open == []
    return reader.text


@given(documents)
def test_any_document_is_well_formed_and_has_no_markup_but_ours(document: Document) -> None:
    render(document).encode("utf-8")
    text = _read(document)
    assert all(character in "\n\t" or character >= " " for character in text)


@given(documents)
def test_no_angle_bracket_comes_from_outside(document: Document) -> None:
    rest = re.sub(r"</?[a-z]+( [a-z]+(=\"[^\"<>]*\")?)*>", "", render(document).replace(SHEET, ""))
    assert "<" not in rest and ">" not in rest


def test_text_is_escaped_and_hidden_characters_are_shown() -> None:
    shown = render((line(("<b>\"a\" & 'b'\x1b\udc80", "path"), indent=1),))
    assert '<span class="muse-path">&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;\\x1b\\udc80</span>' in shown


def test_the_style_sheet_touches_nothing_outside_and_the_fragment_runs_nothing() -> None:
    rules = re.sub(r"@media [^{]*\{", "", SHEET)
    selectors = re.findall(r"([^{}]+)\{", rules)
    assert selectors
    for selector in selectors:
        assert all(part.strip().startswith(".muse-doc") for part in selector.split(","))
    assert "<" not in SHEET and "url(" not in SHEET and "@import" not in SHEET


def test_notices_come_first_and_commands_are_code() -> None:
    text = render((line("b"), Hint("try `muse commit` and `"), Notice("a")))
    assert text.index('muse-notice">a<') < text.index(">b<")
    assert '<div class="muse-hint">try <code class="muse-code">muse commit</code> and `</div>' in text


def test_a_table_is_a_table() -> None:
    text = render((Table(((Span("4f2a", "id"), Span("look")),), ("commit", "message")),))
    assert "<thead><tr><th>commit</th><th>message</th></tr></thead>" in text
    assert '<tr><td><span class="muse-id">4f2a</span></td><td>look</td></tr>' in text


def test_a_cell_may_have_several_parts() -> None:
    text = render((Table((((Span("+", "added"), Span("-", "removed")),),)),))
    assert '<td><span class="muse-added">+</span><span class="muse-removed">-</span></td>' in text


def test_a_sentence_has_its_commands_as_code() -> None:
    text = render((Prose("Undid `commit -m <b>`"),))
    assert '<div class="muse-line">Undid <code class="muse-code">commit -m &lt;b&gt;</code></div>' in text


@pytest.mark.parametrize(("opened", "tag"), [(True, " open>"), (False, ">")])
def test_a_section_can_be_folded(opened: bool, tag: str) -> None:
    text = render((Section(spans("a.ipynb"), (heading("x"),), opened),))
    assert f'<details class="muse-section"{tag}<summary>a.ipynb</summary>' in text


def test_a_changed_line_has_its_sign_its_tint_and_its_words() -> None:
    lines = (DiffLine("-", "x = 1 < 2"), DiffLine("+", "x = 1 < 3"), DiffLine("@", "@@ -9 +9 @@"))
    text = render((TextDiff(lines),))
    for kind, sign, word in (("del", "-", "2"), ("add", "+", "3")):
        row = f'<span class="muse-row muse-{kind}"><span class="muse-sign">{sign} </span>'
        assert f"{row}x = 1 &lt; <b>{word}</b>\n</span>" in text
    assert '<span class="muse-row muse-at">@@ -9 +9 @@\n</span>' in text


def test_what_happened_to_a_cell_is_a_badge() -> None:
    text = render((CellDiff(spans(("cell 2", "strong"), ("source changed", "changed")), (), ()),))
    assert '<span class="muse-badge muse-changed">source changed</span>' in text


def _image(data: bytes | None, mime: str = "image/png") -> Payload:
    return Payload(mime, 45_000, data)


def test_images_stand_side_by_side_with_their_sizes() -> None:
    output = OutputDiff("image", _image(b"old"), _image(b"<svg/>", "image/svg+xml"))
    text = render((CellDiff(spans("cell 2"), (), (output,)),))
    assert f'src="data:image/png;base64,{b64encode(b"old").decode()}"' in text
    assert f'src="data:image/svg+xml;base64,{b64encode(b"<svg/>").decode()}"' in text
    assert "before · 45 KB" in text and "after · 45 KB" in text


@pytest.mark.parametrize(
    "payload", [_image(None), _image(b"<b>", "text/html"), _image(b"x", 'image/png"><b')]
)
def test_what_is_no_image_to_be_shown_is_named(payload: Payload) -> None:
    document = (Picture(payload, "roc.png"),)
    assert "<img" not in render(document)
    assert _read(document) == f"roc.png · {payload.mime}, 45 KB"


def test_an_output_that_came_or_went_is_marked() -> None:
    came = OutputDiff("image", None, _image(b"new"))
    went = OutputDiff("text", Payload("text/plain", 3), None, (DiffLine("-", "old"),))
    text = _read((CellDiff((), (), (came, went)),))
    assert text == "output image added45 KBoutput text removed- old\n"


def test_what_exceeds_the_budget_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_MAX_LINES", 5)
    monkeypatch.setattr(html, "_MAX_LINES_EACH", 3)
    monkeypatch.setattr(html, "_MAX_LINE_LENGTH", 4)
    diff = TextDiff(tuple(DiffLine("+", "abcdef") for _ in range(4)))
    text = _read((diff, Code("g\nh\ni\nj")))
    row = "+ abcd … 2 more characters\n"
    rest = "; a terminal shows them all\n"
    assert text == f"{row * 3}… 1 more line{rest}g\nh\n… 2 more lines{rest}"


def test_images_beyond_the_budget_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_MAX_IMAGE_BYTES", 5)
    text = render((Picture(_image(b"one")), Picture(_image(b"two")), Picture(_image(b"3"))))
    assert text.count("<img") == 2
    assert "image/png, 45 KB" in text

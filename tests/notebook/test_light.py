"""Reading without looking into what is long gives what a full parse gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muse.notebook.light import LIMIT, MARK, Texts, length_of, parse, parse_fully
from tests.notebook.strategies import documents, json_values, texts, writings


def skeleton_of(raw: bytes) -> str:
    """The parsed value as text, placeholders and all."""
    return json.dumps(parse(raw)[0], ensure_ascii=False)


@given(document=documents, data=st.data())
def test_the_value_is_that_of_a_full_parse(document: dict[str, Any], data: st.DataObject) -> None:
    """Canonical JSON, in which every string is whole, is the same however the text was read."""
    raw = data.draw(writings(document))
    light, cuts = parse(raw)
    assert cuts.json(light) == Texts({}).json(parse_fully(raw))


@given(value=json_values)
def test_any_json_value_is_read_exactly(value: object) -> None:
    """The law holds for whatever JSON there is, notebook or not."""
    raw = json.dumps(value).encode()
    light, cuts = parse(raw)
    assert json.loads(cuts.json(light)) == value


@given(text=texts)
@example(text="A" * LIMIT)
@example(text="A" * (LIMIT + 1))
@example(text="A" * (LIMIT - 1) + "\n")
@example(text="A" * LIMIT + "\n")
@example(text="A" * LIMIT + "\n\n")
@example(text="A" * LIMIT + '"')
@example(text="A" * LIMIT + "\\")
@example(text=MARK)
@example(text="é" * LIMIT)
@example(text="é" * (LIMIT + 1))
def test_what_a_text_is_held_as_depends_on_its_characters_alone(text: str) -> None:
    """Cut out, parsed and split texts are held the same, and by placeholder exactly beyond the limit."""
    content = text.encode("utf-8", "surrogatepass")
    units = text.encode("utf-16-be", "surrogatepass").hex()
    escaped = "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
    held = set()
    for written in (json.dumps(text), json.dumps(text, ensure_ascii=False), f'"{escaped}"'):
        value, cuts = parse(f'{{"a": [1, {written}]}}'.encode("utf-8", "backslashreplace"))
        assert cuts.join(value["a"][1]) == text
        held.add(cuts.hold(value["a"][1]))
        assert list(cuts.long.values()) in ([], [content])
    [name] = held
    assert (name != text) == bool(cuts.long) == (len(text) > LIMIT or MARK in text)
    assert length_of(name) == len(content)


@given(one=texts, other=texts)
def test_different_texts_are_held_differently(one: str, other: str) -> None:
    """A placeholder stands for one text only."""
    cuts = Texts({})
    assert (cuts.hold(one) == cuts.hold(other)) == (one == other)


LONG = "A" * 5 * LIMIT


@pytest.mark.parametrize("ending", ["", "\n"])
def test_images_are_not_parsed(ending: str) -> None:
    """What makes reading fast: of base64 text only the name is left."""
    assert len(skeleton_of(json.dumps({"image/png": LONG + ending}).encode())) < 200


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(f'{{"{LONG}": 1}}', id="a key"),
        pytest.param(f'{{"{LONG}" \n : 1}}', id="a key with space after it"),
        pytest.param(json.dumps(["a", *range(3000), "b"]), id="numbers between strings"),
        pytest.param(f'["\\"{LONG}"]', id="an escaped quote before"),
        pytest.param(f'["{LONG}\\""]', id="an escaped quote behind"),
        pytest.param(f'["{LONG}\\\\"]', id="a backslash at the end"),
        pytest.param(f'["{LONG}é"]', id="not ASCII"),
        pytest.param(f'["{LONG}\\u00e9"]', id="an escape"),
        pytest.param(f'["{LONG}", "{MARK}"]', id="the mark in the file"),
        pytest.param(f'["{LONG}", "\\uE5c7"]', id="the mark as an escape"),
    ],
)
def test_what_cannot_be_named_without_decoding_is_parsed(raw: str) -> None:
    """In doubt nothing is cut."""
    assert skeleton_of(raw.encode()) == json.dumps(json.loads(raw), ensure_ascii=False)


def test_raw_control_characters_are_taken_as_they_are() -> None:
    """In what is cut and in what is parsed alike."""
    for count in (1, 2 * LIMIT):
        value, cuts = parse(b'{"a": "b' + b"\x00" * count + b'"}')
        assert cuts.join(value["a"]) == "b" + "\x00" * count


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 5000,
        b'"' * 5000,
        b'"\xed\xa0\x80"',
        b"[1] 2",
        b'["' + b"A" * 5000,
        b'["a"' + b"A" * 5000 + b', "b"]',
        b'["a"\x0c' + b" " * 5000 + b', "b"]',
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    """Damage inside and outside what is long is noticed alike."""
    with pytest.raises(ValueError, match=r"."):
        parse(raw)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """Some editors leave one."""
    assert parse(b'\xef\xbb\xbf{"a": 1}')[0] == {"a": 1}

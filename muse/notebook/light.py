"""Notebook text in, values out, without looking into what is long.

The promise: reading a notebook of megabytes costs one SHA-256 of its images, and the result is exactly what a
full parse gives. Long string values are cut out of the raw JSON and replaced by a *placeholder* that names
their characters: mark, SHA-256, length, mark. Equal texts have equal placeholders, whatever stands around
them.

Two notebooks with equal contents must compare equal however each was read, so how a text is held depends on
its characters alone, never on how it was written or found: it is held by placeholder exactly when it has more
than `LIMIT` characters or holds the mark. The cutter takes only what it can name without decoding: whole
values, ASCII, without escapes (but for the line feed that often ends an image), and longer than `LIMIT`. What
it leaves in is parsed, and held by the same rule afterwards (`Texts.hold`). So a cut that is not made costs
time, never truth. Of a file that holds the mark itself nothing is cut.
"""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: A private-use character that no real text holds; it stands at both ends of a placeholder.
MARK = "\ue5c7"
#: Texts with more characters than this are held by placeholder.
LIMIT = 1024

_MARK_BYTES = MARK.encode()
_MARK_ESCAPE = b"\\ue5c7"
# How the gap behind a string begins in all JSON, so that no gap is cut. A value that begins so is parsed.
_BETWEEN_STRINGS = b":,]} \t\r\n"
_BLANK = b" \t\r\n"


class NotANotebook(ValueError):
    """The bytes are not a notebook that can be read; the message is one sentence that says why."""


def parse(raw: bytes) -> tuple[Any, Texts]:
    """The JSON value of a file, with long strings as placeholders, and what they stand for.

    Raises:
        ValueError: The bytes are not JSON in UTF-8.
        RecursionError: The value nests too deeply.
    """
    skeleton, cut = _cut(raw)
    return parse_fully(skeleton), Texts(cut)


def parse_fully(raw: bytes) -> Any:
    """The JSON value of a file; raw control characters in strings are taken as they are."""
    import json

    return json.loads(raw.decode("utf-8").removeprefix("\ufeff"), strict=False)


class Texts:
    """The texts of one file: what was cut out of it, and what is held by placeholder in its model."""

    __slots__ = ("_encode", "cut", "long")

    def __init__(self, cut: dict[str, bytes]) -> None:
        import json

        self.cut = cut
        self.long: dict[str, bytes] = {}
        self._encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

    def plain(self, text: str) -> str:
        """A string of the parsed value with all its characters."""
        held = self.cut.get(text)
        return text if held is None else held.decode("ascii")

    def join(self, value: object) -> str | None:
        """A text that a notebook may store whole or as a list of lines; None when it is neither."""
        if isinstance(value, str):
            return self.plain(value)
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            return "".join(map(self.plain, value))
        return None

    def json(self, value: object) -> str:
        """Canonical JSON text: sorted keys, no spaces, every string whole."""
        parts = self._encode(value).split(MARK) if self.cut else [self._encode(value)]
        for place in range(1, len(parts), 2):
            parts[place] = self._encode(self.plain(f"{MARK}{parts[place]}{MARK}"))[1:-1]
        return "".join(parts)

    def hold(self, text: str) -> str:
        """The text when it is short, else its placeholder; a placeholder of the cutter passes as it is."""
        content = self.cut.get(text)
        if content is None:
            if len(text) <= LIMIT and MARK not in text:
                return text
            content = text.encode("utf-8", "surrogatepass")
            text = _placeholder(content)
        self.long[text] = content
        return text


def length_of(text: str) -> int:
    """Bytes of the text that `text` is or stands for, in UTF-8."""
    if text[:1] == MARK:
        return int(text[1:-1].partition(":")[2])
    return len(text.encode("utf-8", "surrogatepass"))


def _placeholder(content: bytes) -> str:
    return f"{MARK}{hashlib.sha256(content).hexdigest()}:{len(content)}{MARK}"


def _cut(raw: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The text with placeholders for long values, and what they stand for; nothing cut when in doubt.

    Each round takes the last quote within `LIMIT` bytes of a known one, and the next quote after it: no gap
    that is longer can be missed, and every byte is passed once.
    """
    cut: dict[str, bytes] = {}
    pieces: list[bytes] = []
    done = 0
    after = raw.find(b'"')
    while after >= 0:
        before = raw.rfind(b'"', after, after + LIMIT)
        after = raw.find(b'"', before + 1)
        if after - before > LIMIT + 1 and (content := _long_value(raw, before, after)) is not None:
            name = _placeholder(content)
            cut[name] = content
            pieces += raw[done : before + 1], name.encode()
            done = after
    if not cut:
        return raw, cut
    pieces.append(raw[done:])
    skeleton = b"".join(pieces)
    if skeleton.count(_MARK_BYTES) != len(pieces) - 1 or _MARK_ESCAPE in skeleton.lower():
        return raw, {}
    return skeleton, cut


def _long_value(raw: bytes, before: int, after: int) -> bytes | None:
    """The characters between two neighbouring quotes when they surely are one whole value, and a long one.

    A backslash in front of a quote means that it may belong to the text, so such a string is left to the
    parser. So is a key: whether two keys are the same is for the parser to say.
    """
    span = raw[before + 1 : after]
    if raw[before - 1 : before] == b"\\" or span[0] in _BETWEEN_STRINGS or not span.isascii():
        return None
    escape = span.find(b"\\")
    if escape >= 0:
        if span[escape:] != b"\\n":
            return None
        span = span[:escape] + b"\n"
    return None if len(span) <= LIMIT or _is_key(raw, after) else span


def _is_key(raw: bytes, quote: int) -> bool:
    place = quote + 1
    while place < len(raw) and raw[place] in _BLANK:
        place += 1
    return raw[place : place + 1] == b":"

"""Text from outside, made safe to show: whatever acts on a terminal or deceives the eye is spelled out.

A stored output may hold escape sequences that retitle a terminal or worse; a name may hold a newline or a
byte that is not UTF-8; a source may hold marks that reorder the line a reader sees. They are shown as
Python writes them (`\\x1b`, `\\udc80`, `\\u202e`), so that the result is always one line and can always be
encoded.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_HIDDEN_BUT_TAB = re.compile(_HIDDEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0a-\x1f"))
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def visible(text: str, *, tabs: bool = False) -> str:
    """`text` as one line without hidden characters; `tabs` keeps tabs, as code needs them."""
    if text.isprintable():
        return text
    return (_HIDDEN_BUT_TAB if tabs else _HIDDEN).sub(_spelled_out, text)


def without_ansi(text: str) -> str:
    """`text` without colour codes and other terminal sequences, as kernels put them into tracebacks."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _spelled_out(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")

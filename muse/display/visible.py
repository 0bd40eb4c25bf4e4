"""Text from outside, made safe to show: whatever acts on a terminal or deceives the eye is spelled out.

A stored output may hold escape sequences that retitle a terminal or worse; a name may hold a newline or a
byte that is not UTF-8; a source may hold marks that reorder the line a reader sees. They are shown as
Python writes them (`\\x1b`, `\\udc80`, `\\u202e`), so that the result is always one line and can always be
encoded.
"""

from __future__ import annotations

_HIDDEN = "\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_ANSI = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"


def visible(text: str, *, tabs: bool = False) -> str:
    """`text` as one line without hidden characters; `tabs` keeps tabs, as code needs them."""
    if text.isprintable():
        return text
    import re  # most texts are plain, and then muse never loads it

    return re.sub(f"[{_HIDDEN}]" if tabs else f"[\t{_HIDDEN}]", _spelled_out, text)


def without_ansi(text: str) -> str:
    """`text` without colour codes and other terminal sequences, as kernels put them into tracebacks."""
    if "\x1b" not in text:
        return text
    import re

    return re.sub(_ANSI, "", text)


def _spelled_out(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

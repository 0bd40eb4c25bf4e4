"""Whether a notebook is whole, or its server is still writing it.

A Jupyter server saves in place: the file is cut to nothing and grows again. Whoever reads it meanwhile sees a
beginning that no size, time or signature tells from a whole file; only its end does.
"""

from __future__ import annotations

#: Bytes in which the last line of a file is looked for.
_END = 64


def is_cut(raw: bytes) -> bool:
    """Whether these bytes begin as a notebook does, and stop before its end."""
    if not raw[:_END].lstrip().startswith(b"{"):
        return False
    end = raw[-_END:].rstrip()
    if end.endswith(b"\n}"):
        return False  # indented, as Jupyter writes it: no other line begins like that
    if end and not end.endswith(b"}"):
        return True
    from json import JSONDecodeError, loads

    try:
        loads(raw)
    except JSONDecodeError:
        return True
    except (ValueError, RecursionError):
        pass  # whole, and more than Python takes
    return False

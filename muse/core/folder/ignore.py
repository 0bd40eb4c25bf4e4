"""Which untracked names muse leaves alone: gitignore rules, one folder at a time.

A scan walks from the top and never enters a folder that is ignored, so a verdict is always about one name in
one folder. `Rules` stands for such a folder. Going down into a sub-folder takes each pattern with a slash one
segment further, so no path is ever matched as a whole. Nothing is parsed before the first question: a caller
that remembers verdicts under the `signature` pays for a hash.

What decides, weakest first: the built-in rules, then the rule file of each folder from the top down; within a
file the last line that matches. Only `.muse` and `.git` cannot be brought back. A folder that is left alone but
for what is tracked in it has `closed` rules: nothing brings anything in there back, at any depth.

Literal names, `*.ext` and `prefix*` are matched here. Other wildcards are compiled by `pathspec`, which takes
longer to import than most verbs take to run, so it is imported only when a name meets one. There it differs
from git: `?` and `[…]` stand for a character, not for a byte; in `[…]` neither escapes, nor classes such as
`[:digit:]`, nor a slash are known; a range that runs backwards makes the pattern match nothing.
"""

from __future__ import annotations

import os

from muse.core.base.named import NamedTuple
from muse.core.types import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: The rule files of a folder. The first that exists counts, the others do not.
RULE_FILES = (".museignore", ".gitignore")
#: A folder that holds a file of this name is a virtual environment.
ENVIRONMENT_MARK = "pyvenv.cfg"

#: The names that make a folder a repository of its own; always ignored.
REPOSITORIES = (".muse", ".git")
_BUILT_IN = b"""\
.ipynb_checkpoints/
__pycache__/
.venv/
.hg/
.svn/
.DS_Store
.~*
.restore-tmp-*
.invalid-*
"""

_NAME, _START, _END, _GLOB, _DEEP = range(5)
_TOKEN = r"(?s:\\?.|\\)"


class _Segment(NamedTuple):
    """One pattern for one name; `_DEEP` is `**`, any number of folders."""

    kind: int
    text: str


class _Pattern(NamedTuple):
    """One line of a rule file; without a slash it starts with `_DEEP`. Of two, the higher rank decides."""

    rank: int
    segments: tuple[_Segment, ...]
    folder_only: bool
    ignore: bool


class _Rule(NamedTuple):
    """What a pattern says about the names directly in one folder."""

    rank: int
    segment: _Segment
    folder_only: bool
    ignore: bool


_Position = tuple[_Pattern, int]


def _tokens(text: str) -> list[str]:
    """Its characters, each with the backslash before it."""
    import re

    tokens: list[str] = re.findall(_TOKEN, text)
    return tokens


def _segment(text: str) -> _Segment:
    tokens = _tokens(text)
    wild = [at for at, token in enumerate(tokens) if token in ("*", "?", "[", "\\")]
    plain = "".join(token[-1] for at, token in enumerate(tokens) if at not in wild)
    if not wild:
        return _Segment(_NAME, plain)
    if all(tokens[at] == "*" for at in wild):
        if wild[-1] == len(wild) - 1:
            return _Segment(_END, plain)
        if wild[0] == len(tokens) - len(wild):
            return _Segment(_START, plain)
    return _Segment(_GLOB, text)


def _segments(body: str) -> tuple[_Segment, ...]:
    deep = _Segment(_DEEP, "")
    if "/" not in body:
        return deep, _segment(body)
    parts = "".join("/" if token == "\\/" else token for token in _tokens(body.removeprefix("/"))).split("/")
    return tuple(deep if len(part) > 1 and not part.strip("*") else _segment(part) for part in parts)


def _pattern(rank: int, line: str) -> _Pattern | None:
    trimmed = line.rstrip(" ")
    escapes = len(trimmed) - len(trimmed.rstrip("\\"))
    if escapes % 2 and trimmed != line:
        trimmed += " "
    body = trimmed.removeprefix("!")
    path = body.removesuffix("/")
    if line.startswith("#") or not path:
        return None
    return _Pattern(rank, _segments(path), folder_only=body != path, ignore=body == trimmed)


def _patterns(text: bytes, first_rank: int) -> list[_Pattern]:
    lines = os.fsdecode(text.removeprefix(b"\xef\xbb\xbf")).split("\n")
    found = (_pattern(first_rank + at, line.removesuffix("\r")) for at, line in enumerate(lines))
    return [pattern for pattern in found if pattern is not None]


_compiled: dict[str, Callable[[str], object]] = {}


def _glob(text: str) -> Callable[[str], object]:
    """A function that says whether a name matches a wildcard; an invalid wildcard matches nothing."""
    found = _compiled.get(text)
    if found is None:
        found = _compiled[text] = _compile(text)
    return found


def _compile(text: str) -> Callable[[str], object]:
    import re
    import warnings

    from pathspec import GitIgnoreSpec

    if text[-1].isspace() and text[-2:-1] != "\\":
        text = f"{text[:-1]}[{text[-1]}]"  # only the end of a line is trimmed, not that of a segment
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # brackets that a later `re` may read otherwise
            regex = GitIgnoreSpec.from_lines([f"/{text}"]).patterns[0].regex
    except (ValueError, re.error):
        regex = None
    return regex.fullmatch if regex is not None else lambda name: None


def _matches(segment: _Segment, name: str) -> bool:
    kind, text = segment
    if kind == _NAME:
        return name == text
    if kind == _END:
        return name.endswith(text)
    if kind == _GLOB:
        return _glob(text)(name) is not None
    return name.startswith(text)


class _Table:
    """Rules for the names of one folder, arranged so that a name which nothing mentions is passed quickly."""

    def __init__(self, rules: Iterable[_Rule]) -> None:
        self.rules = tuple(rules)
        self.names: dict[str, list[_Rule]] = {}
        self.edges: list[_Rule] = []
        self.globs: list[_Rule] = []
        for rule in reversed(self.rules):
            kind = rule.segment.kind
            if kind == _NAME:
                self.names.setdefault(rule.segment.text, []).append(rule)
            else:
                (self.globs if kind == _GLOB else self.edges).append(rule)
        self.starts = tuple(rule.segment.text for rule in self.edges if rule.segment.kind != _END)
        self.ends = tuple(rule.segment.text for rule in self.edges if rule.segment.kind == _END)

    def find(self, name: str, is_folder: bool) -> _Rule | None:
        """The rule of the highest rank that matches. Wildcards are asked last, where they can still win."""
        best = None
        at_edge = name.startswith(self.starts) or name.endswith(self.ends)
        for rules in (self.names.get(name, ()), self.edges if at_edge else (), self.globs):
            for rule in rules:
                if best is not None and rule.rank < best.rank:
                    break
                if (is_folder or not rule.folder_only) and _matches(rule.segment, name):
                    best = rule
                    break
        return best


class _State(NamedTuple):
    """What the rules come to in one folder."""

    lines: int
    anywhere: _Table
    paths: tuple[_Position, ...]
    here: _Table | None


def _from(pattern: _Pattern, at: int) -> Iterator[_Position]:
    """The places from which a pattern can go on: `**` may stand for no folder at all."""
    yield pattern, at
    if pattern.segments[at].kind == _DEEP and at + 1 < len(pattern.segments):
        yield from _from(pattern, at + 1)


def _down(paths: Iterable[_Position], folder: str) -> Iterator[_Position]:
    """Take the patterns with a slash into a sub-folder."""
    for pattern, at in paths:
        if pattern.segments[at].kind == _DEEP:
            yield from _from(pattern, at)
        elif at + 1 < len(pattern.segments) and _matches(pattern.segments[at], folder):
            yield from _from(pattern, at + 1)


def _basename(pattern: _Pattern) -> bool:
    return len(pattern.segments) == 2 and pattern.segments[0].kind == _DEEP


def _enter(state: _State, folder: str | None, text: bytes | None) -> _State:
    lines, anywhere, paths, _ = state
    if folder is not None:
        paths = tuple(dict.fromkeys(_down(paths, folder)))
    if text:
        new = _patterns(text, lines)
        lines += text.count(b"\n") + 1
        flat = [_Rule(p.rank, p.segments[1], p.folder_only, p.ignore) for p in new if _basename(p)]
        anywhere = _Table((*anywhere.rules, *flat)) if flat else anywhere
        paths += tuple(place for p in new if not _basename(p) for place in _from(p, 0))
    ending = [
        _Rule(pattern.rank, pattern.segments[at], pattern.folder_only, pattern.ignore)
        for pattern, at in paths
        if at + 1 == len(pattern.segments)
    ]
    return _State(lines, anywhere, paths, _Table(ending) if ending else None)


class Rules:
    """The rules in force in one folder; immutable. Made by `Rules.root`, `child` and `closed`."""

    __slots__ = ("_folder", "_known", "_parent", "_text", "is_closed", "signature")

    #: Whether every name is left out, here and below.
    is_closed: bool
    #: 16 bytes that differ when anything that decides differs, the place of the folder included.
    signature: bytes

    def __init__(
        self, parent: Rules | None, folder: str | None, text: bytes | None, *, closed: bool = False
    ) -> None:
        self._parent, self._folder, self._text = parent, folder, text
        self._known: _State | None = None
        self.is_closed = closed or (parent is not None and parent.is_closed)
        place = b"" if folder is None else os.fsencode(folder)
        above = parent.signature if parent else b"rules 2"
        self.signature = digest_of(b"%s%d %s %d %s" % (above, len(place), place, text is not None, text or b""))[:16]

    @classmethod
    def root(cls, text: bytes | None = None) -> Rules:
        """The rules in the top folder.

        Args:
            text: The bytes of its rule file, if it has one.
        """
        built_in = cls(None, None, _BUILT_IN)
        return built_in if text is None else cls(built_in, None, text)

    def child(self, folder: str, text: bytes | None = None) -> Rules:
        """The rules in a sub-folder.

        Args:
            folder: Its name, not a path.
            text: The bytes of its rule file (see `RULE_FILES`), if it has one.
        """
        return Rules(self, folder, text)

    def closed(self) -> Rules:
        """The same, but every untracked name is left alone, here and in all folders below."""
        return Rules(self, None, None, closed=True)  # no child is without a name: so the signature tells them apart

    def ignored(self, name: str, is_folder: bool, *, environment: bool = False) -> bool:
        """Whether an untracked name directly in this folder is left alone.

        Args:
            name: A name as `os.scandir` gives it.
            is_folder: True for a real folder; False for a link to one.
            environment: True for a folder that holds `ENVIRONMENT_MARK`: then it is ignored where no rule
                brings it back.
        """
        if self.is_closed or name.lower() in REPOSITORIES:
            return True
        state = self._state()
        rule = state.anywhere.find(name, is_folder)
        if state.here is not None:
            closer = state.here.find(name, is_folder)
            if closer is not None and (rule is None or closer.rank > rule.rank):
                rule = closer
        return environment if rule is None else rule.ignore

    def _state(self) -> _State:
        pending: list[Rules] = []
        rules: Rules | None = self
        while rules is not None and rules._known is None:
            pending.append(rules)
            rules = rules._parent
        state = rules._known if rules is not None else None
        for rules in reversed(pending):  # a loop, as folders may nest deeper than Python's stack
            state = _enter(state or _State(0, _Table(()), (), None), rules._folder, rules._text)
            rules._known = state
        assert state is not None
        return state

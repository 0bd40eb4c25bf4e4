"""`settings.toml` changes one key and nothing else, or refuses."""

from __future__ import annotations

import errno
import fcntl
import os
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import io
from muse.core.base.errors import Damaged, Refused, SystemTrouble, UsageProblem
from muse.core.settings import toml
from muse.core.system import locks, temps
from muse.core.system.interrupts import Turn, deliver
from tests.core import faults, processes

LINES = [
    "[author]",
    "[ author ] # who",
    "[other]",
    "[[many]]",
    'name = "Ada" # mine',
    "name = 'Ada'",
    'author.name = "Ada"',
    'author = { name = "Ada" }',
    'durability = "off"',
    '"durability" = """',
    '"""',
    "x = [",
    "]",
    "y = 2026-11-01",
    "# [author]",
    "",
]
TEXTS = st.lists(st.sampled_from(LINES), max_size=6).map("\n".join)
KEYS = st.sampled_from(["author.name", "author.email", "durability", "x", "other.name"])


def loaded(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def wanted(values: dict[str, object], key: str, value: str | None) -> dict[str, object]:
    """The parsed values with one key set or removed, empty tables left out."""
    table, _, name = key.rpartition(".")
    inner = values.get(table, {}) if table else values
    assert isinstance(inner, dict)
    changed = {other: held for other, held in inner.items() if other != name}
    changed |= {} if value is None else {name: value}
    values = values | {table: changed} if table else changed
    return {name: held for name, held in values.items() if held != {}}


@given(text=TEXTS, key=KEYS, value=st.none() | st.text(st.characters(codec="utf-8"), max_size=5))
def test_a_change_changes_one_key_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, text: str, key: str, value: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.toml"
    path.write_text(text, newline="")
    before = loaded(text)
    try:
        toml.write(str(path), key, value, durable=False)
    except UsageProblem:
        assert path.read_text() == text
    else:
        assert before is not None
        after = loaded(path.read_text())
        assert after is not None
        assert wanted(after, "", None) == wanted(before, key, value)
        kept = [line for line in text.split("\n") if line.startswith("#")]
        assert [line for line in path.read_text().split("\n") if line.startswith("#")] == kept


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("", "author.name", '[author]\nname = "Ada"\n'),
        ("", "durability", 'durability = "Ada"\n'),
        ("# mine", "author.name", '# mine\n\n[author]\nname = "Ada"\n'),
        (
            "[author]\nemail = 'a'\n\n[b]\nx = 1\n",
            "author.name",
            "[author]\nemail = 'a'\nname = \"Ada\"\n\n[b]\nx = 1\n",
        ),
        ("[author] # who\n", "author.name", '[author] # who\nname = "Ada"\n'),
        ("[author]\n  name='Bob' # him\nx = 1", "author.name", '[author]\n  name="Ada" # him\nx = 1'),
        ('author.name = "Bob"\n', "author.name", 'author.name = "Ada"\n'),
        ("[author]\n[[b]]\nname = 'b'\n", "author.name", "[author]\nname = \"Ada\"\n[[b]]\nname = 'b'\n"),
        ("x = 1\n[author]\n", "durability", 'x = 1\ndurability = "Ada"\n[author]\n'),
        ("[a]\r\nx = 1\r\n", "author.name", '[a]\r\nx = 1\r\n\r\n[author]\r\nname = "Ada"\r\n'),
        ("[author]\r\nname = 'Bob'\r\n", "author.name", '[author]\r\nname = "Ada"\r\n'),
        ("\ufeff[author]\nname = 'Bob'\n", "author.name", '[author]\nname = "Ada"\n'),
    ],
)
def test_where_a_key_is_set(tmp_path: Path, before: str, key: str, after: str) -> None:
    path = tmp_path / "new" / "config.toml"
    if before:
        path.parent.mkdir()
        path.write_bytes(before.encode())
    toml.write(str(path), key, "Ada")
    assert path.read_bytes() == after.encode()


def test_removing_a_key_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# top\n[author]\n# full\nname = 'Ada'\nemail = 'a'\n")
    toml.write(str(path), "author.name", None)
    assert path.read_text() == "# top\n[author]\n# full\nemail = 'a'\n"


@pytest.mark.parametrize(
    "text",
    [
        'author = { name = "Bob" }\n',
        'author.email = "b"\n',
        '[author]\nname = """\nBob"""\n',
        "author = 1\n",
        "[[author]]\n",
    ],
)
def test_what_cannot_be_edited_is_left_alone_and_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(UsageProblem) as caught:
        toml.write(str(path), "author.name", 'A "B"')
    assert str(path) in caught.value.message
    assert caught.value.hint == 'Edit it by hand: set author.name to "A \\"B\\"".'
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a = 1\nb ? 2\n", 2),
        (b"a = 1\n[b", 2),
        (b"a = 1\n\nb = '\xff'\n", 3),
        (b"a = 1\na = 2\n", 2),
        (b"a = " + b"[" * 50_000, 1),
        (b"a = " + b"1" * 5_000, 1),
    ],
)
def test_bad_toml_names_file_and_line(tmp_path: Path, data: bytes, line: int) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(UsageProblem) as caught:
        toml.read(str(path))
    assert caught.value.message.startswith(f"{path}, line {line}, is not TOML: ")
    assert "by hand" in caught.value.hint


def test_a_line_of_a_megabyte_is_no_trap(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(" " * 1_000_000 + "\nx = 1\n")
    toml.write(str(path), "y", "2")
    assert toml.read(str(path)) == {"x": 1, "y": "2"}


def test_a_lock_that_the_system_refuses_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    monkeypatch.setattr(fcntl, "flock", faults.failing(errno.EIO))
    with pytest.raises(SystemTrouble, match=r"cannot lock the folder of .*config\.toml: Input/output error"):
        toml.write(str(path), "gc.keep", "7")
    assert not path.exists()


def test_who_changes_another_key_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set meanwhile is not lost: it cannot be set meanwhile."""
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    path, write_atomic = str(tmp_path / "config.toml"), io.write_atomic

    def late(*arguments: Any, **options: Any) -> None:
        with pytest.raises(Refused, match="another process is changing"):
            toml.write(path, "author.name", "Grace")
        write_atomic(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(io, "write_atomic", late)
        toml.write(path, "durability", "off")
    toml.write(path, "author.name", "Grace")
    assert toml.read(path) == {"durability": "off", "author.name": "Grace"}
    assert os.listdir(tmp_path) == ["config.toml"]


def test_a_child_that_lives_on_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write_atomic = str(tmp_path / "config.toml"), io.write_atomic
    with ExitStack() as children, monkeypatch.context() as patch:

        def forking(*arguments: Any, **options: Any) -> None:
            children.enter_context(processes.forked())
            write_atomic(*arguments, **options)

        patch.setattr(io, "write_atomic", forking)
        toml.write(path, "durability", "off")
        patch.setattr(io, "write_atomic", write_atomic)
        patch.setattr(locks, "PATIENCE", 0.0)
        toml.write(path, "author.name", "Grace")
    assert toml.read(path) == {"durability": "off", "author.name": "Grace"}


def test_an_interrupt_ends_the_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"

    def pressed(fd: int, *, shared: bool) -> bool:
        faults.press()
        return True

    monkeypatch.setattr(locks, "try_lock", pressed)
    with pytest.raises(KeyboardInterrupt):
        toml.write(str(path), "gc.keep", "7")
    assert not path.exists()


def test_an_interrupt_waits_until_the_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write_atomic = str(tmp_path / "config.toml"), io.write_atomic

    def pressed(*arguments: Any, **options: Any) -> None:
        faults.press()
        write_atomic(*arguments, **options)

    monkeypatch.setattr(io, "write_atomic", pressed)
    with pytest.raises(KeyboardInterrupt), Turn():
        toml.write(path, "gc.keep", "7")
        deliver()
    monkeypatch.undo()
    assert toml.read(path) == {"gc.keep": "7"}


def test_read_gives_dotted_keys_and_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('a.b.c = true\n"x.y" = [1, [2.5]]\nday = 2026-11-01\nm = [{ t = 10:00:00 }]\n[empty]\n')
    assert toml.read(str(path)) == {
        "a.b.c": True,
        '"x.y"': (1, (2.5,)),
        "day": "2026-11-01",
        "m": ({"t": "10:00:00"},),
    }
    assert toml.read(str(tmp_path / "absent")) == {}


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with path.open("wb") as file:
        file.truncate(toml.LIMIT + 1)
    with pytest.raises(Damaged, match="bytes"):
        toml.read(str(path))


def test_bytes_that_are_no_characters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="not text"):
        toml.write(str(tmp_path / "config.toml"), "author.name", "A\udcff")
    assert list(tmp_path.iterdir()) == []


def test_what_dead_writers_left_goes(tmp_path: Path) -> None:
    """Nobody else looks there."""
    dead, alive = (tmp_path / f"{temps.MUSE_TEMP}{name}" for name in ("dead", "alive"))
    dead.touch()
    with alive.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        toml.write(str(tmp_path / "config.toml"), "a", "b")
        assert sorted(os.listdir(tmp_path)) == [alive.name, "config.toml"]

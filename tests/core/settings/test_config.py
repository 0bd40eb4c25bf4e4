"""`settings.config`: which file decides, what the cache may say, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from muse.core.base import codec
from muse.core.base.errors import Damaged, UsageProblem
from muse.core.settings import config, toml
from muse.core.settings.config import Setting, Settings


@pytest.fixture
def muse(tmp_path: Path) -> Path:
    """The `.muse` of a repository without settings."""
    folder = tmp_path / "work" / ".muse"
    folder.mkdir(parents=True)
    return folder


def write(path: Path, text: str, *, age: float = 10) -> None:
    """Write a file that looks as if it had been changed `age` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))


def user(text: str) -> Path:
    path = Path(os.environ["XDG_CONFIG_HOME"], "muse", "config.toml")
    write(path, text)
    return path


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is an hour ahead: the files of the test are old enough to be cached."""
    import time

    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 3600 * 10**9)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were parsed."""
    seen: list[str] = []
    read = toml.read

    def record(path: str) -> dict[str, Any]:
        seen.append(path)
        return read(path)

    monkeypatch.setattr(toml, "read", record)
    return seen


def load(muse: Path) -> Settings:
    return Settings.load(str(muse))


def test_the_repository_decides_before_the_user(muse: Path) -> None:
    write(muse / "config.toml", '[author]\nname = "Ada"\n[new]\nthing = [1, 2]\n')
    user('durability = "off"\n[author]\nname = "Bob"\nemail = "bob@example.org"\n')
    settings = load(muse)
    assert [settings.text(key) for key in ("author.name", "author.email", "durability")] == [
        "Ada",
        "bob@example.org",
        "off",
    ]
    assert settings.items() == [
        Setting("author.email", "bob@example.org", "user"),
        Setting("author.name", "Ada", "repository"),
        Setting("durability", "off", "user"),
        Setting("gc.days", "30", "default"),
        Setting("gc.keep", "1000", "default"),
        Setting("new.thing", (1, 2), "repository"),
        Setting("store.publish", "link", "default"),
    ]


def test_without_files_the_defaults_hold(muse: Path) -> None:
    settings = load(muse)
    assert {key: settings.text(key) for key in config.KNOWN} == {
        key: known.default for key, known in config.KNOWN.items()
    }
    assert settings.get("author.name", 7) == 7
    assert settings.source("author.name") == "default"
    assert list(muse.iterdir()) == []


def test_a_known_key_has_its_default_among_its_choices() -> None:
    assert all(known.default in known.choices for known in config.KNOWN.values() if known.choices)


def test_values_of_the_wrong_kind_are_named_when_asked_for(muse: Path) -> None:
    write(muse / "config.toml", 'durability = "fast"\nauthor.name = 3\n')
    settings = load(muse)
    for ask, key, wanted in (
        (settings.text, "durability", "full or off"),
        (settings.text, "author.name", "a text"),
    ):
        with pytest.raises(UsageProblem, match=f"{key} in the settings of the repository is .*, not {wanted}"):
            ask(key)


@pytest.mark.parametrize("base", ["", "relative"])
def test_without_a_usable_xdg_folder_the_users_file_is_below_home(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", base)
    assert config.user_file() == os.path.join(os.path.realpath(os.environ["HOME"]), ".config/muse/config.toml")


def test_the_users_file_may_be_a_link(muse: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "muse.toml"
    write(kept, 'author.name = "Ada"\n')
    link = Path(os.environ["XDG_CONFIG_HOME"], "muse", "config.toml")
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    assert load(muse).text("author.name") == "Ada"
    config.set_value(config.user_file(), "author.name", "Eve")
    assert link.is_symlink()
    assert load(muse).text("author.name") == "Eve"


@pytest.mark.usefixtures("settled")
def test_what_did_not_change_is_parsed_once(muse: Path, parses: list[str]) -> None:
    write(muse / "config.toml", 'author.name = "Ada"\nday = 2026-11-01\nlist = [1, { a = "b" }]\n')
    first = load(muse)
    assert len(parses) == 1
    assert load(muse).items() == first.items()
    assert len(parses) == 1
    user('author.email = "ada@example.org"\n')
    assert load(muse).text("author.email") == "ada@example.org"
    assert len(parses) == 3
    (muse / "config.toml").unlink()
    assert load(muse).text("author.name") == ""


@pytest.mark.usefixtures("settled")
def test_any_change_is_seen(muse: Path, parses: list[str]) -> None:
    path = muse / "config.toml"
    write(path, 'author.name = "Ada"\n')
    load(muse)
    moment = path.stat()
    path.write_text('author.name = "Eve"\n')
    os.utime(path, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    assert load(muse).text("author.name") == "Eve"
    assert len(parses) == 2


def test_a_file_that_just_changed_is_not_cached(muse: Path) -> None:
    write(muse / "config.toml", 'author.name = "Ada"\n', age=0)
    assert load(muse).text("author.name") == "Ada"
    assert not (muse / "cache").exists()


@pytest.mark.usefixtures("settled")
def test_a_damaged_cache_is_not_believed(muse: Path) -> None:
    write(muse / "config.toml", 'author.name = "Ada"\ndurability = "off"\n')
    expected = load(muse).items()
    cache = muse / "cache" / "config"
    good = cache.read_bytes()
    for at in range(len(good)):
        for data in (good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]):
            cache.write_bytes(data)
            assert load(muse).items() == expected


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("record", [None, 7, "text", [1], {}, {"version": 1, "files": [], "check": 0, "values": 1}])
def test_a_cache_of_another_shape_is_not_believed(muse: Path, record: object) -> None:
    write(muse / "config.toml", 'author.name = "Ada"\n')
    (muse / "cache").mkdir()
    (muse / "cache" / "config").write_bytes(codec.pack(record))
    assert load(muse).text("author.name") == "Ada"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("text", ["big = 99999999999999999999\n", "a = 1\n"])
def test_a_cache_that_cannot_be_written_is_no_failure(muse: Path, text: str) -> None:
    write(muse / "config.toml", text)
    if "big" not in text:
        (muse / "cache").touch()
    assert load(muse).items()
    assert not (muse / "cache" / "config").exists()


def test_a_bad_file_is_named(muse: Path) -> None:
    write(muse / "config.toml", "a = 1\nb =\n")
    with pytest.raises(UsageProblem, match=r"config\.toml, line 2, is not TOML"):
        load(muse)


def test_a_fifo_is_refused_at_once(muse: Path) -> None:
    os.mkfifo(muse / "config.toml")
    with pytest.raises(Damaged, match="not a regular file"):
        load(muse)


def test_setting_and_unsetting(muse: Path) -> None:
    path = str(muse / "config.toml")
    config.set_value(path, "author.name", "Ada\n\x7f\\")
    config.set_value(path, "durability", "off")
    assert (load(muse).text("author.name"), load(muse).text("durability")) == ("Ada\n\x7f\\", "off")
    assert config.unset_value(path, "author.name")
    assert not config.unset_value(path, "author.name")
    assert load(muse).source("author.name") == "default"


@pytest.mark.parametrize(("key", "value"), [("author.nmae", "Ada"), ("durability", "fast"), ("store.publish", "")])
def test_unknown_keys_and_choices_are_refused(muse: Path, key: str, value: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        config.set_value(str(muse / "config.toml"), key, value)
    assert key in caught.value.message
    assert caught.value.hint
    assert list(muse.iterdir()) == []


@pytest.mark.usefixtures("settled")
def test_no_parser_is_imported_when_nothing_changed(muse: Path) -> None:
    write(muse / "config.toml", 'author.name = "Ada"\n')
    load(muse)
    code = "import sys; from muse.core.settings.config import Settings; s = Settings.load(sys.argv[1]); "
    code += "assert s.text('author.name') == 'Ada'; assert 'tomllib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(muse)], check=True)


def test_a_number_with_more_digits_is_the_largest(muse: Path) -> None:
    """It was taken once, and means for ever."""
    (muse / "config.toml").write_text('[gc]\nkeep = "99999999999"\ndays = 7\n')
    settings = load(muse)
    assert (settings.number("gc.keep"), settings.number("gc.days")) == (999_999_999, 7)

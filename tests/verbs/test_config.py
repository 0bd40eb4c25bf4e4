"""`muse config`: what is in force, who says so, and that a change keeps everything else."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

import muse as api
from muse.core.base.errors import SystemTrouble
from tests.commands import muse, ok, refused


def user_file() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"], "muse", "config.toml")


def test_all_settings(repository: Path) -> None:
    assert ok("config") == (
        "author.email         default\n"
        "author.name          default\n"
        "durability     full  default\n"
        "gc.days        30    default\n"
        "gc.keep        1000  default\n"
        "store.publish  link  repository\n"
    )


@pytest.mark.parametrize("words", [("gc.keep", "7"), ("gc.keep", "--unset")])
def test_what_was_changed_and_cannot_be_read_again_is_told(
    repository: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ok("config", "gc.keep", "5")
    trouble = SystemTrouble("cannot read config.toml", "Check the disk.")
    with monkeypatch.context() as patch:
        patch.setattr("muse.verbs.config._in_force", Mock(side_effect=trouble))
        assert refused("config", *words, status=5) == "error: done, but cannot read config.toml\nCheck the disk.\n"
    assert api.config("gc.keep").settings[0].value == ("7" if words[1] == "7" else "1000")


def test_one_setting_is_set_shown_and_unset(repository: Path) -> None:
    assert ok("config", "author.name", "Grace") == "Set author.name to Grace.\n"
    assert ok("config", "author.name") == "author.name  Grace  repository\n"
    assert ok("config", "--unset", "author.name") == "author.name is back to its default.\n"
    assert ok("config", "--unset", "author.name") == "author.name was not set.\n"


def test_the_author_of_commits_comes_from_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSE_AUTHOR_NAME")
    monkeypatch.delenv("MUSE_AUTHOR_EMAIL")
    ok("config", "author.name", "Grace")
    ok("config", "author.email", "grace@example.org", "--user")
    Path("a.txt").write_text("one\n")
    ok("commit")
    assert muse("log", "--json").json[0]["author"] == {"name": "Grace", "email": "grace@example.org"}


def test_the_repository_is_asked_before_the_user(repository: Path) -> None:
    assert ok("config", "--user", "author.name", "Ada") == "Set author.name to Ada.\n"
    assert ok("config", "author.name") == "author.name  Ada  user\n"
    ok("config", "author.name", "Grace")
    assert ok("config", "author.name") == "author.name  Grace  repository\n"
    assert user_file().read_text() == '[author]\nname = "Ada"\n'


def test_the_user_can_be_told_where_there_is_no_repository(folder: Path) -> None:
    ok("config", "--user", "author.name", "Ada")
    assert ok("config", "--user", "author.name") == "author.name  Ada  user\n"
    assert os.listdir(folder) == []
    refused("config", "author.name", status=2)


@pytest.mark.parametrize("value", ["0", "7", "0" * 9, "9" * 9])
def test_what_gc_takes_can_be_set(repository: Path, value: str) -> None:
    ok("config", "gc.keep", value)
    ok("config", "gc.days", value)
    ok("gc")


def test_a_folder_in_place_of_the_users_file(repository: Path) -> None:
    """A container makes one where a file that is mounted is missing."""
    user_file().mkdir(parents=True)
    said = f"error: {user_file()} is not a regular file\nMove it away: your own settings belong there.\n"
    for words in ([], ["--user", "author.name", "Ada"], ["--user", "--unset", "author.name"]):
        assert refused("config", *words, status=2) == said
    assert refused("commit", status=2) == said
    user_file().rmdir()
    ok("config", "--user", "author.name", "Ada")


def test_where_the_current_folder_was_removed(folder: Path) -> None:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir(folder / "gone")
    for words in (["author.name"], ["--user", "author.name", "Ada"]):
        assert refused("config", *words, status=2) == "error: the current folder was removed\nGo to another one.\n"


def test_what_muse_does_not_know_is_kept(repository: Path) -> None:
    file = repository / ".muse" / "config.toml"
    file.write_text('# mine\n[future]\nidea = "keep"  # please\n')
    ok("config", "author.name", "Grace")
    assert file.read_text().startswith('# mine\n[future]\nidea = "keep"  # please\n')
    assert "future.idea    keep   repository\n" in ok("config")
    ok("config", "--unset", "future.idea")
    assert file.read_text() == '# mine\n[future]\n\n[author]\nname = "Grace"\n'


def test_json(repository: Path) -> None:
    assert muse("config", "durability", "--json").json == {
        "settings": [{"key": "durability", "value": "full", "source": "default"}]
    }
    assert muse("config", "durability", "off", "--json").json == {
        "settings": [{"key": "durability", "value": "off", "source": "repository"}]
    }


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["nope"], "there is no setting nope", "`muse config` lists them."),
        (
            ["nope", "1"],
            "there is no setting nope",
            "There are: author.name, author.email, durability, gc.keep, gc.days, store.publish.",
        ),
        (["durability", "maybe"], "durability cannot be maybe", "It can be full or off."),
        *[
            (["gc.keep", value], f"gc.keep cannot be {value}", "It can be a whole number of at most 9 digits.")
            for value in ("abc", "-5", "", "1.5", " 7", "1" * 10, "1" * 5000, "\u0661")
        ],
        (["gc.days", "-1"], "gc.days cannot be -1", "It can be a whole number of at most 9 digits."),
        (["--unset"], "no setting was named", "`muse config` lists them."),
        (
            ["--unset", "author.name", "Ada"],
            "--unset takes a setting and no value",
            "`muse config --unset author.name` is all it takes.",
        ),
    ],
)
def test_what_is_refused(repository: Path, words: list[str], message: str, hint: str) -> None:
    before = (repository / ".muse" / "config.toml").read_bytes()
    assert refused("config", *words, status=2) == f"error: {message}\n{hint}\n"
    assert (repository / ".muse" / "config.toml").read_bytes() == before


def test_from_python(repository: Path) -> None:
    result = api.config("author.name", "Grace")
    assert [tuple(one) for one in result.settings] == [("author.name", "Grace", "repository")]

"""`settings.identity`: whoever makes a commit has a name and an address."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.settings.config import Settings
from muse.core.settings.identity import author
from tests.environment import program

NOTHING = Settings({}, {})


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment that knows only where home is."""
    return {"HOME": str(tmp_path)}


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system on which the user is Ada Lovelace."""
    entry = pwd.struct_passwd(("ada", "x", 1, 1, "& Lovelace,room 1", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda number: entry)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "engine", "", "", "")))


def gitconfig(home: dict[str, str], text: str, place: str = ".gitconfig") -> None:
    path = Path(home["HOME"], place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


@pytest.mark.usefixtures("system")
def test_each_field_comes_from_the_first_who_knows_it(home: dict[str, str]) -> None:
    assert author(NOTHING, home) == ("Ada Lovelace", "ada@engine")
    gitconfig(home, "[user]\nname = Git\nemail = git@x\n")
    assert author(NOTHING, home) == ("Git", "git@x")
    user = Settings({}, {"author.email": "user@x"})
    assert author(user, home) == ("Git", "user@x")
    both = Settings({"author.name": "Repo"}, {"author.name": "User", "author.email": "user@x"})
    assert author(both, home) == ("Repo", "user@x")
    assert author(both, home | {"MUSE_AUTHOR_EMAIL": "env@x"}) == ("Repo", "env@x")
    assert author(both, home | {"MUSE_AUTHOR_NAME": "Env", "MUSE_AUTHOR_EMAIL": " \n"}) == ("Env", "user@x")


@pytest.mark.usefixtures("system")
def test_gits_own_file_in_home_beats_the_one_in_the_config_folder(home: dict[str, str]) -> None:
    gitconfig(home, "[user]\nname = Xdg\nemail = xdg@x", ".config/git/config")
    gitconfig(home, "[user]\nname = Home")
    assert author(NOTHING, home) == ("Home", "xdg@x")
    elsewhere = {"XDG_CONFIG_HOME": str(Path(home["HOME"], "other"))}
    gitconfig(home, "[user]\nname = Other\nemail = other@x", "other/git/config")
    assert author(NOTHING, home | elsewhere) == ("Home", "other@x")
    assert author(NOTHING, elsewhere) == ("Other", "other@x")


def test_without_home_and_without_a_user_there_is_still_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "")))
    assert author(NOTHING, {}) == ("unknown", "unknown@localhost")


def test_a_user_without_a_full_name_goes_by_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = pwd.struct_passwd(("ada", "x", 1, 1, ",,,", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda number: entry)
    assert author(NOTHING, {}).name == "ada"


@given(name=st.text(st.characters(), max_size=8), email=st.text("\0\n\t\x85\u2028a@\udcff", max_size=8))
def test_a_name_is_one_line_that_can_be_written(name: str, email: str) -> None:
    environ = {"MUSE_AUTHOR_NAME": name, "MUSE_AUTHOR_EMAIL": email}
    for field in author(NOTHING, environ):
        assert field
        assert field == field.strip()
        assert len(field.splitlines()) == 1
        assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in field)
        field.encode()


def test_letters_of_every_script_stay() -> None:
    name = "Łukasz 李 نیما\u200cپور 👩\u200d🔬"
    assert author(NOTHING, {"MUSE_AUTHOR_NAME": f"  {name}\r\n", "MUSE_AUTHOR_EMAIL": "a\0b"}) == (
        name,
        "a b",
    )


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("kind", ["folder", "fifo", "bytes", "large"])
def test_a_file_of_git_that_cannot_be_read_is_no_failure(home: dict[str, str], kind: str) -> None:
    path = Path(home["HOME"], ".gitconfig")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(b"[user]\nname = \xff" if kind == "bytes" else b"#" * (2 << 20))
    assert author(NOTHING, home) == ("\ufffd" if kind == "bytes" else "Ada Lovelace", "ada@engine")


@pytest.mark.usefixtures("system")
def test_a_file_of_git_may_be_a_link(home: dict[str, str]) -> None:
    gitconfig(home, "[user]\nname = Linked", "dotfiles/git")
    Path(home["HOME"], ".gitconfig").symlink_to("dotfiles/git")
    assert author(NOTHING, home).name == "Linked"


VALUES = st.lists(
    st.sampled_from(
        ["a", "B b", " ", '"x  y"', r"\"", r"\\", r"\n", r"\t", '"a;b#c"', "# no", "; no", "\\\n c", "=", "ü"]
    ),
    max_size=4,
).map("".join)
HEADS = st.sampled_from(
    ["[user]", "[USER]", " [user] # us", "[user]name = early", '[user "sub"]', "[core]", "[user.x]"]
)
KEYS = st.sampled_from(["name", "Name", "email", "nam", "  name"])
ENTRIES = st.builds("{} = {}".format, KEYS, VALUES)
CONFIGS = st.lists(HEADS | ENTRIES | st.sampled_from(["", "# x", ";[user]", "bare"]), max_size=7)


def agree(path: Path, text: str) -> None:
    """Read a file of git's with git and with muse."""
    path.write_bytes(text.encode())
    run = subprocess.run(
        [program("git"), "config", "--file", str(path), "--null", "--get-regexp", r"^user\.(name|email)$"],
        capture_output=True,
        check=False,
    )
    if run.returncode > 1:
        return  # git refuses the whole file; what muse makes of it is not promised
    theirs = {"name": "", "email": ""}
    for item in run.stdout.decode().split("\0")[:-1]:
        key, _, value = item.partition("\n")
        theirs[key.removeprefix("user.")] = " ".join(value.split())
    ours, system = author(NOTHING, {"HOME": str(path.parent)}), author(NOTHING, {})
    assert ours == (theirs["name"] or system.name, theirs["email"] or system.email)


@settings(max_examples=60, deadline=None)
@given(lines=CONFIGS, end=st.sampled_from(["\n", "\r\n"]))
def test_git_is_read_as_git_reads_it(tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str) -> None:
    agree(tmp_path_factory.getbasetemp() / ".gitconfig", end.join(["[user]", *lines, ""]).replace("\\\n", "\\" + end))


@pytest.mark.parametrize(
    "text",
    [
        '[user]\nname = a\n[user "sub"]\nname = b\n',
        "[USER]\nNAME = a\n[user.x]\nname = b\n",
        "[user]\nname = a \\\\\nemail = b\n",
        '[user]\r\nname = a \\\r\n  b ; c\r\nemail = "d;" # e\r\n',
        "[user] name = a\n# name = b\n;name = c\n[core]\nname = d",
        '[user]\nname = "a\\tb\\"c"d\\\\ \n',
        "\ufeff[user]\nname = a",
    ],
)
def test_git_is_read_as_git_reads_it_in_cases(tmp_path: Path, text: str) -> None:
    agree(tmp_path / ".gitconfig", text)

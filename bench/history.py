"""Long histories, made fast: the same commits in muse and in git, in a few minutes at most.

git reads them as a stream, so they end in one pack: git at its best. muse makes them one by one, as a script does,
without waiting for the disk. What is measured afterwards runs with the settings that everybody has.
"""

from __future__ import annotations

import os
import subprocess
from typing import IO

from bench import data
from bench.repositories import MAIN, Git, Muse, Repository

_START = 1_767_225_600  # 1 January 2026
_AUTHOR = "Ada Example <ada@example.org>"


def build(repository: Repository, files: int, commits: int) -> None:
    """Fill a new repository: a first commit of all files, and one for each later change to a single file."""
    if isinstance(repository, Muse):
        _build_muse(repository, files, commits)
    elif isinstance(repository, Git):
        _build_git(repository, files, commits)


def change(repository: Repository, files: int, number: int) -> str:
    """Save a file anew, as the commit with that number of `build` does. Returns its path."""
    at, text = data.change(number, files)
    path = os.path.join(repository.folder, data.name(at, files))
    data.write(path, text)
    return path


def _build_muse(muse: Muse, files: int, commits: int) -> None:
    from muse import commit, config
    from muse.core.repo import Repo

    paths = data.write_files(muse.folder, files)
    config("durability", "off", repo=Repo(muse.folder))
    repo = Repo(muse.folder)
    commit("commit 0", repo=repo)
    for number in range(1, commits):
        at, text = data.change(number, files)
        data.write(paths[at], text)
        commit(f"commit {number}", repo=repo)
    config("durability", unset=True, repo=Repo(muse.folder))


def _build_git(git: Git, files: int, commits: int) -> None:
    command = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(command, cwd=git.folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(commits):
            _stream_commit(process.stdin, files, number)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    git.run(["reset", "--hard", "--quiet"])


def _stream_commit(stream: IO[bytes], files: int, number: int) -> None:
    message = f"commit {number}"
    head = f"commit refs/heads/{MAIN}\ncommitter {_AUTHOR} {_START + 60 * number} +0000\n"
    stream.write(f"{head}data {len(message)}\n{message}\n".encode())
    changed = [data.change(number, files)] if number else [(at, data.text(at)) for at in range(files)]
    for at, text in changed:
        stream.write(f"M 100644 inline {data.name(at, files)}\ndata {len(text)}\n".encode() + text + b"\n")

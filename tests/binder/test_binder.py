"""What Binder would build, without Docker: its own recipe for this project, in a fresh environment.

Not covered: the image itself, the packages of its Ubuntu, the address that starts it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.environment import ROOT, project_files

pytestmark = [pytest.mark.binder, pytest.mark.slow, pytest.mark.timeout(900)]

REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
# What a notebook needs from the image's base environment, at the versions that it has there.
BASE = re.compile(r"/(ipykernel|ipython|ipywidgets|jupyter_client|nbclient|nbformat)-([\d.]+)-")
PIP = re.compile(r"^RUN \$\{KERNEL_PYTHON_PREFIX\}/bin/(pip .*)$", re.MULTILINE)


class Recipe(NamedTuple):
    """What repo2docker says of the project, and the packages that its base environment holds."""

    dockerfile: str
    base: list[str]


class Image(NamedTuple):
    """A copy of the project, and the programs of the environment made for it."""

    project: Path
    programs: Path


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; all that it said."""
    done = subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Ask repo2docker, as Binder runs it, for its recipe."""
    place = tmp_path_factory.mktemp("repo2docker")
    venv.create(place, with_pip=True)
    run(place / "bin/pip", "install", "--quiet", REPO2DOCKER)
    jovyan = ["--user-id", "1000", "--user-name", "jovyan"]
    dockerfile = run(place / "bin/python", "-m", "repo2docker", "--no-build", "--debug", *jovyan, ROOT)
    [lock] = place.rglob("environment.py-3.11-linux-64.lock")
    return Recipe(dockerfile, [f"{name}=={version}" for name, version in BASE.findall(lock.read_text())])


@pytest.fixture(scope="module")
def image(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Carry out the recipe on a copy of the project: the base environment, then the line with pip."""
    place = tmp_path_factory.mktemp("image")
    image = Image(place / "project", place / "environment/bin")
    for name in project_files():
        (image.project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, image.project / name)
    venv.create(place / "environment", with_pip=True)
    run(image.programs / "pip", "install", "--quiet", "nbval", *recipe.base)
    [pip] = PIP.findall(recipe.dockerfile)
    run("bash", "-c", f"{image.programs}/{pip}", cwd=image.project)
    return image


def test_the_recipe_is_the_one_we_mean(recipe: Recipe) -> None:
    """The right Python, the project by pip, `postBuild`, and nothing else of ours."""
    assert "Building conda environment for python=3.11" in recipe.dockerfile
    assert PIP.findall(recipe.dockerfile) == ['pip install --no-cache-dir -r "binder/requirements.txt"']
    assert "RUN ./binder/postBuild" in recipe.dockerfile
    assert len(recipe.base) == 6


def test_a_visitor_can_run_the_tutorials(image: Image, environment: dict[str, str]) -> None:
    """After `postBuild` every tutorial runs in the image's versions, and answers as it is stored."""
    visitor = environment | {
        "KERNEL_PYTHON_PREFIX": str(image.programs.parent),
        "REPO_DIR": str(image.project),
        "PATH": f"{image.programs}{os.pathsep}{os.environ['PATH']}",
    }
    run("./binder/postBuild", cwd=image.project, env=visitor)
    assert (image.project / "notebooks/.muse/HEAD").is_file()
    plain = ["-m", "pytest", "-c", os.devnull, "--rootdir", "."]
    compare = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "notebooks/sanitize.cfg"]
    run(image.programs / "python", *plain, *compare, "notebooks", cwd=image.project, env=visitor)

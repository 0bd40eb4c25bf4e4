"""What people do: few paths, so that they meet; few contents, so that they come back."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties.model import NOTEBOOKS

PATHS = ["a", "b", "d", "d/x", "d/y", "d/e/z", "n.ipynb", "d/n.ipynb"]
FOLDERS = ["", "d", "d/e"]
BRANCHES = ["main", "one", "two"]
TAGS = ["t", "u"]
MODES = ["--soft", "--mixed", "--hard"]

texts = st.tuples(st.sampled_from("ffx"), st.sampled_from([b"", b"one\n", b"two\n", b"\0\xff"]))
links = st.tuples(st.just("l"), st.sampled_from([b"a", b"d", b"../nowhere"]))
files = st.one_of(texts, texts, links)
notebooks = st.tuples(st.just("f"), st.sampled_from([data for row in NOTEBOOKS for data in row]))
forces = st.sampled_from([False, False, True])
notebook_paths = st.sampled_from([path for path in PATHS if path.endswith(".ipynb")])
file_paths = st.sampled_from([path for path in PATHS if not path.endswith(".ipynb")])
change = st.one_of(st.tuples(file_paths, files), st.tuples(file_paths, files), st.tuples(notebook_paths, notebooks))
changes = st.lists(change, min_size=1, max_size=5)

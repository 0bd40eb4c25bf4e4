"""The picture in the README: `%muse diff` in JupyterLab, on a plot and a table that changed.

`MUSE_SCREENSHOTS=docs/images make test ARGS=tests/browser/test_picture.py` takes it anew.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOAD = "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n%load_ext muse\n%muse init"
DATA = """\
rng = np.random.default_rng(7)
days = pd.date_range("2026-01-01", periods=120)
sales = pd.Series(20 + np.cumsum(rng.normal(0.1, 1, 120)), days, name="sales")"""
PLOT = """\
fig, ax = plt.subplots(figsize=(4.6, 2.6))
ax.plot(sales, color="tab:gray", lw=1)
ax.set_title("Sales a day")
fig.autofmt_xdate()
plt.show()"""
SMOOTH = """\
fig, ax = plt.subplots(figsize=(4.6, 2.6))
ax.plot(sales, color="tab:gray", lw=1)
ax.plot(sales.rolling(14).mean(), color="tab:red")
ax.set_title("Sales a day, and two weeks' mean")
fig.autofmt_xdate()
plt.show()"""
TABLE = 'sales.resample("MS").mean().round(1).to_frame()'
SHARPER = 'sales.resample("MS").mean().round(2).to_frame()'


@pytest.mark.parametrize("jupyter", ["lab"], indirect=True)
def test_a_diff_shows_sources_pictures_and_tables(open_notebook: Callable[[str, list[str]], Notebook]) -> None:
    cells = [LOAD, DATA, PLOT, TABLE, '%muse commit -m "first look"', "%muse diff"]
    notebook = open_notebook("sales/analysis.ipynb", cells)
    for number in range(1, 5):
        notebook.run_cell(number)
    notebook.save()
    notebook.run_cell(5)
    for number, source in ((3, SMOOTH), (4, SHARPER)):
        notebook.edit_cell(number, source)
        notebook.run_cell(number)
    notebook.save()
    notebook.run_cell(6)
    diff = notebook.outputs(6)
    expect(diff).to_contain_text("rolling(14)")
    expect(diff.locator("img")).to_have_count(2)
    expect(diff).to_contain_text("2026-02-01")
    notebook.screenshot("diff", notebook.cell(6))

"""Notebooks for tests, as Jupyter writes them."""

from __future__ import annotations

import json
from typing import Any


def code(source: str, *outputs: dict[str, Any], count: int | None = None, id: str | None = None) -> dict[str, Any]:
    """A code cell."""
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": list(outputs)}
    return {**cell, "source": source.splitlines(True), **({"id": id} if id else {})}


def text(source: str, id: str | None = None) -> dict[str, Any]:
    """A markdown cell."""
    cell: dict[str, Any] = {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(True)}
    return {**cell, **({"id": id} if id else {})}


def printed(words: str) -> dict[str, Any]:
    """An output: what a cell printed."""
    return {"name": "stdout", "output_type": "stream", "text": words.splitlines(True)}


def notebook(*cells: dict[str, Any], version: str = "3.11.7") -> bytes:
    """A notebook. Its cells have ids when they are given any."""
    document = {
        "cells": list(cells),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": version},
        },
        "nbformat": 4,
        "nbformat_minor": 5 if any("id" in cell for cell in cells) else 4,
    }
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"

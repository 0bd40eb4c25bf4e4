"""Results and diffs as text and HTML: pure functions to strings."""

"""Trees and commits: what a history is made of, and how it is walked."""

"""How a command begins, what it records, how it ends, and how the next one finishes it."""

"""The user's files: read without being fooled, changed without losing any."""

"""What is asked of the operating system: locks, names that must be free, temporary files, signals."""

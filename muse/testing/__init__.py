"""For tests of muse and of what is built on it: repositories to try things on, and faults to try them with."""

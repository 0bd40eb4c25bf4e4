"""The line and cell magic, and the hooks into a kernel."""

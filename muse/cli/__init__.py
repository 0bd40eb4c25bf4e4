"""The command line: the same verbs, read by `argparse`, shown as text or JSON."""

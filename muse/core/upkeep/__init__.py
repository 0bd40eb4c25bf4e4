"""What keeps a repository in order: collecting, checking, repairing."""

"""The log: what every command did, and the view that it left."""

"""The store: objects, packs and the numbered log. It never prints and never exits."""

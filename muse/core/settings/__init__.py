"""Settings, and who commits."""

"""A network as a folder of files that people write: read, checked, written, compared."""

"""Papers, rendered and read back."""

"""Papers of the warehouse as PDF: what they look like, from values to bytes."""

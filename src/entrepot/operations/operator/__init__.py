"""The operator's API: its own people, warehouses and carriers."""

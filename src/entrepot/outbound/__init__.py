"""Every request that Entrepot itself sends, with its safety checks."""

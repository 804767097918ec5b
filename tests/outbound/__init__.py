"""Requests that Entrepot itself sends: where they may go, and what comes back."""

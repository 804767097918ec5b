"""The sandbox: a clock that moves, orders that walk, an autopilot."""

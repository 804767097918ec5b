"""Measuring the program against what it claims to outdo; see docs/performance.md."""

"""The files beside the code: statements, the pgbench script, the source of the FastAPI service."""

from pathlib import Path

# A link to `benchmarks/` in a checkout, a copy of it in an installed package.
BENCHMARKS = Path(__file__).parent / "baselines"


def statements(name: str) -> str:
    """Give the statements of a file of `benchmarks/place`."""
    return (BENCHMARKS / "place" / name).read_text("utf-8")

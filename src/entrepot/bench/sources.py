"""The files beside the code: statements, the pgbench script, the source of the FastAPI service."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def benchmarks_folder() -> Path:
    """`benchmarks/` of a checkout, or its copy in an installed package."""
    installed = _PACKAGE / "benchmarks"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "benchmarks"


def statements(name: str) -> str:
    """Give the statements of a file of `benchmarks/place`."""
    return (benchmarks_folder() / "place" / name).read_text("utf-8")

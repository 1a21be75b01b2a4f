"""Entry point:  python benchmarks/quality/run.py --out FOLDER."""

import sys
from pathlib import Path

sys.path[0] = str(
    Path(__file__).resolve().parents[1]
)  # this folder is the package `quality`, whatever the caller's path

from quality.main import main  # noqa: E402  (the line above makes it importable)

if __name__ == "__main__":
    main()

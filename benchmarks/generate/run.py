"""Entry point:  python benchmarks/generate/run.py --data FILE."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # where this folder is the package `generate`

from generate.main import main  # noqa: E402  (the line above makes it importable)

if __name__ == "__main__":
    main()

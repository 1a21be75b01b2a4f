"""Entry point:  python benchmarks/masks/run.py --tokenizer FOLDER --sample 300 --seed 7."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `masks`, whatever the caller's path

from masks.main import main  # noqa: E402  (the line above makes it importable)

if __name__ == "__main__":
    main()

"""Entry point:  python benchmarks/jsonschemabench.py --data FOLDER --tokenizer FOLDER."""

import sys

from corpus.main import main

if __name__ == "__main__":
    sys.exit(main())

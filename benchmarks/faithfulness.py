"""Entry point:  python benchmarks/faithfulness.py --out FOLDER."""

from faithful.main import main

if __name__ == "__main__":
    main()

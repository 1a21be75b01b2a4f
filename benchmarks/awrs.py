"""Entry point:  python benchmarks/awrs.py --out FOLDER."""

from rejection.main import main

if __name__ == "__main__":
    main()

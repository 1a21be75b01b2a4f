"""``python -m constrain``."""

from constrain.cli.main import main

if __name__ == "__main__":
    main()

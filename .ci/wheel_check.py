"""Uses the installed wheel as a program would: run by .ci/wheel-check in an environment that holds no source."""

import sys
from importlib.metadata import requires, version
from pathlib import Path

import constrain
import constrain.grammars
from constrain import _core


def main() -> None:
    """Exit with a message at the first thing that is not as it should be."""
    home = Path(sys.prefix).resolve()
    for module in (constrain, _core, constrain.grammars):
        place = Path(str(module.__file__)).resolve()
        if home not in place.parents:
            sys.exit(f"{module.__name__} was imported from {place}, not from the wheel in {home}")
    package = Path(str(constrain.__file__)).parent
    for name in ("py.typed", "_core.pyi", "cli/main.py", "grammars/json.lark"):
        if not (package / name).is_file():
            sys.exit(f"the wheel lacks constrain/{name}")
    if version("constrain-lm") != constrain.__version__:
        sys.exit(f"the wheel says {version('constrain-lm')}, the package {constrain.__version__}")
    if not requires("constrain-lm"):
        sys.exit("the wheel declares no dependencies")

    vocabulary = constrain.Vocabulary([bytes([byte]) for byte in range(256)], [256], vocab_size=257)
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    matcher = constrain.compile_json_schema(schema, vocabulary).matcher()
    text = b'{"n": 12}'
    if not matcher.accept_bytes(text) or not matcher.is_accepting():
        sys.exit(f"the installed engine refuses {text!r} under {schema}")
    if matcher.accept_bytes(b","):
        sys.exit(f"the installed engine accepts text after a complete {text!r}")
    print(f"constrain-lm {constrain.__version__} works from {package}")


if __name__ == "__main__":
    main()

"""Does g++ read C++ texts, once what they name is declared? Mistakes of meaning do not count.

Each text has two namespaces of its own: the outer one declares what it names, the inner one holds it, so that its own
declarations hide those. Hundreds of texts are read in one run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence

from judge_cpp import STD, declarations, without_includes

__all__ = ["is_there", "refused"]

_FLAGS = ["-std=c++17", "-fsyntax-only", "-w", "-nostdinc", "-fmax-errors=0", "-fno-diagnostics-show-caret"]
_ERROR = re.compile(r"(\S+?):(?:\d+:)* (?:fatal )?error: (.*)")
_SYNTAX = re.compile(
    # of the parser (cp_parser_error and its kin)
    r"expected |multiple types in one declaration|two or more data types|a function-definition is not allowed here"
    r"|.* without a previous "
    # of the preprocessor, about tokens
    r"|stray |missing terminating|unterminated |invalid (suffix|digit)|unable to find numeric literal operator"
    r"|too many decimal points|exponent has no digits|empty character constant"
    # a name stands where its declaration has no meaning, and what follows may be passed over
    r"|.* does not name a |.* has not been declared|(?!'(begin|end)').* was not declared|.* is not a member of "
)
"""How messages begin that are about more than meanings. (A loop over what has no range asks for begin and end.)"""


def is_there() -> bool:
    """Is g++ on this machine, and GNU's?"""
    if shutil.which("g++") is None:
        return False
    return b"Free Software Foundation" in subprocess.run(["g++", "--version"], capture_output=True, check=False).stdout


def refused(texts: Sequence[str]) -> dict[int, str]:
    """The texts in which g++ finds a mistake of syntax, by number, each with the first."""
    found = _mistakes(texts)
    if not found or len(texts) == 1:
        return found
    # a brace too many spoils the texts behind it
    alone = ((number, _mistakes([text])) for number, text in enumerate(texts))
    return {number: mistakes[0] for number, mistakes in alone if mistakes}


def _mistakes(texts: Sequence[str]) -> dict[int, str]:
    unit = STD + "".join(
        f'namespace names_{number} {{ {declarations(text)}\nnamespace text_ {{\n#line 1 "{number}"\n'
        f"{without_includes(text)}\n}}}}\n"
        for number, text in enumerate(texts)
    )
    plain = {**os.environ, "LC_ALL": "C"}
    ran = subprocess.run(
        ["g++", *_FLAGS, "-x", "c++", "-"], input=unit.encode(), env=plain, capture_output=True, check=False
    )
    errors = _ERROR.findall(ran.stderr.decode())
    if bool(errors) != bool(ran.returncode):
        raise RuntimeError(f"g++ fails: {ran.stderr.decode()[:1000]}")
    found: dict[int, str] = {}
    for file, message in errors:
        if _SYNTAX.match(message):
            found.setdefault(int(file) if file.isdigit() else len(texts) - 1, message)
    return found

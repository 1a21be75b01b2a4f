"""Does Clang read a C++ text, once what it names is declared? Only mistakes of syntax count."""

from __future__ import annotations

import re
from functools import cache

from clang import cindex

__all__ = ["STD", "declarations", "judge_cpp", "without_includes"]

_FLAGS = ["-std=c++17", "-fsyntax-only", "-nostdinc", "-w", "-ferror-limit=0", "-fbracket-depth=4096"]
_TYPE = re.compile(r"\b(?:[A-Z]|[A-Z][A-Z0-9_]*[a-z]\w*)\b", re.ASCII)
_VALUE = re.compile(r"(?<!std::)\b(?:[a-z]\w*|[A-Z][A-Z0-9_]+)\b", re.ASCII)
_INCLUDE = re.compile(r"#include[ \t]*<[^>\n]*>")
_TEMPLATES = [
    "vector",
    "map",
    "unordered_map",
    "set",
    "unordered_set",
    "pair",
    "tuple",
    "optional",
    "variant",
    "deque",
    "list",
    "queue",
    "stack",
]
_VALUES = [
    "cout",
    "cerr",
    "cin",
    "endl",
    "move",
    "swap",
    "min",
    "max",
    "abs",
    "sqrt",
    "pow",
    "sort",
    "find",
    "count",
    "accumulate",
    "begin",
    "end",
    "to_string",
    "stoi",
    "getline",
    "reverse",
    "fill",
    "nullopt",
]
_KEYWORDS = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "class",
    "compl",
    "const",
    "const_cast",
    "constexpr",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    "std",
}
STD = (
    "namespace std { struct string {}; struct string_view {}; struct istream {}; struct ostream {}; "
    "struct exception {}; struct runtime_error {}; typedef unsigned long size_t; typedef long ptrdiff_t; "
    + " ".join(f"typedef int int{size}_t; typedef unsigned uint{size}_t;" for size in (8, 16, 32, 64))
    + "".join(
        f"template <class...> struct {name} {{}}; " for name in (*_TEMPLATES, "unique_ptr", "shared_ptr", "function")
    )
    + f"template <class, int> struct array {{}}; int {', '.join(_VALUES)}; }}\n"
)


def without_includes(text: str) -> str:
    """The text without its includes, which would declare things of their own."""
    return _INCLUDE.sub("", text)


def declarations(text: str) -> str:
    """Declarations of all that a text names: capitalised names as types, others as values."""
    body = without_includes(text)
    types = "".join(f"struct {name}; " for name in sorted(set(_TYPE.findall(body))))
    values = ", ".join(["value_", *sorted(set(_VALUE.findall(body)) - _KEYWORDS)])
    return f"{types}\nint {values};"


@cache
def _index() -> cindex.Index:
    return cindex.Index.create()


def judge_cpp(text: str) -> None:
    """Clang's parser says of each mistake whether it is one of syntax or of meaning."""
    declared = f"{STD}{declarations(text)}\n#line 1\n{without_includes(text)}"
    unit = _index().parse("text.cpp", args=_FLAGS, unsaved_files=[("text.cpp", declared)])
    for each in unit.diagnostics:
        about_names = each.spelling.startswith("redefinition of parameter")  # which Clang counts as syntax
        if each.severity >= cindex.Diagnostic.Error and each.category_name != "Semantic Issue" and not about_names:
            raise ValueError(f"{each.category_name}: {each.spelling}")

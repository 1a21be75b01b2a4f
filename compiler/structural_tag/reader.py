"""A tag file to formats: the JSON form that xgrammar, vLLM and SGLang share.

Source: https://xgrammar.mlc.ai/docs (structural tag). Three shapes are read: ``{"type": "structural_tag", "format":
{...}}``, a format alone, and the older ``{"structures": [{"begin", "schema", "end"}], "triggers": [...]}``. A field
that isn't known is refused, since leaving it out would change the language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.structural_tag.fields import Fields, text_at
from constrain.compiler.structural_tag.model import (
    AnyText,
    ConstString,
    Dispatch,
    EmbeddedGrammar,
    Format,
    JsonSchema,
    Or,
    Regex,
    Repeat,
    SeparatedTags,
    Sequence,
    Tag,
    TriggeredTags,
)
from constrain.errors import ConstrainError, GrammarError, LimitError, SchemaError, UnsupportedError

__all__ = ["MAXIMUM_FORMATS", "MAXIMUM_NESTING", "Reader", "read_tag_text"]

MAXIMUM_NESTING = 64
"""Formats inside formats."""

MAXIMUM_FORMATS = 20_000
"""Formats of one file."""

NOTATIONS: dict[str, Literal["lark", "gbnf", "ebnf"]] = {"ebnf": "ebnf", "gbnf": "gbnf", "lark": "lark"}


def read_tag_text(text: str | bytes) -> Any:
    """Parse the JSON text of a tag file.

    Raises:
        GrammarError: not JSON, or a key that occurs twice; with line and column.
        LimitError: nested too deeply.
    """
    try:
        return read_schema_text(text)
    except SchemaError as error:
        raise GrammarError(error.message, span=error.span, expected=error.expected) from None


class Reader:
    """Reads one file.

    Args:
        token_text: the text of a token that the file names by its id.
    """

    def __init__(self, token_text: Callable[[int, str], str]) -> None:
        self._token_text = token_text
        self._formats = 0
        self._readers: dict[str, Callable[[Fields, int], Format]] = {
            "const_string": self._const_string,
            "json_schema": self._json_schema,
            "qwen_xml_parameter": self._json_schema,
            "regex": self._regex,
            "grammar": self._grammar,
            "any_text": self._any_text,
            "any_tokens": self._any_tokens,
            "sequence": lambda fields, depth: Sequence(self._elements(fields, depth)),
            "or": lambda fields, depth: Or(self._elements(fields, depth)),
            "optional": lambda fields, depth: Repeat(self._content(fields, depth), 0, 1),
            "plus": lambda fields, depth: Repeat(self._content(fields, depth), 1, None),
            "star": lambda fields, depth: Repeat(self._content(fields, depth), 0, None),
            "repeat": self._repeat,
            "tag": self._tag,
            "triggered_tags": self._triggered_tags,
            "token_triggered_tags": self._triggered_tags,
            "tags_with_separator": self._separated_tags,
            "dispatch": self._dispatch,
            "token_dispatch": self._dispatch,
            "token": self._token,
        }

    def document(self, value: Any) -> Format:
        """The format of a whole file.

        Raises:
            GrammarError: not a tag file; with JSON pointer.
            UnsupportedError: a format or field that is not implemented.
            LimitError: too many formats, or nested too deeply.
        """
        try:
            check_nesting(value)
        except ConstrainError as error:
            raise LimitError("the tag file nests too deeply", expected=error.expected) from None
        fields = Fields(value, "", "structural tag")
        if fields.holds("structures"):
            return self._legacy(fields)
        if not fields.holds("format"):
            return self.format(value, "", 0)
        if fields.holds("type") and fields.value("type") != "structural_tag":
            found = shown(fields.value("type"))
            raise GrammarError(f"'type' is {found}", pointer="/type", expected="'structural_tag'")
        fields.finish()
        return self.format(fields.value("format"), "/format", 0)

    def format(self, value: Any, pointer: str, depth: int) -> Format:
        """One format, inside ``depth`` others."""
        self._formats += 1
        if depth > MAXIMUM_NESTING or self._formats > MAXIMUM_FORMATS:
            limit = f"formats nest more than {MAXIMUM_NESTING} deep"
            if depth <= MAXIMUM_NESTING:
                limit = f"there are more than {MAXIMUM_FORMATS} formats"
            raise LimitError(limit, pointer=pointer, expected="a smaller file; this limit is fixed")
        fields = Fields(value, pointer, "format")
        kind = fields.text("type")
        if kind == "exclude_token":
            expected = "'any_text', or a 'regex'"
            raise UnsupportedError("formats of one token are not supported", pointer=pointer, expected=expected)
        read = self._readers.get(kind)
        if read is None:
            known = ", ".join(repr(name) for name in self._readers)
            raise UnsupportedError(
                f"there is no format {shown(kind)}", pointer=fields.place("type"), expected=f"one of {known}"
            )
        found = read(fields, depth)
        fields.finish()
        return found

    def _legacy(self, fields: Fields) -> Format:
        if fields.holds("type"):
            fields.value("type")

        def structure(value: Any, pointer: str) -> Tag:
            inner = Fields(value, pointer, "structure")
            schema, place = inner.value("schema"), inner.place("schema")
            if isinstance(schema, str):
                try:
                    schema = read_schema_text(schema)
                except SchemaError as error:
                    raise SchemaError(error.message, pointer=place, expected=error.expected) from None
            content = JsonSchema(_schema(schema, place), place)
            tag = Tag(inner.text("begin", empty=False), content, (inner.text("end"),), pointer)
            inner.finish()
            return tag

        tags = fields.list("structures", structure, least=1)
        triggers = fields.list("triggers", _some_text, least=1)
        fields.finish()
        return TriggeredTags(triggers, tags, at_least_one=False, stop_after_first=False, excludes=(), pointer="")

    # -- parts of the text ---------------------------------------------------------------------------------------------

    def _const_string(self, fields: Fields, depth: int) -> Format:
        return ConstString(fields.text("value"))

    def _json_schema(self, fields: Fields, depth: int) -> Format:
        place = fields.place("json_schema")
        schema = _schema(fields.value("json_schema"), place)
        style: Literal["json", "qwen_xml"] = "qwen_xml" if fields.value("type") == "qwen_xml_parameter" else "json"
        if fields.holds("style"):
            named = fields.text("style")
            if named not in ("json", "qwen_xml"):
                raise UnsupportedError(
                    f"the style {shown(named)} is not supported",
                    pointer=fields.place("style"),
                    expected="'json' or 'qwen_xml'",
                )
            style = "qwen_xml" if named == "qwen_xml" else style
        fields.refuse("max_whitespace_cnt", "no such bound (blanks are those of the option 'whitespace')")
        return JsonSchema(schema, place, style, any_order=fields.flag("any_order"))

    def _regex(self, fields: Fields, depth: int) -> Format:
        fields.refuse("excludes", "an expression that leaves out what is not wanted")
        return Regex(fields.text("pattern"), fields.place("pattern"))

    def _grammar(self, fields: Fields, depth: int) -> Format:
        notation = fields.text("notation") if fields.holds("notation") else "ebnf"
        if notation not in NOTATIONS:
            expected = f"one of {', '.join(map(repr, NOTATIONS))}"
            raise GrammarError(f"'notation' is {shown(notation)}", pointer=fields.place("notation"), expected=expected)
        start = fields.text("start", empty=False) if fields.holds("start") else None
        return EmbeddedGrammar(fields.text("grammar"), NOTATIONS[notation], start, fields.place("grammar"))

    def _any_text(self, fields: Fields, depth: int) -> Format:
        fields.refuse("max_tokens", "'max_chars': what a text is must not depend on how it is cut into tokens")
        return AnyText(fields.list("excludes", _some_text), fields.count("max_chars"))

    def _any_tokens(self, fields: Fields, depth: int) -> Format:
        fields.refuse("max_tokens", "'any_text' with 'max_chars'")
        return AnyText(fields.list("exclude_tokens", self._one_token))

    def _token(self, fields: Fields, depth: int) -> Format:
        return ConstString(self._one_token(fields.value("token"), fields.place("token")))

    def _one_token(self, value: Any, pointer: str) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return self._token_text(value, pointer)
        return text_at(value, pointer, empty=False)

    # -- parts made of others ------------------------------------------------------------------------------------------

    def _elements(self, fields: Fields, depth: int) -> tuple[Format, ...]:
        return fields.list("elements", lambda value, pointer: self.format(value, pointer, depth + 1), least=1)

    def _content(self, fields: Fields, depth: int) -> Format:
        return self.format(fields.value("content"), fields.place("content"), depth + 1)

    def _repeat(self, fields: Fields, depth: int) -> Format:
        minimum, maximum = fields.count("min"), fields.count("max", -1)
        if minimum is None or maximum is None:
            raise GrammarError("a repeat has no 'min' or no 'max'", pointer=fields.pointer, expected="both")
        if 0 <= maximum < minimum:
            expected = f"at least {minimum}, or -1 for no bound"
            raise GrammarError(f"'max' is {maximum}", pointer=fields.place("max"), expected=expected)
        return Repeat(self._content(fields, depth), minimum, None if maximum < 0 else maximum)

    def _boundary(self, value: Any, pointer: str, *, empty: bool = True) -> str:
        """A text, or a format of one token."""
        if isinstance(value, dict):
            found = self.format(value, pointer, 0)
            if isinstance(found, ConstString):
                return found.value
            raise GrammarError("a tag begins or ends with a text", pointer=pointer, expected="a text, or a 'token'")
        return text_at(value, pointer, empty=empty)

    def _tag(self, fields: Fields, depth: int) -> Tag:
        end, place = fields.value("end"), fields.place("end")
        several = isinstance(end, list)
        ends = fields.list("end", self._boundary, least=1) if several else (self._boundary(end, place),)
        begin = self._boundary(fields.value("begin"), fields.place("begin"))
        return Tag(begin, self._content(fields, depth), ends, fields.pointer)

    def _tags(self, fields: Fields, depth: int) -> tuple[Tag, ...]:
        def tag(value: Any, pointer: str) -> Tag:
            if isinstance(value, dict) and "type" not in value:
                value = {"type": "tag", **value}
            found = self.format(value, pointer, depth + 1)
            if not isinstance(found, Tag):
                raise GrammarError("this format is no tag", pointer=pointer, expected="a format of the type 'tag'")
            return found

        return fields.list("tags", tag, least=1)

    def _triggered_tags(self, fields: Fields, depth: int) -> Format:
        by_token = fields.value("type") == "token_triggered_tags"
        one: Callable[[Any, str], str] = self._one_token if by_token else _some_text
        return TriggeredTags(
            fields.list("trigger_tokens" if by_token else "triggers", one, least=1),
            self._tags(fields, depth),
            fields.flag("at_least_one"),
            fields.flag("stop_after_first"),
            fields.list("exclude_tokens" if by_token else "excludes", one),
            fields.pointer,
        )

    def _separated_tags(self, fields: Fields, depth: int) -> Format:
        return SeparatedTags(
            self._tags(fields, depth),
            self._boundary(fields.value("separator"), fields.place("separator")),
            fields.flag("at_least_one"),
            fields.flag("stop_after_first"),
        )

    def _dispatch(self, fields: Fields, depth: int) -> Format:
        by_token = fields.value("type") == "token_dispatch"
        one: Callable[[Any, str], str] = self._one_token if by_token else _some_text

        def rule(value: Any, pointer: str) -> tuple[str, Format]:
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise GrammarError(f"{shown(value)} is no rule", pointer=pointer, expected="a text and a format")
            return one(value[0], f"{pointer}/0"), self.format(value[1], f"{pointer}/1", depth + 1)

        rules = fields.list("rules", rule, least=1)
        loop = fields.flag("loop") if fields.holds("loop") else True
        return Dispatch(rules, loop, fields.list("exclude_tokens" if by_token else "excludes", one), fields.pointer)


def _some_text(value: Any, pointer: str) -> str:
    return text_at(value, pointer, empty=False)


def _schema(value: Any, pointer: str) -> Any:
    if not isinstance(value, dict | bool):
        raise SchemaError(f"{shown(value)} is no schema", pointer=pointer, expected="a JSON object, true or false")
    return value

"""``--tags``, ``--tools`` and ``--think``: constraints in which free text and special tokens have a part.

What such a constraint means depends on the vocabulary: names of special tokens stand for the tokens there. Over single
bytes, where finished texts are judged, they are text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constrain.cli.problems import UsageProblem
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from constrain.cli.constraint import CompileOptions, Constraint
    from constrain.compiler import Grammar, Vocabulary
    from constrain.compiler.structural_tag import SchemaReading
    from constrain.compiler.tools import Message

__all__ = [
    "check_style",
    "check_thinking",
    "message_of",
    "tags_grammar",
    "thoughts_and_rest",
    "thoughts_begun",
    "tools_grammar",
    "with_thinking",
]


def check_style(style: str) -> None:
    """Refuse a style of tool calls that nobody knows, as a mistake in the arguments."""
    from constrain.compiler.tools import STYLES

    if style not in STYLES:
        raise UsageProblem(f"--tool-style cannot be {style!r}", expected=f"one of {', '.join(map(repr, STYLES))}")


def check_thinking(tag: str | None, maximum: int | None) -> None:
    """Refuse a tag that is none, and a length out of range or without a tag."""
    from constrain.compiler.thinking import MAXIMUM_LENGTH, marks_of

    if tag is None:
        raise UsageProblem("--think-max goes with --think only")
    try:
        marks_of(tag)
    except InputError as error:
        raise UsageProblem(f"--think: {error.message}", expected=error.expected) from None
    if maximum is not None and not 0 <= maximum <= MAXIMUM_LENGTH:
        raise UsageProblem(
            f"--think-max cannot be {maximum}", expected=f"a number of characters from 0 to {MAXIMUM_LENGTH:,}"
        )


def tags_grammar(
    constraint: Constraint, vocabulary: Vocabulary | None, *, as_text: bool = False, sizes: Sizes = UNBOUNDED
) -> Grammar:
    """The grammar of a tag file.

    Args:
        constraint: the file's text, and how it is read.
        vocabulary: whose tokens are meant by names and ids; None: texts alone.
        as_text: the vocabulary only tells what its ids stand for.
        sizes: bounds of what has none.
    """
    from constrain.compiler import Limits, structural_tag
    from constrain.compiler.special_tokens import token_names

    return structural_tag.build(
        constraint.text,
        reading=_reading(constraint.options, sizes),
        special=() if as_text else _special(vocabulary),
        token_names=None if vocabulary is None else token_names(vocabulary),
        limits=constraint.limits or Limits(),
    )


def tools_grammar(constraint: Constraint, vocabulary: Vocabulary | None, *, sizes: Sizes = UNBOUNDED) -> Grammar:
    """The grammar of messages that may call tools; arguments as those of :func:`tags_grammar`."""
    from constrain.compiler import Limits, tools

    options = constraint.options
    return tools.build(
        tools.read_tools(constraint.text),
        style=options.tool_style,
        choice=options.tool_choice,
        parallel=options.parallel_tool_calls,
        reading=_reading(options, sizes),
        special=_special(vocabulary),
        limits=constraint.limits or Limits(),
    )


def with_thinking(grammar: Grammar, options: CompileOptions, vocabulary: Vocabulary | None) -> Grammar:
    """A grammar with the free region before it that the options ask for, if they do."""
    if not options.think:
        return grammar
    from constrain.compiler.thinking import marks_of, thinking_before

    return thinking_before(grammar, marks_of(options.think), options.think_max, _special(vocabulary))


def thoughts_and_rest(text: str, options: CompileOptions, is_whole: Callable[[str], bool]) -> tuple[str | None, str]:
    """The thoughts in an output, if it has them, and the constrained part, which ``is_whole`` knows."""
    if not options.think:
        return None, text
    from constrain.compiler import thinking

    return thinking.thoughts_and_rest(text, thinking.marks_of(options.think), is_whole)


def thoughts_begun(prompt: str, options: CompileOptions, vocabulary: Vocabulary) -> tuple[str, bytes]:
    """The mark of thoughts that a prompt ends with, which the output need not begin with then; also in bytes.

    Args:
        prompt: its end.
        options: which marks are meant.
        vocabulary: whose tokens the marks may be.
    """
    from constrain.compiler.special_tokens import written
    from constrain.compiler.thinking import is_begun, marks_of

    if not options.think or not is_begun(prompt, marks_of(options.think)):
        return "", b""
    mark = marks_of(options.think).begin
    return mark, written(mark, _special(vocabulary))


def message_of(text: str, constraint: Constraint) -> Message | None:
    """The calls in an output, if it is one with tools.

    Raises:
        GrammarError: it cannot be read.
    """
    if constraint.kind != "tools":
        return None
    from constrain.compiler import tools

    return tools.read_message(text, tools.read_tools(constraint.text), style=constraint.options.tool_style)


def _special(vocabulary: Vocabulary | None) -> dict[str, int]:
    return {} if vocabulary is None else dict(vocabulary.special_tokens)


def _reading(options: CompileOptions, sizes: Sizes) -> SchemaReading:
    from constrain.compiler.structural_tag import SchemaReading

    return SchemaReading(
        draft=options.draft,
        formats="annotate" if options.formats == "annotate" else "assert",
        ignore_formats=options.ignore_formats,
        references=dict(options.references),
        data=dict(options.data),
        whitespace=options.whitespace,
        order="any" if options.order == "any" else "schema",
        numbers="any" if options.numbers == "any" else "plain",
        escapes="any" if options.escapes == "any" else "minimal",
        sizes=sizes,
    )

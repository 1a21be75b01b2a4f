"""Rules that no text comes of: nothing uses them, or they never end."""

from __future__ import annotations

from collections.abc import Iterator

from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.productive import productive_rules

__all__ = ["unproductive_rule", "unused"]


def unused(context: Context) -> Iterator[GrammarWarning]:
    """What the start rule does not reach."""
    defined = [
        *((each.kind, each.name, each.at) for each in context.every.unused),
        *(("rule", name, rule.at) for name, rule in context.every.rules.items() if name not in context.rules.rules),
    ]
    for kind, name, at in defined:
        yield context.warning(
            f"unused-{kind}", at, f"the {kind} {name} is never used", f"no {name}, or a use of it in a rule"
        )


def unproductive_rule(context: Context) -> Iterator[GrammarWarning]:
    """Rules without a text: each alternative leads back to such a rule, or matches nothing."""
    rules = context.rules.rules
    found = productive_rules(rules)
    for name, rule in rules.items():
        if name not in found:
            start = name == context.rules.start
            yield context.warning(
                "unsatisfiable" if start else "unproductive-rule",
                rule.at,
                f"the rule {name} never comes to an end, so that "
                + ("nothing is" if start else "no text of it is")
                + " in the language",
                f"an alternative without {name}",
                error=start,
            )

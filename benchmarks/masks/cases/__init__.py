"""Hard cases: constraints that are known to cost some engine dear, with texts whose verdicts are known.

All of them are made here, without chance and without data from elsewhere, so that every run measures the same.
"""

from __future__ import annotations

from masks.cases.batches import batch_cases
from masks.cases.case import BatchCase, Case
from masks.cases.documents import document_cases
from masks.cases.grammars import grammar_cases
from masks.cases.objects import object_cases
from masks.cases.strings import string_cases

__all__ = ["BatchCase", "Case", "batch_cases", "hard_cases"]


def hard_cases() -> list[Case]:
    """All cases of one text at a time, in the order of the report."""
    return [*string_cases(), *object_cases(), *grammar_cases(), *document_cases()]

"""Text to order: who orders what, and is it paid? The extraction that schemas are for."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from quality.tasks.task import Item
from quality.tasks.words import COLOURS, FIRST_NAMES, GOODS, LAST_NAMES, NUMBERS

__all__ = ["Orders"]

TEMPLATES = (
    "{Items} for {customer}, {paid}.",
    "{customer} orders {items}, {paid}.",
    "{Items} ordered by {customer}, {paid}.",
    "Please send {items} to {customer}: {paid}.",
    "Order of {customer}, {paid}: {items}.",
)
PAID = ("paid", "already paid", "paid by card", "paid in full")
UNPAID = ("not paid", "unpaid", "not yet paid", "payment is due")
FIELDS = ("customer", "items", "paid")
YES_OR_NO = {"yes": True, "true": True, "paid": True, "no": False, "false": False, "not paid": False, "unpaid": False}


class Orders:
    """One or two kinds of goods."""

    name = "orders"
    title = "Text to order"
    instruction = "Write down each order."
    shots = 6
    reasoning = "direct"
    reasoning_length = 0
    max_tokens = 80
    marked: tuple[str, ...] = ("exact", "fields")

    def make(self, generator: random.Random) -> Item:
        """A sentence and its order."""
        customer = f"{generator.choice(FIRST_NAMES)} {generator.choice(LAST_NAMES)}"
        in_words = generator.random() < 0.5
        things, said = [], []
        for name in generator.sample(sorted(GOODS), generator.choice((1, 2))):
            quantity = generator.randint(1, 12)
            thing = f"{generator.choice(COLOURS)} {name if quantity == 1 else GOODS[name]}"
            things.append({"name": thing, "quantity": quantity})
            said.append(f"{NUMBERS[quantity - 1] if in_words else quantity} {thing}")
        items = " and ".join(said)
        is_paid = generator.random() < 0.5
        paid = generator.choice(PAID if is_paid else UNPAID)
        question = generator.choice(TEMPLATES).format(
            customer=customer, items=items, Items=items[0].upper() + items[1:], paid=paid
        )
        return Item(question, {"customer": customer, "items": things, "paid": is_paid})

    def answer_schema(self, item: Item) -> dict[str, Any]:
        """An order."""
        thing = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 30},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 99},
            },
            "required": ["name", "quantity"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": {
                "customer": {"type": "string", "minLength": 1, "maxLength": 40},
                "items": {"type": "array", "items": thing, "minItems": 1, "maxItems": 3},
                "paid": {"type": "boolean"},
            },
            "required": list(FIELDS),
            "additionalProperties": False,
        }

    def as_text(self, gold: Any) -> str:
        """Fields by name, in the order that JSON has them."""
        things = ", ".join(f"{thing['quantity']} {thing['name']}" for thing in gold["items"])
        return f"customer: {gold['customer']}; items: {things}; paid: {'yes' if gold['paid'] else 'no'}"

    def from_text(self, text: str, item: Item) -> Any:
        """Fields by name, in any order; quantities in figures or in words, payment in several ways."""
        found: dict[str, Any] = {}
        for part in text.split(";"):
            name, _, value = part.partition(":")
            name, value = name.strip().lower(), value.strip().rstrip(".")
            if name == "items":
                found[name] = [_thing(each) for each in re.split(r",|\band\b", value) if each.strip()]
            elif name == "paid":
                found[name] = YES_OR_NO.get(value.lower())
            elif name == "customer":
                found[name] = value
        return found or None

    def marks(self, answer: Any, item: Item) -> Mapping[str, float]:
        """Field by field; neither capitals nor the order of the goods matter."""
        given = answer if isinstance(answer, dict) else {}
        right = {name: float(name in given and _plain(given[name]) == _plain(item.gold[name])) for name in FIELDS}
        fields = sum(right.values()) / len(FIELDS)
        return {**right, "fields": fields, "exact": float(fields == 1.0 and set(given) == set(FIELDS))}


def _thing(text: str) -> dict[str, Any]:
    """A quantity and the rest."""
    first, _, rest = text.strip().partition(" ")
    quantity: Any = int(first) if first.isdecimal() else None
    if first.lower() in NUMBERS:
        quantity = NUMBERS.index(first.lower()) + 1
    return {"name": rest.strip(), "quantity": quantity}


def _plain(value: Any) -> Any:
    """A value as it is compared: with its type, without capitals; a list without its order."""
    if isinstance(value, str):
        return value.strip().lower()
    if isinstance(value, list):
        return sorted(repr(_plain(each)) for each in value)
    if isinstance(value, dict):
        return sorted((key, _plain(each)) for key, each in value.items())
    return repr(value)

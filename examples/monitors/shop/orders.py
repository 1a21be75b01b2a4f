"""What is bought."""

from __future__ import annotations

from dataclasses import dataclass, field

from shop.customers import Customer


@dataclass
class Line:
    """So many pieces of one thing."""

    product: str
    cents: int
    pieces: int = 1

    @property
    def total_cents(self) -> int:
        """What they cost together."""
        return self.cents * self.pieces


@dataclass
class Order:
    """What a customer buys at once."""

    customer: Customer
    lines: list[Line] = field(default_factory=list)

    def first_line(self) -> Line:
        """What was put in first."""
        return self.lines[0]

    def total_cents(self) -> int:
        """What all of it costs."""
        return sum(line.total_cents for line in self.lines)

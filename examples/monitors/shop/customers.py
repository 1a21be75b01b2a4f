"""Who buys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Address:
    """Where somebody lives."""

    street: str
    city: str

    def label(self) -> str:
        """The address on a parcel."""
        return f"{self.street}\n{self.city}"


@dataclass
class Customer:
    """Somebody who buys."""

    name: str
    address: Address

    def moved_to(self, address: Address) -> Customer:
        """The same customer elsewhere."""
        return Customer(self.name, address)

"""Who wants something in the demo, and what they want next: no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

MOST_WAITING = 24
"""Beyond this nobody submits, so that the demo can run for hours on any machine."""
_FEW_WAITING = 4
_BURST = 4
_URGENT_SHARE = 0.15
_URGENT = 100


@dataclass(frozen=True)
class Customer:
    """Somebody whose pictures are read: the name is the concurrency key, the limit how many at once."""

    name: str
    limit: int


CUSTOMERS = (Customer("customer-1", 1), Customer("customer-2", 2), Customer("customer-3", 3))


@dataclass(frozen=True)
class Order:
    """One picture to be read."""

    customer: Customer
    priority: int

    @property
    def urgent(self) -> bool:
        """Whether it passes the others."""
        return self.priority > 0


class Appetite:
    """Decides who orders how much: customers order until much waits, then pause until little does.

    So the queue is seen to grow and to shrink.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._ordering = True

    def orders(self, waiting: int, of_customer: Mapping[str, int]) -> list[Order]:
        """Return what is ordered now, given how much waits in all and of each customer."""
        if waiting >= MOST_WAITING:
            self._ordering = False
        elif waiting <= _FEW_WAITING:
            self._ordering = True
        if not self._ordering:
            return []
        customer = self._chance.choice(CUSTOMERS)
        share = MOST_WAITING // len(CUSTOMERS) - of_customer.get(customer.name, 0)
        count = min(self._chance.randint(1, _BURST), MOST_WAITING - waiting, max(share, 0))
        return [Order(customer, self._priority()) for _ in range(count)]

    def _priority(self) -> int:
        return _URGENT if self._chance.random() < _URGENT_SHARE else 0

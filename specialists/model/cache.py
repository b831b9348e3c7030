"""Keys and values of positions already read, so that they are never computed again.

Shapes: B rows, K key/value heads, T positions, H head size.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(slots=True)
class KeyValueCache:
    """Grows as a decoder reads. A cache of one row serves any number of rows: `expand` shares
    the memory, and what the rows append lives in the copy alone."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Positions held."""
        return self.length_of(0)

    def length_of(self, layer: int) -> int:
        """Positions held of one layer, which may be ahead of those that follow it."""
        return self.keys[layer].shape[2] if layer < len(self.keys) else 0

    def append(self, layer: int, key_BKTH: Tensor, value_BKTH: Tensor) -> tuple[Tensor, Tensor]:
        """Adds new positions of one layer; returns all positions of that layer."""
        if layer == len(self.keys):
            self.keys.append(key_BKTH)
            self.values.append(value_BKTH)
        else:
            self.keys[layer] = torch.cat((self.keys[layer], key_BKTH), dim=2)
            self.values[layer] = torch.cat((self.values[layer], value_BKTH), dim=2)
        return self.keys[layer], self.values[layer]

    def expand(self, rows: int) -> "KeyValueCache":
        """A cache of `rows` rows that all begin with this one row."""
        return KeyValueCache(
            keys=[key.expand(rows, -1, -1, -1) for key in self.keys],
            values=[value.expand(rows, -1, -1, -1) for value in self.values],
        )

    def truncate(self, length: int) -> None:
        """Forgets every position from `length` on."""
        self.keys = [key[:, :, :length] for key in self.keys]
        self.values = [value[:, :, :length] for value in self.values]

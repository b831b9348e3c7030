"""What stands for a value while a pipeline is built in Python: a name, and the type that an
editor completes after the dot.

    kept = p.filter("judged", question=question, passages=found).kept

Nothing is computed here; each is the `$name.field` that a file would hold.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Any value."""

    ref: str

    def field(self, name: str) -> "Node":
        """A field whose type is not known before a row is there."""
        return Node(f"{self.ref}.{name}")


class Text(Node):
    """Text."""


class Number(Node):
    """A number."""


class Flag(Node):
    """Yes or no."""


class PathNode(Node):
    """A file or folder."""


class ListNode(Node):
    """A list of anything."""

    @property
    def count(self) -> Number:
        return Number(f"{self.ref}.count")


class Texts(ListNode):
    """A list of texts."""


class Passages(ListNode):
    """A list of passages."""


class Judged(Passages):
    """A list of passages with their verdicts."""


class Filtered(Node):
    """What a filter gives."""

    @property
    def kept(self) -> Judged:
        return Judged(f"{self.ref}.kept")

    @property
    def dropped(self) -> Judged:
        return Judged(f"{self.ref}.dropped")


class VerdictNode(Node):
    """One verdict."""

    @property
    def label(self) -> Text:
        return Text(f"{self.ref}.label")

    @property
    def positive(self) -> Flag:
        return Flag(f"{self.ref}.positive")

    @property
    def score(self) -> Number:
        return Number(f"{self.ref}.score")


class RouteNode(Node):
    """Whom a request is for."""

    @property
    def route(self) -> Text:
        return Text(f"{self.ref}.route")

    @property
    def confidence(self) -> Number:
        return Number(f"{self.ref}.confidence")

    @property
    def margin(self) -> Number:
        return Number(f"{self.ref}.margin")

    @property
    def why(self) -> Text:
        return Text(f"{self.ref}.why")

    @property
    def takes(self) -> Texts:
        return Texts(f"{self.ref}.takes")


class AnswerNode(Node):
    """An answer, or a refusal."""

    @property
    def text(self) -> Text:
        return Text(f"{self.ref}.text")

    @property
    def reason(self) -> Text:
        return Text(f"{self.ref}.reason")

    @property
    def refused(self) -> Flag:
        return Flag(f"{self.ref}.refused")

    @property
    def citations(self) -> ListNode:
        return ListNode(f"{self.ref}.citations")

    @property
    def passages(self) -> Judged:
        return Judged(f"{self.ref}.passages")

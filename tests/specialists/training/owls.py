"""Questions about owls, each with its answer and three passages beside it: a training in small."""

from specialists.corpora.relevance import QueryGroup


def owl_groups(count: int) -> list[QueryGroup]:
    return [
        QueryGroup(
            source="birds",
            name=f"birds {number}",
            query=f"How long do owls of kind {number} live?",
            positives=(
                f"An owl of kind {number} lives for {number} years. Some live much longer.",
            ),
            negatives=("Trains run daily.", f"Kind {number} is a word.", "Swans swim; owls don't."),
        )
        for number in range(count)
    ]

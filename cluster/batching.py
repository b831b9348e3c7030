"""Which waiting calls go to a worker together: pure.

A batch has one query. So the calls that ask it of other passages ride along, which costs the
worker the reading of the query only once, and a call of a thousand passages is cut into parts,
between which others have their turn.
"""

from cluster.schedule import Part, Ticket


def next_batch(
    queue: tuple[Ticket, ...], limit: int
) -> tuple[tuple[Part, ...], tuple[Ticket, ...]]:
    """The parts of the next batch, at most `limit` passages, and the queue that is left. `queue`
    must hold something, none of size 0."""
    head = queue[0]
    parts = [_part(head, limit)]
    if head.merge_key is None or head.alone:
        return tuple(parts), queue[1:]
    room = limit - (parts[0].stop - parts[0].start)
    left = []
    for ticket in queue[1:]:
        if room and ticket.merge_key == head.merge_key and not ticket.alone:
            part = _part(ticket, room)
            parts.append(part)
            room -= part.stop - part.start
        else:
            left.append(ticket)
    return tuple(parts), tuple(left)


def _part(ticket: Ticket, limit: int) -> Part:
    return Part(
        ticket=ticket, start=ticket.answered, stop=min(ticket.size, ticket.answered + limit)
    )

from random import Random

from specialists.corpora.labels import LabelRow, interleave


def stream(name: str, count: int) -> list[list[LabelRow]]:
    return [
        [LabelRow(text=f"{name} {n} {k}", label="1", group=name, source="templates") for k in "ab"]
        for n in range(count)
    ]


def test_streams_end_one_after_the_other_and_keep_their_order() -> None:
    made = {"long": stream("long", 30), "short": stream("short", 3)}
    streams = {name: iter(groups) for name, groups in made.items()}
    rows = list(interleave(streams, {"long": 1, "short": 5}, most=1_000, choice=Random(0)))
    for name, groups in made.items():
        assert [row for row in rows if row.group == name] == [r for rows in groups for r in rows]
    assert len(rows) == 66
    assert rows[0].group != rows[-1].group


def test_no_more_rows_are_made_than_asked_for() -> None:
    streams = {"long": iter(stream("long", 30))}
    assert len(list(interleave(streams, {"long": 1}, most=7, choice=Random(0)))) == 7

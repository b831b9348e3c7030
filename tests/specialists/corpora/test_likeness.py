"""Text that is like examples is found among text that is not, whatever its length."""

from specialists.corpora.cloze import Section, cloze_groups, split_sections
from specialists.corpora.likeness import most_alike

MEDICINE = (
    "Patients with hypertension received the drug, and their blood pressure fell within weeks.",
    "The drug lowered blood pressure in patients whose hypertension other drugs had not changed.",
    "In this trial the symptoms of patients were recorded before and after treatment.",
    "Treatment with the drug reduced symptoms in most patients of the trial.",
)
PLAIN = (
    "The band toured Europe and released an album that reached the charts in two countries.",
    "The station opened on the line to the coast, and trains stop there every hour.",
    "The village has a church, a school and a road to the next town on the coast.",
    "The album was recorded in a church near the village where the singer lived.",
    "The team won the league and played in front of a large crowd on the road.",
    "The town has a station where trains to the next town stop every hour.",
)


def sections() -> list[Section]:
    """Every third one is of medicine."""
    plain = [Section(document=n, title="", text=f"{PLAIN[n % 6]} Year {n}.") for n in range(60)]
    for n in range(0, 60, 3):
        text = " ".join(MEDICINE[: 1 + n % 4])
        plain[n] = Section(document=n, title="", text=f"{text} Year {n}.")
    return plain


def test_the_likest_come_in_the_order_in_which_they_stand() -> None:
    found = most_alike(sections(), MEDICINE * 5, most=20, seed=0)
    assert [section.document for section in found] == list(range(0, 60, 3))
    fewer = most_alike(sections(), MEDICINE * 5, most=5, seed=0)
    assert len(fewer) == 5
    assert {section.document % 3 for section in fewer} == {0}
    assert most_alike(sections(), MEDICINE * 5, most=5, seed=0) == fewer


def test_sections_are_as_long_as_they_are_asked_to_be_and_say_where_they_are_from() -> None:
    paragraph = " ".join(["Owls hunt at night and sleep by day."] * 5)
    documents = [f"# Owls\n\n{paragraph}\n\n{paragraph}\n\n{paragraph}" for _ in range(3)]
    long = list(split_sections(documents, words=(60, 220)))
    assert [len(section.text.split()) for section in long] == [120] * 3
    assert not list(split_sections(documents, words=(200, 220)))
    (first, *_) = cloze_groups(long, count=3, seed=0, source="birds")
    assert first.source == "birds"
    assert first.name.startswith("birds ")

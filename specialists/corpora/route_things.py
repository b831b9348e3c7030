"""The things inside one request: a question, its passage, a command, a person, as they stand in
real requests: quoted, listed, under a heading, on pages, or only spoken of.

It stands alone because the sentences around the things are language (`route_phrases.py`), and where
the things come from is reading (`route_matter.py`).
"""

from collections.abc import Sequence
from random import Random

from specialists.corpora.grammar import expand
from specialists.corpora.route_matter import Asked, Matter, Said, clip
from specialists.corpora.route_phrases import CONTENT

_NAMES = (
    *("Anna Berg", "Tom Walsh", "J. Okafor", "María Ruiz", "Li Wei", "Peter Novák", "S. Haddad"),
    *("Ines Costa", "Kofi Mensah", "Dr Patel", "Yuki Sato", "Mrs Olsen", "Emre Kaya", "O'Neill"),
)
_PEOPLE = (
    "mum",
    "my boss",
    "the team",
    "Ines",
    "Tom",
    "the landlord",
    "everybody",
    "Dr Patel",
    "her",
)
_STREETS = (
    "Elm Row",
    "Rue Haute",
    "Lindengasse",
    "High Street",
    "Via Roma",
    "Oak Avenue",
    "Kirkvei",
)
_MAIL = ("example.org", "mail.example", "firma.example", "uni.example")


class Things:
    """Fills the slots of one sentence. `{q}` and `{p}` agree: the passage was asked of, or lies
    near."""

    def __init__(self, matter: Matter, asked: Asked, choice: Random) -> None:
        self._matter, self._asked, self._choice = matter, asked, choice
        self.source = "templates"
        """Where the last real thing that was filled in comes from."""

    def fill(self, slot: str) -> str | None:
        """None for a slot that is none of ours."""
        own = getattr(self, f"_{slot}_", None)
        if own is not None:
            return str(own())
        content = CONTENT.get(slot.rstrip("2"))
        if content is not None:
            return expand(self._choice.choice(content), self.fill, self._choice)
        return None

    def _q_(self) -> str:
        return self._quoted(self._question(self._asked))

    def _q2_(self) -> str:
        if self._choice.random() < 0.5:
            return self._quoted(self._question(self._choice.choice(self._matter.asked)))
        lead = ("tell me ", "I want to know ", "do you know ", "could you say ", "", "so ")
        return self._quoted(self._choice.choice(lead) + self._question(self._asked).lower())

    def _qq_(self) -> str:
        joint = self._choice.choice((" / ", " and ", "\n", " vs ", " | ", "; ", "\n- "))
        return self._maybe(0.9, self._q_() + joint + self._q2_())

    def _bareq_(self) -> str:
        return self._question(self._asked)

    def _question(self, asked: Asked) -> str:
        self.source = asked.source
        words = asked.question.split()
        if self._choice.random() < 0.12 and len(words) > 5:
            return " ".join(word for word in words if len(word) > 3).rstrip("?")
        return asked.question

    def _passage(self) -> str:
        self.source = self._asked.source
        others = self._asked.others
        if others and self._choice.random() < 0.4:
            return clip(self._choice.choice(others), self._choice)
        return clip(self._asked.passage, self._choice)

    def _p_(self) -> str:
        lead = ("\n", "\nPassage: ", "\nText: ", " - ", " ", "\n\n", "\np: ", "\n> ", "\nSource: ")
        text = self._choice.choice(lead) + self._quoted(self._passage())
        return self._maybe(0.75, text)

    def _ps_(self) -> str:
        marks = self._choice.choice((("[{}] ", " "), ("{}. ", "\n"), ("- ", "\n"), ("({}) ", " ")))
        texts = [
            marks[0].replace("{}", str(number)) + self._passage()[:140]
            for number in range(1, self._choice.randint(2, 4) + 1)
        ]
        return self._maybe(0.5, "\n" + marks[1].join(texts))

    def _pages_(self) -> str:
        first = self._choice.randint(1, 90)
        mark = self._choice.choice(("[page {}]", "page {}:", "(p. {})", "--- {} ---", "§ {}"))
        texts = [
            f"{mark.replace('{}', str(first + number))} {self._passage()[:160]}"
            for number in range(self._choice.randint(1, 2))
        ]
        return self._maybe(0.5, "\n" + " ".join(texts))

    def _claim_(self) -> str:
        if self._choice.random() < 0.6:
            return self._quoted(self._real(self._matter.claims))
        return self._quoted(clip(self._asked.passage, self._choice)[:120])

    def _t_(self) -> str:
        """A text of any sort."""
        draw = self._choice.random()
        if draw < 0.45:
            return self._quoted(self._passage())
        if draw < 0.65:
            return self._q_()
        if draw < 0.75:
            return self._claim_()
        if draw < 0.9:
            return self._quoted(self._real(self._matter.requests))
        return self._quoted(self._cmd_())

    def _maybe_(self) -> str:
        """A text that may hold an order to the model."""
        draw = self._choice.random()
        if draw < 0.1:
            return ""
        if draw < 0.4:
            return self._t_()
        order = self.fill("order") or ""
        if draw < 0.6:
            return self._quoted(order)
        parts = [self._passage(), order]
        self._choice.shuffle(parts)
        return self._quoted(" ".join(parts))

    def _topic_(self) -> str:
        return self._real(self._matter.topics)

    def _howto_(self) -> str:
        return self._real(self._matter.howtos)

    def _cmd_(self) -> str:
        return self._real(self._matter.commands)

    def _anycmd_(self) -> str:
        kind = self._choice.choice(("cmd", "danger", "danger", "sql"))
        quote = self._choice.choice(("", "`", "`", '"', "\n"))
        return f"{quote}{self.fill(kind)}{quote if quote != chr(10) else ''}"

    def _action_(self) -> str:
        return self._real(self._matter.actions)

    def _real(self, said: Sequence[Said]) -> str:
        one = self._choice.choice(said)
        self.source = one.source
        return one.text

    def _who_(self) -> str:
        return self._choice.choice(_PEOPLE)

    def _name_(self) -> str:
        return self._choice.choice(_NAMES)

    def _street_(self) -> str:
        return self._choice.choice(_STREETS)

    def _mail_(self) -> str:
        user = self._name_().split()[-1].lower()
        return f"{user}{self._choice.choice(('', '.k', '77'))}@{self._choice.choice(_MAIL)}"

    def _phone_(self) -> str:
        form = self._choice.choice(
            ("0### ######", "+## ### ### ####", "(###) ###-####", "### ####")
        )
        return self._digits(form)

    def _card_(self) -> str:
        return self._digits("#### #### #### ####")

    def _ip_(self) -> str:
        return self._digits("10.#.##.##")

    def _n_(self) -> str:
        return str(self._choice.randint(1, 99))

    def _digits(self, form: str) -> str:
        return "".join(str(self._choice.randint(0, 9)) if sign == "#" else sign for sign in form)

    def _quoted(self, text: str) -> str:
        pair = self._choice.choice(("", "", "", '""', "“”", "''", "«»"))
        return f"{pair[0]}{text}{pair[1]}" if pair else text

    def _maybe(self, share: float, text: str) -> str:
        return text if self._choice.random() < share else ""

"""q-doccite: the sentence of some pages that answers a question, quoted with its page, or none.

Every sentence is judged alone under the question. The best that is accepted is cut out of its page
by offsets, so a quote is always the page's own letters; where none is accepted the answer is
refused.
"""

from collections.abc import Mapping

from specialists.errors import JobError
from specialists.jobs.encodable import check_encodable
from specialists.jobs.job import MAX_CHARACTERS, Inputs, Job, Result, Steps, text_input
from specialists.jobs.quotes import most_like, quotable, quotable_text
from specialists.requests import Decide

NAME = "citation"
MOST_PAGES = 2_000
MOST_SENTENCES = 200
_KEYS = ("refused", "reason", "quote", "page", "start", "end", "text")


def run(inputs: Inputs) -> Steps:
    question = text_input(inputs, "question", job=NAME)
    pages = _read_pages(inputs.get("pages"))
    found = list(quotable(pages))
    if not found:
        return _refusal("the pages hold no sentence")
    sentences = most_like(question, found, most=MOST_SENTENCES)
    looked = f"{len(sentences):,}"
    if len(sentences) < len(found):
        looked += f" (of {len(found):,}, those with most words of the question)"
    passages = tuple(quotable_text(one) for one in sentences)
    verdicts = (yield Decide(query=question, passages=passages)).verdicts
    best = max(range(len(sentences)), key=lambda place: verdicts[place].score)
    accepted = [place for place, verdict in enumerate(verdicts) if verdict.positive]
    if not accepted:
        score = verdicts[best].score
        if len(found) == 1:
            return _refusal(f"the only sentence does not say it; it scored {score:.2f}")
        return _refusal(f"none of {looked} sentences says it; the best scored {score:.2f}")
    chosen = max(accepted, key=lambda place: verdicts[place].score)
    one = sentences[chosen]
    quote = pages[one.page - 1][one.start : one.end]
    return {
        "refused": False,
        "reason": f"the best of {looked} sentences scored {verdicts[chosen].score:.2f}",
        "quote": quote,
        "page": one.page,
        "start": one.start,
        "end": one.end,
        "text": _with_page(quote, one.page),
    }


def check_citation(inputs: Inputs, result: Result) -> tuple[str, ...]:
    """What is wrong with a result of this job on these inputs; nothing when it is well formed and
    its quote stands on the page, at the place, that it names."""
    if tuple(result) != _KEYS:
        return (f"the keys are {tuple(map(str, result))}",)
    if not isinstance(result["refused"], bool) or not result["reason"]:
        return ("refused must be true or false, with a reason",)
    if result["refused"]:
        return () if result == _refusal(result["reason"]) else ("a refusal quotes nothing",)
    page, start, end = result["page"], result["start"], result["end"]
    if any(type(one) is not int for one in (page, start, end)):
        return ("page, start and end must be whole numbers",)
    pages = inputs["pages"]
    if not (1 <= page <= len(pages) and 0 <= start < end <= len(pages[page - 1])):
        return ("there is no such place",)
    quote = pages[page - 1][start:end]
    if result["quote"] != quote or not quote.strip():
        return ("the quote does not stand there",)
    return () if result["text"] == _with_page(quote, page) else ("the text is not the quote",)


def _read_pages(value: object) -> list[str]:
    if isinstance(value, str | Mapping) or not isinstance(value, list | tuple):
        raise JobError(f"{NAME}: pages must be a list of texts, one for each page")
    if not 0 < len(value) <= MOST_PAGES:
        raise JobError(f"{NAME}: pages holds {len(value):,} pages; give 1 to {MOST_PAGES:,}")
    pages: list[str] = []
    for number, page in enumerate(value, start=1):
        if not isinstance(page, str):
            raise JobError(f"{NAME}: page {number} must be a text, not {type(page).__name__}")
        check_encodable(page, f"{NAME}: page {number}")
        pages.append(page)
    total = sum(map(len, pages))
    if total > MAX_CHARACTERS:
        raise JobError(
            f"{NAME}: the pages have {total:,} characters; {MAX_CHARACTERS:,} at most are read, "
            "so ask of fewer pages"
        )
    return pages


def _refusal(reason: str) -> Result:
    return {
        "refused": True,
        "reason": reason,
        "quote": "",
        "page": None,
        "start": None,
        "end": None,
        "text": "",
    }


def _with_page(quote: str, page: int) -> str:
    return f"{' '.join(quote.split())} [page {page}]"


JOB = Job(
    name=NAME,
    summary="Quote the sentence that answers a question, with its page, or refuse.",
    inputs={
        "question": "what to answer",
        "pages": 'the pages to answer from, a list of texts: ["first page", "second page"]',
    },
    main="question",
    run=run,
)

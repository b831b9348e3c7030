"""Everything needed to train a shipped checkpoint again, one function each.

A recipe is values alone: shapes, data, weights, steps, rates, seeds. A variant calls its parent
and changes a few fields. The `*_run.py` files carry recipes out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import ascii_uppercase
from typing import Protocol

from specialists.contract import (
    POCKET_CITATION,
    POCKET_DOMAIN,
    POCKET_DUPLICATE,
    POCKET_GROUNDING,
    POCKET_TOOL_CALL,
)
from specialists.corpora import (
    citation_rows,
    command_safety_rows,
    domain_rows,
    duplicate_rows,
    grounding_rows,
    injection_rows,
    personal_data_rows,
    route_rows,
    tool_call_rows,
)
from specialists.corpora.labels import LabelRow
from specialists.model.config import DecoderConfig
from specialists.prompts import POCKET_RELEVANCE, Contract
from specialists.training.optimizer import FALL


class MakeRows(Protocol):
    """A generator of `specialists.corpora`: the same rows for the same seed, on every machine."""

    def __call__(self, data: Path, *, seed: int, most: int) -> Iterator[LabelRow]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseRecipe:
    """Tokenizer, counted embeddings and next-token training of a base.

    Shares say how much of each text file is used, by its name up to the first dot.
    """

    name: str
    decoder: DecoderConfig
    tokenizer_shares: Mapping[str, float]
    text_shares: Mapping[str, float]
    steps: int
    rows: int
    length: int
    learning_rate: float
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A stretch of the curriculum, up to the share `until` of all steps: prompts up to
    `max_length` tokens, `token_budget` a step, `cut_share` of the queries cut out of passages on
    the spot."""

    until: float
    max_length: int
    token_budget: int
    cut_share: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """Queries are cut out of the `most` sections of the text files `shares`, of which so much is
    looked at, that are most like the right passages of the pair files `examples`."""

    examples: tuple[str, ...]
    shares: Mapping[str, float]
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceRecipe:
    """Training of a relevance specialist on a base.

    `pair_groups` caps the query groups of each pair file, `weights` says how often a source is
    drawn (1 where it is not named), `cloze_shares` and `cloze_groups` make queries out of text.
    `forge_shares` and `forge_groups` say what the near-miss forge makes, `science` out of which
    text more queries are cut. In `match_layers` two heads are shown which words query and passage
    share. Without `base_blocks` only the embeddings come from the base. A recipe `after` another
    goes on from its weights, with `n_layer` blocks where that is more; `matcher_steps` train the
    matcher whose coverage it is shown besides, and `teacher_groups` says of how many groups of each
    source it is told what a sentence encoder makes of them. With `vector_steps` the encoder teaches
    the matcher, and so much of its vectors as `taught_share` says is mixed into the embeddings, and
    `reworded_share` of the queries are said in words that they find near. Otherwise the embeddings
    stay the base's: ten siblings then share them, and words that the rows never show keep their
    place among their neighbours. So much of the weights that it began with as `kept_share` says is
    kept in the end.
    """

    name: str
    base: str
    contract: Contract
    pair_groups: Mapping[str, int]
    cloze_shares: Mapping[str, float]
    cloze_groups: int
    weights: Mapping[str, float]
    phases: tuple[Phase, ...]
    steps: int
    learning_rate: float
    fall: float = FALL
    match_layers: tuple[int, ...] = (1, 2)
    base_blocks: bool = True
    negatives: int = 3
    seed: int = 0
    after: "RelevanceRecipe | None" = None
    n_layer: int | None = None
    forge_shares: Mapping[str, float] = field(default_factory=dict)
    forge_groups: int = 0
    science: Likeness | None = None
    matcher_steps: int = 0
    matcher_weights: Mapping[str, float] = field(default_factory=dict)
    teacher_groups: Mapping[str, int] = field(default_factory=dict)
    vector_steps: int = 0
    taught_share: float = 0.0
    reworded_share: float = 0.0
    kept_share: float = 0.0

    def phase_at(self, step: int, *, steps: int) -> Phase:
        """The phase of `step` in a run of `steps`."""
        return next(phase for phase in self.phases if step < phase.until * steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class DistilledRecipe:
    """The long stretch of q-rag, for a GPU if there is one, after the recipe `after` and on its
    rows.

    The model is made larger first: `n_layer` blocks whose feed-forward parts are `d_ff` wide. A
    step reads `token_budget` tokens in prompts of up to `max_length`. Sources are drawn by
    `weights`; `unlabelled_share` of the rows ask one of so many `sentences` about what the encoder
    finds near it; `joined_share` have passages made long out of several; `soft_share` of what is
    wanted of a verdict is what the encoder's cosine is worth.
    """

    name: str
    base: str
    contract: Contract
    after: RelevanceRecipe
    n_layer: int
    d_ff: int
    weights: Mapping[str, float]
    steps: int
    token_budget: int
    max_length: int
    learning_rate: float
    sentences: int
    unlabelled_share: float
    joined_share: float
    soft_share: float
    fall: float
    measure_every: int = 200
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SharpenedRecipe:
    """The last stretch of q-rag, on a CPU, after the recipe `after` and on its rows.

    Of each source up to `groups` queries, or as many as `more_groups` says, are asked beside the
    nearest passages of the source; in the sources `sure` those are wrong beyond doubt. Sources are
    drawn nearly evenly, times `weights`. Of `company_share` of the queries all passages stand among
    parts of others; beside `turned_share` of those `asked_by_people` the same is asked of something
    else. A step reads `token_budget` tokens in prompts of up to `max_length`.

    The rate falls to nothing at each of the steps `ends`; what ships is the mean of the weights
    there.
    """

    name: str
    after: DistilledRecipe
    groups: int
    more_groups: Mapping[str, int]
    sure: Collection[str]
    weights: Mapping[str, float]
    asked_by_people: Collection[str]
    company_share: float
    turned_share: float
    ends: tuple[int, ...]
    token_budget: int
    max_length: int
    learning_rate: float
    rise: int
    fall: float
    measure_every: int = 100
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRecipe:
    """Training of a specialist that labels texts, from the weights of the sibling `start`.

    A contract with an echo is trained with the helpers of q-rag, in `match_layers`. `make_rows` is
    given the data folder and draws at most `rows` rows. Prompts longer than
    `max_length` tokens are left out; a step reads `token_budget` tokens.
    """

    name: str
    task: str
    start: str
    contract: Contract
    make_rows: MakeRows
    rows: int = 80_000
    steps: int = 320
    token_budget: int = 8_000
    max_length: int = 256
    learning_rate: float = 6e-4
    match_layers: tuple[int, ...] = (1, 2)
    seed: int = 0


def pocket_base() -> BaseRecipe:
    """About 6.8M parameters, of which 4.2M are embeddings; two cores for part of an hour."""
    return BaseRecipe(
        name="base",
        decoder=DecoderConfig(
            vocab_size=16_384,
            n_layer=4,
            d_model=256,
            n_head=4,
            n_kv_head=2,
            d_ff=512,
            max_seq_len=1_024,
            n_predict=4,
            n_decision=2,
            embedding_scale=16.0,
        ),
        tokenizer_shares={
            "wikipedia_core": 0.12,
            "debian_docs": 0.10,
            "debian_package_descriptions": 0.3,
            "linux_howtos": 0.2,
            "standard_ebooks": 0.15,
            "tech_docs_markdown": 0.3,
            "wikipedia_recent": 0.25,
            "wikipedia_misc": 0.6,
            "wikipedia_vital_summaries": 1.0,
            "world_factbook": 0.3,
            "tldr_pages": 0.2,
            "us_presidential_speeches": 0.3,
        },
        text_shares={
            "wikipedia_core": 0.30,
            "debian_docs": 0.25,
            "debian_package_descriptions": 1.0,
            "linux_howtos": 0.5,
            "standard_ebooks": 0.2,
            "tech_docs_markdown": 0.8,
            "wikipedia_recent": 0.6,
            "wikipedia_misc": 1.0,
            "wikipedia_vital_summaries": 1.0,
            "world_factbook": 1.0,
            "tldr_pages": 1.0,
            "us_presidential_speeches": 0.3,
        },
        steps=600,
        rows=48,
        length=196,
        learning_rate=1.5e-3,
    )


def full_base() -> BaseRecipe:
    """The published 50M shape with the same data and steps in larger batches, for a GPU."""
    pocket = pocket_base()
    everything = dict.fromkeys(pocket.text_shares, 1.0)
    return replace(
        pocket,
        name="base-50m",
        decoder=DecoderConfig(vocab_size=32_000, embedding_scale=22.627417),
        text_shares=everything,
        steps=2_000,
        rows=512,
        length=516,
        learning_rate=8e-4,
    )


def pocket_q_rag_words() -> RelevanceRecipe:
    """What q-rag begins with: to find the words of one text in another. Short prompts first, long
    ones at the end."""
    return RelevanceRecipe(
        name="q-rag-words",
        base="base",
        contract=POCKET_RELEVANCE,
        pair_groups={
            "medquad": 14_000,
            "squadshifts_wiki": 8_000,
            "selqa": 3_000,
            "nq_open_oracle": 2_700,
            "nq_qed": 1_400,
            "quoref_drop_contrast": 1_700,
            "xquad_en": 1_200,
            "pubmedqa": 1_000,
            "nomiracl_en_nonrel": 250,
            "hotpotqa": 230,
            "ares_nq": 2_000,
            "ares_hotpotqa": 2_000,
            "ares_fever": 2_000,
            "ares_wow": 2_000,
            "neural_bridge_rag": 230,
            "scitldr": 8_000,
            "wikipedia_sections": 25_000,
            "wordnet_definitions": 6_000,
            "debian_descriptions": 6_000,
            "debian_docs_headings": 8_000,
            "tldr_pages": 5_000,
            "linux_howto_headings": 5_000,
            "md_docs_headings": 5_000,
            "wikipedia_vital": 8_000,
            "world_factbook": 3_000,
            "js_interview_faq": 880,
        },
        cloze_shares={
            "wikipedia_core": 0.35,
            "debian_docs": 0.10,
            "wikipedia_recent": 0.4,
            "tech_docs_markdown": 0.3,
            "linux_howtos": 0.15,
        },
        cloze_groups=80_000,
        weights={
            "medquad": 2.0,
            "squadshifts_wiki": 3.0,
            "scitldr": 3.0,
            "pubmedqa": 4.0,
            "cloze": 1.5,
            "wordnet_definitions": 0.3,
            "debian_docs_headings": 0.5,
            "debian_descriptions": 0.7,
            "tldr_pages": 0.5,
            "linux_howto_headings": 0.5,
            "md_docs_headings": 0.5,
            "world_factbook": 0.3,
            "wikipedia_vital": 0.7,
            "forge": 0.0,
            "science": 0.0,
        },
        phases=(
            Phase(until=0.05, max_length=64, token_budget=6_000, cut_share=1.0),
            Phase(until=0.10, max_length=96, token_budget=8_000, cut_share=0.1),
            Phase(until=0.45, max_length=224, token_budget=12_000),
            Phase(until=1.00, max_length=384, token_budget=14_000),
        ),
        steps=4_900,
        learning_rate=1e-3,
        base_blocks=False,
    )


def pocket_q_rag_cover() -> RelevanceRecipe:
    """What q-rag goes on from: two blocks more, near-misses from the forge, what people really
    asked far more often, and shown how much of the query a passage covers."""
    words = pocket_q_rag_words()
    return replace(
        words,
        name="q-rag-cover",
        after=words,
        n_layer=6,
        weights={
            "medquad": 0.3,
            "squadshifts_wiki": 1.5,
            "selqa": 3.0,
            "nq_open_oracle": 2.5,
            "nq_qed": 2.5,
            "quoref_drop_contrast": 2.5,
            "xquad_en": 2.5,
            "pubmedqa": 3.0,
            "nomiracl_en_nonrel": 2.0,
            "hotpotqa": 3.0,
            "neural_bridge_rag": 3.0,
            "scitldr": 1.5,
            "wikipedia_sections": 0.2,
            "wordnet_definitions": 0.2,
            "debian_descriptions": 0.15,
            "debian_docs_headings": 0.15,
            "tldr_pages": 0.2,
            "linux_howto_headings": 0.15,
            "md_docs_headings": 0.15,
            "wikipedia_vital": 0.2,
            "world_factbook": 0.1,
            "cloze": 0.15,
            "forge": 0.3,
            "science": 0.0,
        },
        forge_shares={
            "wikipedia_core": 0.12,
            "debian_docs": 0.05,
            "wikipedia_recent": 0.15,
            "tech_docs_markdown": 0.15,
            "linux_howtos": 0.05,
            "wikipedia_vital_summaries": 0.5,
        },
        forge_groups=50_000,
        science=Likeness(
            examples=("pubmedqa", "medquad", "scitldr"),
            shares={
                "wikipedia_core": 1.0,
                "wikipedia_vital_summaries": 1.0,
                "wikipedia_misc": 1.0,
                "wikipedia_recent": 1.0,
            },
            most=30_000,
        ),
        matcher_steps=900,
        matcher_weights={**words.weights, "cloze": 3.0, "wordnet_definitions": 1.0},
        phases=(
            Phase(until=0.50, max_length=256, token_budget=12_000),
            Phase(until=1.00, max_length=384, token_budget=12_000),
        ),
        steps=3_400,
        learning_rate=8e-4,
        fall=0.6,
        seed=1,
    )


def pocket_q_rag_taught() -> RelevanceRecipe:
    """What q-rag goes on from: told besides how near a sentence encoder finds each sentence of a
    passage to the query, on what people asked and on queries cut and forged out of text."""
    cover = pocket_q_rag_cover()
    return replace(
        cover,
        name="q-rag-taught",
        after=cover,
        weights={
            **cover.weights,
            "medquad": 0.5,
            "wikipedia_sections": 0.25,
            "cloze": 0.25,
            "forge": 0.3,
        },
        teacher_groups={
            **{
                name: cover.pair_groups[name]
                for name in (
                    "medquad",
                    "squadshifts_wiki",
                    "selqa",
                    "nq_open_oracle",
                    "nq_qed",
                    "quoref_drop_contrast",
                    "xquad_en",
                    "pubmedqa",
                    "nomiracl_en_nonrel",
                    "hotpotqa",
                    "ares_nq",
                    "ares_hotpotqa",
                    "ares_fever",
                    "ares_wow",
                    "neural_bridge_rag",
                    "scitldr",
                )
            },
            "wikipedia_sections": 14_000,
            "wikipedia_vital": 8_000,
            "debian_docs_headings": 1_000,
            "md_docs_headings": 1_000,
            "cloze": 26_000,
            "forge": 12_000,
            "science": 30_000,
        },
        phases=(Phase(until=1.00, max_length=384, token_budget=24_000),),
        steps=2_700,
        learning_rate=6e-4,
        fall=0.9,
        seed=2,
        kept_share=0.25,
    )


def pocket_q_rag_vectors() -> RelevanceRecipe:
    """What q-rag goes on from: with embeddings of its own, most of them taught by the encoder, and
    more often asked about passages that are seldom seen."""
    taught = pocket_q_rag_taught()
    return replace(
        taught,
        name="q-rag-vectors",
        after=taught,
        weights={
            **taught.weights,
            "squadshifts_wiki": 1.0,
            "pubmedqa": 4.0,
            "wikipedia_sections": 0.4,
            "wikipedia_vital": 0.4,
            "cloze": 0.5,
            "forge": 0.25,
        },
        vector_steps=800,
        taught_share=0.65,
        reworded_share=0.25,
        steps=3_600,
        learning_rate=7e-4,
        seed=3,
        kept_share=0.0,
    )


def pocket_q_rag() -> SharpenedRecipe:
    """Relevance, 1 or 0: the nearest passages of a query's own source among the wrong ones, both
    kinds of error counting the same, and near-misses of what people asked."""
    return SharpenedRecipe(
        name="q-rag",
        after=pocket_q_rag_distilled(),
        groups=3_000,
        more_groups={"science": 6_000, "scitldr": 6_000},
        sure=(
            "scitldr",
            "pubmedqa",
            "science",
            "cloze",
            "forge",
            "debian_descriptions",
            "world_factbook",
            "wikipedia_vital",
            "wordnet_definitions",
            "neural_bridge_rag",
        ),
        weights={
            "wordnet_definitions": 0.3,
            "wikipedia_vital": 0.5,
            "wikipedia_sections": 0.7,
            "cloze": 1.2,
            "science": 1.5,
            "scitldr": 1.5,
            "forge": 1.5,
        },
        asked_by_people=(
            "medquad",
            "squadshifts_wiki",
            "selqa",
            "nq_open_oracle",
            "nq_qed",
            "xquad_en",
            "pubmedqa",
            "hotpotqa",
            "ares_nq",
            "ares_hotpotqa",
            "ares_fever",
            "ares_wow",
            "neural_bridge_rag",
        ),
        company_share=0.3,
        turned_share=0.4,
        ends=(460, 1_200),
        token_budget=12_000,
        max_length=384,
        learning_rate=2e-4,
        rise=20,
        fall=0.6,
        seed=11,
    )


def pocket_q_rag_distilled() -> DistilledRecipe:
    """What q-rag goes on from: made larger, and shown far more: what the encoder finds near of all
    that there is, more of science, and longer passages."""
    vectors = pocket_q_rag_vectors()
    return DistilledRecipe(
        name="q-rag-distilled",
        base=vectors.base,
        contract=vectors.contract,
        after=vectors,
        n_layer=8,
        d_ff=1_024,
        weights={
            **vectors.weights,
            "medquad": 0.5,
            "squadshifts_wiki": 1.0,
            "scitldr": 2.0,
            "pubmedqa": 5.0,
            "ares_nq": 1.0,
            "ares_hotpotqa": 1.0,
            "ares_fever": 1.5,
            "ares_wow": 0.7,
            "wikipedia_sections": 0.4,
            "wikipedia_vital": 0.4,
            "cloze": 0.4,
            "forge": 0.4,
            "science": 1.0,
        },
        steps=9_500,
        token_budget=131_072,
        max_length=640,
        learning_rate=1.2e-3,
        sentences=300_000,
        unlabelled_share=0.3,
        joined_share=0.2,
        soft_share=0.25,
        fall=0.6,
        seed=4,
    )


def _full(
    pocket: RelevanceRecipe, *, after: RelevanceRecipe | None, learning_rate: float
) -> RelevanceRecipe:
    """The same stretch on the 50M base, which is deep enough as it is."""
    return replace(
        pocket,
        name=pocket.name.replace("q-rag", "q-rag-50m"),
        base="base-50m",
        after=after,
        n_layer=None,
        learning_rate=learning_rate,
        match_layers=(4, 7),
    )


def full_q_rag_words() -> RelevanceRecipe:
    """The same rows and curriculum."""
    return _full(pocket_q_rag_words(), after=None, learning_rate=3e-4)


def full_q_rag_cover() -> RelevanceRecipe:
    """The same second stretch."""
    return _full(pocket_q_rag_cover(), after=full_q_rag_words(), learning_rate=3e-4)


def full_q_rag_taught() -> RelevanceRecipe:
    """The same third stretch."""
    return _full(pocket_q_rag_taught(), after=full_q_rag_cover(), learning_rate=2e-4)


def full_q_rag_vectors() -> RelevanceRecipe:
    """The same fourth stretch."""
    return _full(pocket_q_rag_vectors(), after=full_q_rag_taught(), learning_rate=2e-4)


def full_q_rag() -> SharpenedRecipe:
    """The same last stretch."""
    return replace(
        pocket_q_rag(), name="q-rag-50m", after=full_q_rag_distilled(), learning_rate=1e-4
    )


def full_q_rag_distilled() -> DistilledRecipe:
    """The same fifth stretch; the published shape is not made larger."""
    after = full_q_rag_vectors()
    shape = full_base().decoder
    return replace(
        pocket_q_rag_distilled(),
        name="q-rag-50m-distilled",
        base=after.base,
        contract=after.contract,
        after=after,
        n_layer=shape.n_layer,
        d_ff=shape.d_ff,
        learning_rate=3e-4,
    )


def pocket_q_cmdsafe() -> LabelRecipe:
    """Allow, confirm or refuse a command, by the reason that decides."""
    return LabelRecipe(
        name="q-cmdsafe",
        task="classification",
        start="base",
        contract=command_safety_rows.CONTRACT,
        make_rows=command_safety_rows.make_rows,
        rows=100_000,
    )


def pocket_q_inject() -> LabelRecipe:
    """Does a text try to instruct the model that reads it?"""
    return LabelRecipe(
        name="q-inject",
        task="classification",
        start="base",
        contract=injection_rows.CONTRACT,
        make_rows=injection_rows.make_rows,
        rows=60_000,
    )


def pocket_q_pii() -> LabelRecipe:
    """Which kinds of personal data a text holds: one yes or no for each kind."""
    return LabelRecipe(
        name="q-pii",
        task="classification",
        start="base",
        contract=personal_data_rows.CONTRACT,
        make_rows=personal_data_rows.make_rows,
        rows=90_000,
    )


def pocket_q_domain() -> LabelRecipe:
    """Which of ten domains a text is about."""
    return LabelRecipe(
        name="q-domain",
        task="classification",
        start="base",
        contract=POCKET_DOMAIN,
        make_rows=domain_rows.make_rows,
    )


def pocket_q_dup() -> LabelRecipe:
    """Whether two questions ask the same."""
    return LabelRecipe(
        name="q-dup",
        task="classification",
        start="q-rag-words",
        contract=POCKET_DUPLICATE,
        make_rows=duplicate_rows.make_rows,
        steps=400,
    )


def pocket_q_ground() -> LabelRecipe:
    """Whether a passage supports a statement, contradicts it or leaves it open. It begins with
    q-rag-vectors and its embeddings."""
    return LabelRecipe(
        name="q-ground",
        task="classification",
        start="q-rag-vectors",
        contract=POCKET_GROUNDING,
        make_rows=grounding_rows.make_rows,
        rows=60_000,
        steps=480,
    )


def pocket_q_toolcall() -> LabelRecipe:
    """One call of an allowed tool: tools and values judged under the request."""
    return LabelRecipe(
        name="q-toolcall",
        task="extraction",
        start="q-rag-words",
        contract=POCKET_TOOL_CALL,
        make_rows=tool_call_rows.make_rows,
        steps=700,
        learning_rate=1e-3,
    )


def pocket_q_doccite() -> LabelRecipe:
    """The sentence that answers, or none: sentences judged under the question."""
    return LabelRecipe(
        name="q-doccite",
        task="extraction",
        start="q-rag-words",
        contract=POCKET_CITATION,
        make_rows=citation_rows.make_rows,
        steps=480,
    )


def pocket_q_route() -> LabelRecipe:
    """Which specialist a request is for, or none; read off the decision head."""
    return LabelRecipe(
        name="q-route",
        task="routing",
        start="base",
        contract=Contract(
            head="T:",
            tail="\nA:",
            labels=tuple(ascii_uppercase[: len(route_rows.ROUTES)]),
            meanings=route_rows.ROUTES,
            positive="A",
            job="routing",
            reading="joined",
            max_tokens=256,
            max_query_tokens=1,
        ),
        make_rows=route_rows.make_rows,
        rows=60_000,
        steps=420,
        token_budget=8_000,
        max_length=160,
        learning_rate=8e-4,
    )


BASES: Mapping[str, Callable[[], BaseRecipe]] = {"pocket": pocket_base, "50m": full_base}
RELEVANCE: Mapping[str, Mapping[str, Callable[[], RelevanceRecipe]]] = {
    "pocket": {
        "q-rag-words": pocket_q_rag_words,
        "q-rag-cover": pocket_q_rag_cover,
        "q-rag-taught": pocket_q_rag_taught,
        "q-rag-vectors": pocket_q_rag_vectors,
    },
    "50m": {
        "q-rag-words": full_q_rag_words,
        "q-rag-cover": full_q_rag_cover,
        "q-rag-taught": full_q_rag_taught,
        "q-rag-vectors": full_q_rag_vectors,
    },
}
"""By tier, then by name: what q-rag begins with."""
DISTILLED: Mapping[str, Callable[[], DistilledRecipe]] = {
    "pocket": pocket_q_rag_distilled,
    "50m": full_q_rag_distilled,
}
"""By tier: what q-rag goes on from."""
SHARPENED: Mapping[str, Callable[[], SharpenedRecipe]] = {
    "pocket": pocket_q_rag,
    "50m": full_q_rag,
}
"""q-rag itself, by tier."""
LABELS: Mapping[str, Callable[[], LabelRecipe]] = {
    "q-cmdsafe": pocket_q_cmdsafe,
    "q-inject": pocket_q_inject,
    "q-pii": pocket_q_pii,
    "q-domain": pocket_q_domain,
    "q-dup": pocket_q_dup,
    "q-ground": pocket_q_ground,
    "q-toolcall": pocket_q_toolcall,
    "q-doccite": pocket_q_doccite,
}
"""The pocket specialists that label texts, by name."""

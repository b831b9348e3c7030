"""The sources that the recipes draw on, each with its licence, so that every card can list what a
checkpoint saw."""

from collections.abc import Mapping
from pathlib import Path

from specialists.checkpoint import sha256_of
from specialists.errors import CorpusError

_WIKIPEDIA = "CC BY-SA 3.0"
_QUESTIONS = "CC BY-SA, Apache-2.0 or MIT"
_QUESTION_SETS = (
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
_FREE = "free by Debian's guidelines, mixed"

TEXT_LICENCES: Mapping[str, str] = {
    "wikipedia_core": _WIKIPEDIA,
    "wikipedia_recent": _WIKIPEDIA,
    "wikipedia_misc": _WIKIPEDIA,
    "wikipedia_vital_summaries": _WIKIPEDIA,
    "debian_docs": _FREE,
    "debian_package_descriptions": _FREE,
    "linux_howtos": "GFDL, mixed",
    "standard_ebooks": "CC0, public domain",
    "tech_docs_markdown": "CC BY, CC BY-SA, MIT, Apache-2.0, CC0",
    "world_factbook": "public domain",
    "tldr_pages": "CC BY 4.0",
    "us_presidential_speeches": "public domain",
}
"""By the name of the text file up to its first dot."""

PAIR_LICENCES: Mapping[str, str] = {
    "medquad": "CC BY 4.0",
    **dict.fromkeys(_QUESTION_SETS, _QUESTIONS),
    "wikipedia_sections": _WIKIPEDIA,
    "wikipedia_vital": _WIKIPEDIA,
    "wordnet_definitions": "WordNet licence",
    "debian_descriptions": _FREE,
    "debian_docs_headings": _FREE,
    "tldr_pages": "CC BY 4.0",
    "linux_howto_headings": "GFDL, mixed",
    "md_docs_headings": "CC BY, CC BY-SA, MIT, Apache-2.0, CC0",
    "world_factbook": "public domain",
    "js_interview_faq": "MIT",
    "forge": "as the documents it was made from",
}
"""By the name of the pair file up to its first dot."""

SPECIALIST_LICENCES: Mapping[str, str] = {
    "clinc150_data_full": "CC BY 3.0",
    "banking77_train": "CC BY 4.0",
}
"""By the name of the file of requests up to its first dot."""

_APIBENCH = ("huggingface_eval", "tensorflow_eval", "torchhub_eval", "torchhub_train")

LICENCES: Mapping[str, Mapping[str, str]] = {
    "text": TEXT_LICENCES,
    "pairs": PAIR_LICENCES,
    "specialists": SPECIALIST_LICENCES,
    "specialists/apibench": dict.fromkeys(_APIBENCH, "Apache-2.0"),
}
"""By the folder of the training data."""


def list_counted(data: Path, rows: Mapping[str, int]) -> list[dict[str, str]]:
    """As `list_sources`, for rows counted by source: `text/tldr_pages` is a file of `data`, a name
    without a folder a generator of this project."""
    listed = []
    for source, count in sorted(rows.items()):
        folder, slash, name = source.rpartition("/")
        if not slash:
            licence = "Apache-2.0, as this project"
            listed.append({"name": source, "licence": licence, "rows": f"{count:,}", "sha256": "–"})
            continue
        used = {name: f"{count:,}"}
        listed += list_sources(data / folder, LICENCES.get(folder, {}), used)
    return listed


def list_sources(
    folder: Path, licences: Mapping[str, str], used: Mapping[str, str]
) -> list[dict[str, str]]:
    """Name, licence, amount used and sha256 of each file of `folder` named in `used`.

    Raises `CorpusError` for a source whose licence is not known or whose file is not there.
    """
    listed = []
    for name, amount in used.items():
        found = sorted(path for path in folder.glob(f"{name}.*"))
        if not found or name not in licences:
            problem = "no such file" if not found else "its licence is not in sources.py"
            raise CorpusError(f"{folder / name}: {problem}; every source must be accounted for")
        listed.append(
            {
                "name": f"{folder.name}/{name}",
                "licence": licences[name],
                "rows": amount,
                "sha256": sha256_of(found[0]),
            }
        )
    return listed

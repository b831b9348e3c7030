"""The router's floor: the keywords an honest engineer would write down in ten minutes."""

import re
from collections.abc import Mapping
from typing import Any

_RULES = tuple(
    (route, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for route, pattern in (
        ("q-inject", r"inject|jailbreak|hijack|ignore (all|every|your|previous)|system prompt"),
        ("q-pii", r"\bpii\b|personal data|personal (info|detail)|redact|gdpr|anonymi|private data"),
        ("q-dup", r"duplicate|same (question|thing|meaning|intent)|paraphrase|rephras"),
        ("q-domain", r"\b(field|domain|subject|topic|category|discipline|area)\b"),
        ("q-ground", r"\b(claim|statement|hypothesis|premise|support|contradict|entail|ground)"),
        ("q-rag", r"relevan|on.topic|helpful|useful|\b(hits|chunks|search results)\b"),
        ("q-doccite", r"\bpages?\b|according to|\bcite|\bquote|\b(document|manual|excerpt|pdf)\b"),
        (
            "q-cmdsafe",
            r"^\W*(sudo|rm|git|docker|kubectl|aws|select|drop|update|delete|curl|dd|chmod|find) |"
            r"safe to run|is this command|dangerous|`",
        ),
        (
            "q-toolcall",
            r"^\W*(please |can you |could you )?(turn|set|book|send|remind|schedule|order|play|"
            r"call|add|cancel|create|switch|open|transfer|text|wake|start|stop)\b",
        ),
    )
)


def route_rule(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The first rule whose words stand in the text."""
    text = str(inputs.get("text", ""))
    return {"route": next((route for route, rule in _RULES if rule.search(text)), "none")}

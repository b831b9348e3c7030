"""Rules that guard without a model: lists of words and shapes, as an engineer would begin."""

import re
from collections.abc import Mapping

from specialists.jobs.job import Inputs, Result

_REFUSED = re.compile(
    r"rm\s+-\w*r\w*f?\w*\s+(?:--\S+\s+)?[\"']?(?:/|~|\$HOME)|mkfs|dd\b.*\bof=/dev/|>\s*/dev/sd"
    r"|:\(\)\s*\{|\|\s*(?:sudo\s+)?(?:ba|z)?sh\b|base64\s+(?:-d|--decode).*\|\s*\w*sh\b"
    r"|\bdrop\s+(?:database|table|schema)|\btruncate\s+table|\bdelete\s+from\s+\w+\s*;?\s*$"
    r"|chmod\s+-R\s+777\s+/|/dev/tcp/|\bnc\b.*-e|id_rsa|/etc/shadow|terraform\s+destroy"
    r"|delete\s+(?:namespace|ns)\b|\bformat\s+c:|invoke-expression|\biex\b|shred.*/dev/",
    re.IGNORECASE,
)
_ALLOWED = re.compile(
    r"(?:ls|cat|head|tail|less|grep|rg|find|wc|du|df|ps|echo|pwd|whoami|man|which|diff|stat|select|"
    r"show|explain|describe|mkdir|touch|cp|tar|curl|wget|make|pytest|cargo\s+(?:build|test)|"
    r"git\s+(?:status|log|diff|show|add|commit|branch|fetch|stash)|dig|ping|history|"
    r"docker\s+(?:ps|logs|images|build)|kubectl\s+(?:get|describe|logs)|terraform\s+plan|"
    r"systemctl\s+status|aws\s+\w+\s+(?:ls|describe\S*|list\S*))\b",
    re.IGNORECASE,
)
_ALTERED = re.compile(r"-delete|-exec|xargs|\bsudo\b|\brm\b", re.IGNORECASE)


def command_safety_rule(inputs: Inputs) -> Result:
    """A list of what is refused, a list of what is allowed; a person is asked about the rest."""
    command = str(inputs["command"]).strip()
    if _REFUSED.search(command):
        return {"action": "refuse"}
    if _ALLOWED.match(command) and not _ALTERED.search(command):
        return {"action": "allow"}
    return {"action": "confirm"}


_INJECTED = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instructions?|prompts?|rules|"
    r"guidelines|above|previous|everything|task)|system prompt|you are (?:now|no longer)"
    r"|<\|im_start|\[inst\]|<<sys>>|^system\b|new (?:instructions?|task)\b|developer mode"
    r"|do not tell the user"
    r"|(?:assistants?|models?|llms?|chatbots?|agents?|bots?|chatgpt|ai)\b.{0,40}"
    r"\b(?:must|should|shall|please|say|tell|add)\b|<!--.*\b(?:ai|llm|assistant)\b",
    re.IGNORECASE,
)


def injection_rule(inputs: Inputs) -> Result:
    """The phrases that attacks are known by."""
    return {"injection": bool(_INJECTED.search(str(inputs["text"])))}


_PERSONAL: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(
        r"\b(?:mr|mrs|ms|dr|herr|frau|miss)\.? [A-Z]\w+|(?:name is|I'm|regards,|dear|customer:|"
        r"patient|candidate|holder:?|name:|signed:) [A-Z]\w+ [A-Z]\w+|^[A-Z]\w+ [A-Z]\w+,"
    ),
    "address": re.compile(
        r"\b\d+\w? (?:[A-Z]\w+ )+(?:street|st|road|rd|lane|avenue|ave|close|court|hill)\b"
        r"|\w+(?:stra(?:ß|ss)e|gasse|weg) \d+|\brue \w+",
        re.IGNORECASE,
    ),
    "email": re.compile(r"\b(?!info@|support@|press@|noreply@)[\w.+-]+@[\w-]+\.\w+"),
    "phone": re.compile(
        r"(?<![\w.])(?:\+\d{1,3}[ -]?|\(?0\d{2,4}\)?[ /-]?|\(\d{3}\) ?)\d[\d -]{5,}\d"
    ),
    "birth date": re.compile(
        r"(?:\bborn|\bdob|birth|geb\.).{0,25}(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{4})",
        re.IGNORECASE,
    ),
    "identity number": re.compile(
        r"(?:ssn|passport|licen[cs]e|tax|national insurance|social security|\bid\b|nino|dni|pesel)"
        r".{0,25}\d[\d -]{4,}|\b\d{3}-\d{2}-\d{4}\b",
        re.IGNORECASE,
    ),
    "bank or card": re.compile(
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{3,4}){3,}|\b(?:\d{4}[ -]?){3}\d{4}\b|sort code|routing"
    ),
    "credential": re.compile(
        r"(?:password|pass|pwd|secret\w*|token|api_?key|bearer|pin)(?: is|:|=| )+ ?(?!must)\S*\d\S*"
        r"|\b(?:sk-|ghp_|xoxb-)\w+|private key",
        re.IGNORECASE,
    ),
    "health": re.compile(
        r"(?:\bI|\bmy|\bshe|\bhe|patient)\b.*(?:diagnos|diabet|cancer|allerg|depress|pregnan|chemo|"
        r"therap|epilep|HIV|surgery|rehab)",
        re.IGNORECASE,
    ),
    "location": re.compile(
        r"\b(?!127\.|192\.168|10\.|0\.|8\.8)\d{1,3}(?:\.\d{1,3}){3}\b"
        r"|-?\d{1,2}\.\d{4,},? -?\d{1,3}\.\d{4,}"
    ),
}


def personal_data_rule(inputs: Inputs) -> Result:
    """A pattern for each kind."""
    text = str(inputs["text"])
    return {"kinds": [kind for kind, pattern in _PERSONAL.items() if pattern.search(text)]}

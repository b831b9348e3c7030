"""The rule that each job is marked beside: what an honest engineer would write in ten minutes.

A specialist that cannot beat its rule has no reason to ship. A rule takes the inputs of the job
and gives the keys that its rows mark.
"""

from collections.abc import Callable, Mapping

from specialists.evaluation.extract_rules import citation_rule, tool_call_rule
from specialists.evaluation.guard_rules import (
    command_safety_rule,
    injection_rule,
    personal_data_rule,
)
from specialists.evaluation.text_rules import domain_rule, duplicate_rule, grounding_rule
from specialists.jobs.job import Inputs, Result

RULES: Mapping[str, Callable[[Inputs], Result]] = {
    "q-cmdsafe": command_safety_rule,
    "q-domain": domain_rule,
    "q-dup": duplicate_rule,
    "q-ground": grounding_rule,
    "q-inject": injection_rule,
    "q-pii": personal_data_rule,
    "q-toolcall": tool_call_rule,
    "q-doccite": citation_rule,
}
"""By the name of the specialist."""

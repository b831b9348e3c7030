"""The rule that each job is marked beside: what an honest engineer would write in ten minutes.

A specialist that cannot beat its rule has no reason to ship. A rule takes the inputs of the job
and gives the keys that its rows mark.
"""

from collections.abc import Callable, Mapping

from specialists.evaluation.route_rule import route_rule
from specialists.jobs.job import Inputs, Result

RULES: Mapping[str, Callable[[Inputs], Result]] = {
    "q-route": route_rule,
}
"""By the name of the specialist."""

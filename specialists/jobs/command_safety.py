"""The command-safety job: may this command run, should a person be asked, or is it refused?

The specialist names the reason that decides about a command; each reason stands for one action,
and the action whose reasons are likeliest together wins. A chain of commands is judged whole and
part by part, and the worst action holds. What is too long to be read whole is never allowed
without asking. The job runs nothing and knows no shell but where its parts end.
"""

import math
import re
from collections.abc import Iterator, Mapping

from specialists.jobs.job import Inputs, Job, Result, Steps, text_input
from specialists.requests import Decide, Verdict

NAME = "command-safety"

ACTIONS: Mapping[str, str] = {
    "only reads": "allow",
    "writes in the working folder": "allow",
    "deletes or overwrites files": "confirm",
    "installs or removes software": "confirm",
    "changes permissions or ownership": "confirm",
    "stops or restarts services": "confirm",
    "changes the network or firewall": "confirm",
    "changes rows or tables": "confirm",
    "changes cloud or cluster resources": "confirm",
    "changes the system or accounts": "confirm",
    "acts on another machine": "confirm",
    "shows a secret": "confirm",
    "runs code that is not shown": "confirm",
    "deletes beyond recovery": "refuse",
    "runs fetched or hidden code": "refuse",
    "sends secrets away": "refuse",
    "breaks or opens the system": "refuse",
}
"""Every reason a specialist may give, in the order of its labels, and the action it stands for."""

REASONS = tuple(ACTIONS)
TOO_LONG = "too long to be read whole"
SEVERITY = ("allow", "confirm", "refuse")
MAX_PARTS = 64
_HERE_DOCUMENT = re.compile(r"(?<!<)<<-?\s*(?![<\d\s])")


def run(inputs: Inputs) -> Steps:
    command = text_input(inputs, "command", job=NAME).strip()
    parts = tuple(split_parts(command))
    passages = (command, *parts[:MAX_PARTS]) if len(parts) > 1 else (command,)
    reply = yield Decide(query="", passages=passages)
    whole, *others = (judge(verdict) for verdict in reply.verdicts)
    worst = max(others, key=_severity, default=whole)
    # A part is read without what stands around it, so it may only make matters worse.
    result = worst if _severity(worst) > _severity(whole) else whole
    unread = len(parts) > MAX_PARTS or (
        any(verdict.truncated for verdict in reply.verdicts[1:])
        if len(passages) > 1
        else reply.verdicts[0].truncated
    )
    if unread and result["action"] == "allow":
        return {"action": "confirm", "reason": TOO_LONG, "score": 1.0}
    return result


def judge(verdict: Verdict) -> Result:
    """The likeliest action, its likeliest reason and the action's probability."""
    top = max(verdict.logits)
    weights = [math.exp(logit - top) for logit in verdict.logits]
    by_action = dict.fromkeys(SEVERITY, 0.0)
    for reason, weight in zip(REASONS, weights, strict=True):
        by_action[ACTIONS[reason]] += weight
    action = max(SEVERITY, key=by_action.__getitem__)
    likely = zip(weights, REASONS, strict=True)
    _, reason = max(pair for pair in likely if ACTIONS[pair[1]] == action)
    return {
        "action": action,
        "reason": reason,
        "score": round(by_action[action] / sum(weights), 4),
    }


def split_parts(command: str) -> Iterator[str]:
    """The commands of a chain: cut at `;`, `&&`, `||` and line ends outside quotes, brackets and
    comments. A here-document is left in one piece."""
    if _HERE_DOCUMENT.search(command):
        yield command
        return
    begin, depth, quote, at = 0, 0, "", 0
    while at < len(command):
        sign, width = command[at], 0
        if sign == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign == "#" and (at == 0 or command[at - 1].isspace()):
            end = command.find("\n", at)
            at = len(command) if end < 0 else end
            continue
        elif sign in "({":
            depth += 1
        elif sign in ")}":
            depth -= 1
        elif depth <= 0 and command.startswith(("&&", "||"), at):
            width = 2
        elif depth <= 0 and sign in ";\n":
            width = 1
        if width:
            if command[begin:at].strip():
                yield command[begin:at].strip()
            begin = at + width
        at += width or 1
    if command[begin:].strip():
        yield command[begin:].strip()


def _severity(result: Result) -> int:
    return SEVERITY.index(result["action"])


JOB = Job(
    name=NAME,
    summary="Says of a shell, SQL or cloud command: allow, confirm or refuse, and why.",
    inputs={"command": "The command, or several of them as a chain or a script."},
    main="command",
    run=run,
)

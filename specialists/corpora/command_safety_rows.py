"""Rows for q-cmdsafe: commands under the reason that decides about them.

Real examples of the tldr pages, patterns under each reason, and what people and agents make of
commands: chains of which the worst part decides, shells within shells, and the same dangerous
text merely spoken of, which harms nobody. The held-back rows are of other patterns and pages, so
the figure of a training run tells of commands it never saw.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from specialists.contract import Contract
from specialists.corpora.command_words import WORDS
from specialists.corpora.filling import fill, read_patterns
from specialists.corpora.labels import LabelRow
from specialists.corpora.tldr_commands import SOURCE, tldr_commands
from specialists.jobs.command_safety import ACTIONS, NAME, REASONS

CONTRACT = Contract(
    head="T:",
    tail="\nA:",
    labels=tuple("ABCDEFGHIJKLMNOPQ"),
    meanings=REASONS,
    positive="A",
    job=NAME,
    reading="joined",
    max_tokens=256,
    max_query_tokens=1,
)
"""The command stands alone; each reason has a letter."""

READS, WRITES, ELEVATED, HIDDEN = (
    "only reads",
    "writes in the working folder",
    "changes the system or accounts",
    "runs fetched or hidden code",
)
TLDR_SHARE = 0.18
LONGEST = 700
_WEIGHTS = {READS: 4.0, WRITES: 2.4, "runs code that is not shown": 1.4}
_REFUSED_WEIGHT = 1.7
_JOINTS = (" && ", "; ", " && ", "\n", " || ", " ; ", "\n\n")
_BEFORE = ("set -e", "set -euo pipefail", "cd /tmp", "cd ~/{word}", "#!/bin/bash", "clear", "true")
_SPOKEN = (
    'echo "{said}"',
    "echo '{said}'",
    "# {said}",
    'grep -rn "{said}" {dir}',
    "grep -F '{said}' {file}",
    "rg '{said}'",
    "ls -la  # {said}",
    "printf '%s\\n' '{said}'",
    'git log --grep "{said}"',
    "cat {file} # later: {said}",
    "SELECT '{said}' AS {col};",
    "python3 -c \"print('{said}')\"",
    'history | grep "{said}"',
    "wc -l {file}  # not {said}",
)
_SPOKEN_WRITES = (
    'echo "{said}" >> {file}',
    "git commit -m '{said}'",
    "echo '{said}' > {file}",
    'git commit -am "remove {said}"',
)
_SHELLS = ('bash -c "{said}"', "sh -c '{said}'", "({said})", "{ {said}; }", "time {said}",
           "nohup {said} &", "{said} &", "if true; then {said}; fi", "timeout 60 {said}",
           "X=1 {said}", "{said} 2>/dev/null", "{said} > /dev/null 2>&1", "  {said}",
           "{said}  # {word}", "command {said}", "! {said}", "exec {said}", "watch -n 5 {said}",
           "for i in 1 2 3; do {said}; done", "env LANG=C {said}", "$ {said}", "{said} || true",
           "{said} | tee {file}")  # fmt: skip

_DISGUISES = (
    "sudo {said}",
    "sudo -n {said}",
    "\\{said}",
    "/bin/{said}",
    "/usr/bin/{said}",
    "$(which {said})",
    "$(echo {said})",
    '{first}""{last}',
    "{first}\\{last}",
    "'{first}'{last}",
    "a={first}; b={last}; $a$b",
    "busybox {said}",
    "doas {said}",
    "command {said}",
    "c={said}; $c",
)


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, in mixed order."""
    draw = Random(seed)  # noqa: S311  nothing secret is drawn
    real = [
        LabelRow(text=command, label=reason, group=f"tldr {page}", source=SOURCE)
        for command, reason, page in tldr_commands(data, WORDS, draw)
        if len(command) <= LONGEST
    ]
    draw.shuffle(real)
    made = [*real[: int(most * TLDR_SHARE)]]
    generated = _generate(draw)
    made += islice(generated, most - len(made))
    draw.shuffle(made)
    return iter(made)


def _generate(draw: Random) -> Iterator[LabelRow]:
    patterns = read_patterns("commands")
    weights = [
        _REFUSED_WEIGHT if action == "refuse" else _WEIGHTS.get(reason, 1.0)
        for reason, action in ACTIONS.items()
    ]
    seen: set[str] = set()
    while True:
        reason = draw.choices(REASONS, weights)[0]
        pattern = draw.choice(patterns[reason])
        group = f"{reason} {pattern}"
        command = " ".join(fill(pattern, WORDS, draw).split(" "))
        for text, label in _variants(command, reason, patterns, draw):
            if text not in seen and len(text) <= LONGEST:
                seen.add(text)
                yield LabelRow(text=text, label=label, group=group, source="templates")


def _variants(
    command: str, reason: str, patterns: dict[str, tuple[str, ...]], draw: Random
) -> Iterator[tuple[str, str]]:
    """The command, and now and then what else can be made of it, each with its own reason."""
    chance = draw.random()
    if chance < 0.62 or (reason == READS and chance < 0.7):
        yield command, reason
    elif chance < 0.76:
        yield _chained(command, reason, patterns, draw)
    elif chance < 0.86 and _is_shell(command):
        shell = draw.choice(_SHELLS)
        if "{file}" in shell and reason == READS:
            reason = WRITES
        if _may_be_quoted(command) or ("'{" not in shell and '"{' not in shell):
            yield fill(shell.replace("{said}", command), WORDS, draw), reason
    elif ACTIONS[reason] != "allow" and _may_be_quoted(command):
        yield command, reason
        spoken, label = (_SPOKEN, READS) if draw.random() < 0.8 else (_SPOKEN_WRITES, WRITES)
        yield fill(draw.choice(spoken).replace("{said}", command), WORDS, draw), label
        if ACTIONS[reason] == "refuse" and draw.random() < 0.15 and _is_shell(command):
            yield f'echo "{command}" | {draw.choice(("sh", "bash", "sudo sh"))}', HIDDEN
    elif _is_shell(command) and "sudo" not in command and "#" not in command:
        if reason == READS:
            yield f"sudo {command}", ELEVATED
        elif ACTIONS[reason] != "allow":
            yield _disguised(command, draw), reason
        else:
            yield command, reason
    else:
        yield command, reason


def _chained(
    command: str, reason: str, patterns: dict[str, tuple[str, ...]], draw: Random
) -> tuple[str, str]:
    """The command amid milder ones: its reason, the worst of all, stays."""
    milder = [READS]
    if reason != READS:
        milder.append(WRITES)
    if ACTIONS[reason] == "refuse" and draw.random() < 0.3:
        milder += [one for one in REASONS if ACTIONS[one] == "confirm"]
    others = []
    for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 4))):
        one = fill(draw.choice(patterns[draw.choice(milder)]), WORDS, draw)
        if _is_shell(one) == _is_shell(command) and not one.startswith("#") and " #" not in one:
            others.append(one)
    if _is_shell(command) and draw.random() < 0.15:
        others.insert(0, fill(draw.choice(_BEFORE), WORDS, draw))
    at = draw.randrange(len(others) + 1)
    if "#" in command:
        at = len(others)
    parts = [*others[:at], command, *others[at:]]
    joint = draw.choice(_JOINTS) if _is_shell(command) else draw.choice((" ", "\n"))
    return joint.join(parts), reason


def _disguised(command: str, draw: Random) -> str:
    """The same command with its program called in another way."""
    program, _, rest = command.partition(" ")
    if not program.isalpha():
        return command
    called = draw.choice(_DISGUISES).replace("{said}", program)
    cut = draw.randrange(1, len(program)) if len(program) > 1 else 1
    called = called.replace("{first}", program[:cut]).replace("{last}", program[cut:])
    return f"{called} {rest}".rstrip()


def _is_shell(command: str) -> bool:
    """Whether this is no bare SQL, which ends with a semicolon or begins with its own verbs."""
    first = command.split(maxsplit=1)[0].lower()
    return not command.endswith(";") and first not in {
        "select", "update", "delete", "drop", "truncate", "insert", "alter", "create", "begin;",
        "with", "explain", "show", "describe", "grant", "revoke", "merge", "replace", "vacuum",
        "copy", "--",
    }  # fmt: skip


def _may_be_quoted(command: str) -> bool:
    return not set("'\"`\n$#") & set(command)

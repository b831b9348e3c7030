"""Real commands with the reason that decides about them: the examples of the tldr pages, labelled
from what their own description says they do, from the program and from what they write to.

Examples of which that is not plain are left out, which is most of them; none is ever labelled as
refused. The pages' placeholders are filled with names, so that no label hangs on one.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from specialists.corpora.filling import Words, fill
from specialists.corpora.text import read_documents

SOURCE = "text/tldr_pages"

_EXAMPLE = re.compile(r"^- (.+):\n\n([^\n]+)$", re.MULTILINE)
_PLACE = re.compile(r"\{\{(.*?)\}\}")
_OPTION = re.compile(r"\[([^\[\]|]+)\|([^\[\]]+)\]")
_RISKY = re.compile(
    r">|\b(?:sudo|doas|su|rm|tee|dd|exec|eval|sh|kill|mkfs\S*|shred|secret\S*|password\S*|token)\b"
    r"|-(?:-delete|-force|-fix|-write|-in-place|delete|exec\w*)\b"
)
_CLOUDS = re.compile(
    r"^(?:aws|gcloud|az|kubectl|doctl|ibmcloud|linode-cli|eksctl|helm|heroku|openstack|oci|exo|"
    r"minikube|flyctl|argocd|terraform|tofu|pulumi)\b"
)
_PACKAGERS = re.compile(
    r"^(?:sudo )?(?:apt\S*|aptitude|brew|pip\d?|pipx|uv|npm|yarn|pnpm|bun|cargo|gem|go|conda|mamba|"
    r"dnf|yum|zypper|pacman|apk|snap|flatpak|choco|scoop|winget|nix-env|port|poetry|composer|"
    r"rustup|pkg|pkgin|emerge|opam|cabal|nvm|pyenv|rbenv|tlmgr|pio|pixi|xbps-\S+|eopkg|dpkg)\b"
)

_READS = re.compile(
    r"^(?:Display|List|Show|Print|View|Check|Find|Search|Count|Compare|Describe|Query|Inspect|"
    r"Calculate|Get (?:the|a|information|details|help)|Look up|Analyze|Read|Lint|Ping)\b"
)
_WRITES = re.compile(
    r"^(?:Convert|Compress|Extract|Compile|Render|Download|Generate|Build|Encode|Decode|Clone|"
    r"Create (?:an? |the )?(?:new )?(?:\w+ )?(?:file|archive|directory|project|image|branch|"
    r"commit)|"
    r"Crop|Resize|Rotate|Concatenate|Save|Append)\b"
)
_SOFTWARE = re.compile(r"^(?:Install|Uninstall|Upgrade|Update|Remove|Reinstall|Add)\b")
_SERVICES = re.compile(
    r"^(?:Restart|Stop|Start|Kill|Terminate|Reload|Enable|Disable|Reboot|Shut ?down|Suspend)\b.*"
    r"\b(?:service|daemon|process|server|unit|system|machine|device)",
    re.IGNORECASE,
)
_DELETES = re.compile(
    r"^(?:Delete|Remove|Overwrite|Erase|Discard|Purge)\b.*\b(?:file|director|branch|tag|commit|"
    r"image|container|cache|snapshot|backup|change|folder|entr)"
)
_CHANGES = re.compile(
    r"^(?:Create|Update|Delete|Apply|Scale|Start|Stop|Set|Add|Remove|Attach|Detach|Deploy|Restart|"
    r"Change|Enable|Disable|Resize|Launch|Rename|Label|Annotate|Drain|Roll)\b"
)
_BEYOND = re.compile(
    r"\b(?:bucket|database|namespace|project|group|cluster|destroy|all|disk|volume|partition)\b",
    re.IGNORECASE,
)
_SENDS = re.compile(
    r"^(?:Send|Upload|Publish|Push|Connect to|Log ?in|Copy .* to (?:a|the) remote)\b"
)
_NETWORK = re.compile(r"^(?:sudo )?(?:ip|nmcli|ufw|iptables|ip6tables|nft|firewall-cmd|ifconfig)\b")


def tldr_commands(
    data: Path, words: Mapping[str, Words], draw: Random
) -> Iterator[tuple[str, str, str]]:
    """Command, reason and page of each example whose reason is plain, page by page."""
    for page in read_documents(data / f"{SOURCE}.txt.xz"):
        title = page.split("\n", 1)[0].removeprefix("# ")
        for found in _EXAMPLE.finditer(page):
            said, example = found[1], found[2]
            reason = _reason(said, _PLACE.sub("x", example))
            if reason:
                yield _written_out(example, words, draw), reason, title


def _reason(said: str, command: str) -> str | None:
    """What the example does, from its description and its program; None where it is not plain."""
    risky = bool(_RISKY.search(command))
    reason = None
    if _READS.match(said):
        reason = None if risky else "only reads"
    elif _NETWORK.match(command):
        reason = "changes the network or firewall"
    elif _CLOUDS.match(command):
        plain = _CHANGES.match(said) and not _BEYOND.search(f"{said} {command}")
        reason = "changes cloud or cluster resources" if plain else None
    elif _PACKAGERS.match(command):
        reason = "installs or removes software" if _SOFTWARE.match(said) else None
    elif _SERVICES.match(said):
        reason = "stops or restarts services"
    elif command.startswith("sudo ") and not _BEYOND.search(said):
        reason = "changes the system or accounts" if not _DELETES.match(said) else None
    elif _SENDS.match(said):
        reason = "acts on another machine"
    elif _DELETES.match(said) and not _BEYOND.search(said):
        reason = "deletes or overwrites files"
    elif _WRITES.match(said) and not risky:
        reason = "writes in the working folder"
    return reason


def _written_out(example: str, words: Mapping[str, Words], draw: Random) -> str:
    """The example as somebody would type it."""

    def option(found: re.Match[str]) -> str:
        return draw.choice((found[1], found[2])).split("|")[0]

    def place(found: re.Match[str]) -> str:
        name = _OPTION.sub(option, found[1]).split("|")[0]
        for part, slot in _FILLED:
            if part in name:
                return fill(slot, words, draw)
        return name.removesuffix(" ...")

    return _PLACE.sub(place, _OPTION.sub(option, example)).strip()


_FILLED = (
    ("path/to/dir", "{dir}"),
    ("path\\to\\dir", "{word}"),
    ("path/to/file.", "{file}"),
    ("path/to", "{file}"),
    ("path\\to", "{word}.{ext}"),
    ("package", "{pkg}"),
    ("http", "{url}/{word}"),
    ("username", "{user}"),
    ("host", "{host}"),
    ("search_pattern", "{word}"),
    ("branch", "{branch}"),
    ("ip_address", "{ip}"),
    ("192.168", "{ip}"),
    ("service", "{svc}"),
    ("_name", "{word}"),
    ("name", "{word}"),
    ("file", "{file}"),
)
"""What stands in a placeholder, and the words put there."""

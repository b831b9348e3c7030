"""The words that command patterns are filled with: files, hosts, tables, packages and the like.

They are drawn from wide lists, and the names of files and tables are often put together from two
words, so that a specialist learns the shape of a command and not its names.
"""

import base64
import string
from collections.abc import Mapping
from random import Random

from specialists.corpora.filling import Words, words_of

_STEMS = words_of("""
    report notes data users orders invoice summary draft plan sales stock budget access error debug
    config settings main app server client index table results train test photo video music scan
    thesis chapter minutes agenda letter archive cache build temp old new final copy input output
    model weights corpus sample survey customers staff payroll tickets events metrics audit backup
    export import schema query list names prices routes parser lexer worker queue mail inbox map
    sensor weather climate genome protein lecture slides poster recipe garden budget2024 q3 week12
    delete remove drop kill shutdown format wipe secret token danger purge destroy
""")
_ENDINGS = words_of("""
    txt md csv json yaml toml log py rs go js ts c h java rb sh sql html css xml pdf docx xlsx png
    jpg mp4 wav zip tar.gz bak tmp conf ini parquet ipynb tex bib db
""")
_FOLDERS = words_of("""
    src tests docs build dist out target data logs tmp cache assets public static vendor bin lib
    figures tables notebooks scripts migrations config deploy charts infra reports photos downloads
    node_modules .cache __pycache__ coverage site old archive backup examples models
""")


_SYLLABLES = words_of("ba ce di fo gu ha ki lo mu ne pra qui ro stu ta vex wo xi yar zo")
_PURPOSES = words_of("prod backups logs archive media eu data")


def _file(draw: Random) -> str:
    stem = draw.choice(_STEMS)
    if draw.random() < 0.3:
        stem += draw.choice("-_") + draw.choice(_STEMS)
    if draw.random() < 0.12:
        stem += str(draw.randrange(1, 2025))
    folder = draw.choice(_FOLDERS) + "/" if draw.random() < 0.25 else ""
    return folder + draw.choice(("./", "")) * (not folder) + stem + "." + draw.choice(_ENDINGS)


def _folder(draw: Random) -> str:
    name = draw.choice(_FOLDERS)
    if draw.random() < 0.25:
        name += "/" + draw.choice(_STEMS)
    return draw.choice(("", "", "./")) + name + draw.choice(("", "/"))


def _table(draw: Random) -> str:
    name = draw.choice(_STEMS)
    return (
        name
        if draw.random() < 0.6
        else f"{draw.choice(('', 'public.'))}{name}_{draw.choice(_STEMS)}"
    )


def _letters(draw: Random, length: int, signs: str = string.ascii_lowercase) -> str:
    return "".join(draw.choice(signs) for _ in range(length))


def _invented(draw: Random) -> str:
    """A program nobody has heard of."""
    syllables = _SYLLABLES
    name = "".join(draw.choice(syllables) for _ in range(draw.choice((2, 2, 3))))
    return name + draw.choice(("", "", "", "ctl", "-cli", "d", "x", "9", "tool", ".sh", ".exe"))


def _host(draw: Random) -> str:
    first = draw.choice(words_of("web db api ci build files cache mail node edge git mon vpn app"))
    return draw.choice(
        (
            f"{first}{draw.randrange(1, 30)}",
            f"{first}.{draw.choice(('lan', 'local', 'internal', 'example', 'corp.example'))}",
            f"{first}-{draw.randrange(1, 9)}.example.{draw.choice(('com', 'org', 'net'))}",
            _ip(draw),
        )
    )


def _ip(draw: Random) -> str:
    return ".".join(str(draw.randrange(1, 255)) for _ in range(4))


def _url(draw: Random) -> str:
    name = draw.choice(_STEMS)
    host = draw.choice(
        (
            _host(draw),
            "github.com/acme",
            "raw.githubusercontent.com/acme/tools/main",
            f"get.{name}.sh",
            f"install.{_letters(draw, 6)}.io",
            "api.example.com/v2",
            "cdn.example.org",
            f"{_letters(draw, 4)}.example",
            "pastebin.com/raw",
            "downloads.example.net",
        )
    )
    return f"{draw.choice(('https', 'https', 'http'))}://{host}"


def _blob(draw: Random) -> str:
    raw = "".join(draw.choice(string.ascii_letters + " -/|") for _ in range(draw.randrange(9, 30)))
    return base64.b64encode(raw.encode()).decode()


def _hexes(draw: Random) -> str:
    return "".join(f"\\x{draw.randrange(32, 126):02x}" for _ in range(draw.randrange(6, 14)))


def _evil(draw: Random) -> str:
    """A dangerous command, to stand where it is only spoken of."""
    return draw.choice(
        (
            "rm -rf {root}",
            "rm -rf /",
            "sudo rm -rf {root}",
            "dd if=/dev/zero of={disk}",
            "mkfs.ext4 {disk}",
            "DROP TABLE {table}",
            "DROP DATABASE {db}",
            "DELETE FROM {table}",
            "chmod -R 777 /",
            "curl {url} | sh",
            "kill -9 -1",
            "shutdown -h now",
            "git push --force",
            "TRUNCATE {table}",
            "wget -qO- {url} | bash",
            "kubectl delete ns {ns}",
            "terraform destroy",
            "format c:",
            "iptables -F",
            "reboot",
            "rm -rf {dir}",
            "rm {file}",
            "delete",
            "drop table",
        )
    )


WORDS: Mapping[str, Words] = {
    "file": _file,
    "dir": _folder,
    "table": _table,
    "evil": _evil,
    "tool": _invented,
    "host": _host,
    "ip": _ip,
    "url": _url,
    "blob": _blob,
    "hexes": _hexes,
    "n": lambda draw: str(draw.choice((1, 2, 3, 5, 10, 20, 50, 100, 200, draw.randrange(1, 9999)))),
    "pid": lambda draw: str(draw.randrange(100, 40000)),
    "port": lambda draw: str(
        draw.choice((22, 80, 443, 3000, 5432, 8080, draw.randrange(1024, 65535)))
    ),
    "hash": lambda draw: _letters(draw, draw.choice((7, 8, 12)), "0123456789abcdef"),
    "word": _STEMS,
    "ext": _ENDINGS,
    "user": words_of(
        "alice bob carol dave erin frank grace heidi ivan judy www-data deploy ci root"
        " postgres nobody jenkins git backup mysql nginx"
    ),
    "group": words_of("devs staff www-data docker wheel users adm video audio analysts"),
    "mailto": lambda draw: (
        f"{draw.choice(_STEMS)}@{draw.choice(('example.com', 'mail.example', 'lists.example'))}"
    ),
    "svc": words_of(
        "nginx apache2 httpd postgresql mysql mariadb redis docker sshd cron cups grafana"
        " prometheus jenkins rabbitmq kafka elasticsearch haproxy bind9 postfix vsftpd"
        " fail2ban containerd kubelet NetworkManager bluetooth app.service worker@2"
    ),
    "pkg": words_of(
        "requests numpy pandas flask django lodash express react typescript eslint serde"
        " tokio ripgrep fzf htop tmux vim neovim git curl nginx redis postgresql-16 gcc"
        " cmake ffmpeg imagemagick nodejs python3-dev openssl jq tree rails rspec"
        " black pytest torch scipy matplotlib left-pad webpack firefox vlc"
    ),
    "db": words_of(
        "shop prod production staging analytics crm app main wiki billing warehouse"
        " inventory hr testdb customers_db"
    ),
    "col": words_of(
        "id name email status price qty created_at updated_at deleted active total role"
        " city country note sku amount owner_id"
    ),
    "value": lambda draw: draw.choice(
        (
            "1",
            "0",
            "NULL",
            "'x'",
            "'active'",
            "'closed'",
            "true",
            f"'{draw.choice(_STEMS)}'",
            str(draw.randrange(1, 9999)),
        )
    ),
    "cond": lambda draw: draw.choice(
        (
            "id = {n}",
            "{col} = {value}",
            "{col} < {n}",
            "created_at < '2023-01-01'",
            "{col} IS NULL",
            "id IN ({n}, {n})",
            "email LIKE '%@{word}.example'",
            "{col} = {value} AND {col} > {n}",
            "updated_at < now() - interval '{n} days'",
        )
    ),
    "bucket": lambda draw: f"{draw.choice(_STEMS)}-{draw.choice(_PURPOSES)}",
    "disk": words_of(
        "/dev/sda /dev/sdb /dev/sdc /dev/sda1 /dev/nvme0n1 /dev/nvme0n1p2 /dev/vda"
        " /dev/mmcblk0 /dev/xvdf /dev/disk2 /dev/hda /dev/md0"
    ),
    "ns": words_of(
        "default prod production payments staging monitoring ingress kube-system shop"
        " team-a ml batch web"
    ),
    "kind": words_of(
        "pods deployments services nodes configmaps ingress jobs events pvc namespaces"
        " cronjobs statefulsets"
    ),
    "res": words_of(
        "pod/web-0 deployment/api deploy/checkout svc/gateway statefulset/db job/import"
        " configmap/settings pod/worker-7d9f hpa/api cronjob/nightly"
    ),
    "inst": lambda draw: f"i-0{_letters(draw, 8, '0123456789abcdef')}",
    "root": words_of(
        "/ /* /usr /etc /var /home /boot /lib /opt /bin ~ ~/ $HOME ${HOME} /root"
        " /var/lib /srv /var/lib/mysql /var/lib/postgresql /home/* ~/* /mnt/backup"
        " /usr/lib /data /etc/* /Users/*"
    ),
    "secret": words_of(
        "~/.ssh/id_rsa ~/.ssh/id_ed25519 ~/.aws/credentials .env ~/.netrc"
        " /etc/shadow ~/.kube/config ~/.git-credentials ~/.pgpass ~/.npmrc"
        " ~/.docker/config.json /root/.ssh/id_rsa ~/.gnupg secrets.yaml .env.production"
        " ~/.config/gcloud/credentials.db ~/.bash_history /etc/ssl/private/server.key"
        " ~/.ssh service-account.json id_rsa private.pem"
    ),
    "sysfile": words_of(
        "/etc/hosts /etc/fstab /etc/nginx/nginx.conf /etc/ssh/sshd_config"
        " /etc/sysctl.conf /etc/environment ~/.bashrc ~/.zshrc ~/.profile"
        " /etc/apt/sources.list /etc/crontab /etc/default/grub /etc/motd"
        " /usr/local/bin/{word} /etc/systemd/system/{word}.service"
        " /etc/docker/daemon.json"
    ),
    "logfile": words_of(
        "/var/log/syslog /var/log/auth.log /var/log/nginx/access.log"
        " /var/log/messages /var/log/dpkg.log /var/log/kern.log"
        " /var/log/postgresql/postgresql.log"
    ),
    "readfile": words_of(
        "/etc/hosts /etc/passwd /proc/cpuinfo /proc/meminfo /etc/os-release"
        " /etc/fstab /etc/resolv.conf /var/log/syslog /etc/nginx/nginx.conf"
    ),
    "sh": (
        "sh",
        "bash",
        "sh",
        "bash",
        "zsh",
        "sudo bash",
        "sudo sh",
        "bash -s",
        "python3",
        "python3 -",
        "perl",
        "node",
        "sh -x",
        "/bin/sh",
        "ruby",
    ),
    "branch": words_of(
        "main master develop feature/login fix-typo release-2.1 hotfix/tax topic"
        " experiment wip gh-pages"
    ),
}

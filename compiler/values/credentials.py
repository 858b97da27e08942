"""What a credential looks like: in its name, or in its shape.

A shape has a word that every text with it holds, so that most texts are done with at once. No pattern scans a text
more than once: what follows the word is either taken whole, or is short.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple


class _Shape(NamedTuple):
    """`words`: one of them is in every match. `is_one` says whether the last group of a match is no placeholder."""

    words: frozenset[str]
    expression: str
    is_one: Callable[[str], bool]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds it, made when it is needed: most runs need none."""
        return re.compile(self.expression, re.MULTILINE)


KEYS_OF_NAMES = frozenset(["secrets", "image_pull_secrets", "tls_secret", "token_secret"])
"""Keys of a config that hold names of Secrets, and no value of one."""
WITH_SECRETS = frozenset(["volumes", "artifacts", "tracking"])
"""Keys at the top of a config below which `secret` is one of them, too."""
_PLACEHOLDER = regex(
    r"x{5}|[*]{3}|[.]{3}|…|[<>${}]|example|(?<![a-z])(your|dummy|fake|redacted|placeholder)", re.IGNORECASE
)
_NO_PASSWORDS = frozenset(
    ["pass", "passwd", "password", "passwort", "pswd", "pwd", "secret", "token", "user", "username", "pass@"]
)


def _is_filled_in(text: str) -> bool:
    """Whether it is more than what documentation puts there."""
    return not _PLACEHOLDER.search(text[:500])


def _is_random(text: str) -> bool:
    """Whether it has letters of both kinds, or letters and digits, and no word for words."""
    kinds = (any(map(str.islower, text)), any(map(str.isupper, text)), any(map(str.isdigit, text)))
    return _is_filled_in(text) and sum(kinds) > 1 and len(set(text)) > 7


def _is_number_and_word(text: str) -> bool:
    return _is_random(text) and any(map(str.isdigit, text)) and len(set(text)) > 9


def _is_password(text: str) -> bool:
    return _is_filled_in(text) and text.lower() not in _NO_PASSWORDS and not text.startswith(("%", "[", "("))


def _is_login(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except binascii.Error:
        return False


def _shape(words: str, pattern: str, is_one: Callable[[str], bool] = _is_random) -> _Shape:
    """`words` are parted by blanks; `(` of the pattern opens the part that is judged."""
    return _Shape(frozenset(words.split()), pattern, is_one)


_START = r"(?<![A-Za-z0-9_-])"  # of a word with dashes; whatever begins within it has been seen
_ASSIGNED = r"[\"']?[ \t]{0,8}[=:][ \t]{0,8}[\"']?"
_SHAPES = (
    _shape("-----BEGIN", r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}(PRIVATE KEY(?: BLOCK)?)-----(?![\"'])", _is_filled_in),
    _shape("PuTTY-User-Key-File", r"^PuTTY-User-Key-File-[0-9]: (\S)", _is_filled_in),
    _shape("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1([0-9A-Z]{50})"),
    _shape("AKIA ASIA", r"\b(?:AKIA|ASIA)([0-9A-Z]{16})\b", _is_filled_in),
    _shape("ghp_ gho_ ghu_ ghs_ ghr_", r"\bgh[pousr]_([A-Za-z0-9]{20,})"),
    _shape("github_pat_", r"\bgithub_pat_([A-Za-z0-9_]{20,})"),
    _shape("glpat- gldt- glptt- glrt- glcbt- glsoat- glft- glagent-", rf"{_START}gl(?:pat|dt|ptt|rt|cbt|soat|ft|agent)-([A-Za-z0-9_-]{{16,}})"),
    _shape("xox", r"\bxox[abeoprs]-([A-Za-z0-9-]{10,})"),
    _shape("xapp-", r"\bxapp-([0-9]-[A-Za-z0-9-]{20,})"),
    _shape("hooks.slack.com", r"\bhooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,})"),
    _shape("/api/webhooks/", r"\bdiscord(?:app)?\.com/api/webhooks/([0-9]{1,25}/[A-Za-z0-9_-]{30,})"),
    _shape("sk-", rf"{_START}sk-([A-Za-z0-9_]{{32,}})"),
    _shape("sk-", rf"{_START}sk-(?:proj|svcacct|admin|ant|or|lf)-([A-Za-z0-9_-]{{20,}})"),
    _shape("k_live_ whsec_", r"\b(?:[sr]k_live|whsec)_([A-Za-z0-9+/]{16,})"),
    _shape("hf_", r"\bhf_([A-Za-z0-9]{30,})"),
    _shape("npm_", r"\bnpm_([A-Za-z0-9]{36})\b"),
    _shape("r8_ gsk_ nvapi- pplx-", rf"{_START}(?:r8_|gsk_|nvapi-|pplx-)([A-Za-z0-9_-]{{32,}})"),
    _shape("AIza", r"\bAIza([0-9A-Za-z_-]{35})(?![0-9A-Za-z_-])"),
    _shape("ya29.", r"\bya29\.([A-Za-z0-9_-]{20,})"),
    _shape("GOCSPX-", r"\bGOCSPX-([A-Za-z0-9_-]{20,})"),
    _shape("dapi", r"\bdapi([0-9a-f]{32})(?![0-9a-z])"),
    _shape("SG.", r"\bSG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])"),
    _shape("SK", r"\bSK([0-9a-f]{32})\b"),
    _shape("pypi-AgE", r"\bpypi-AgE([A-Za-z0-9_-]{40,})"),
    _shape("_v1_", r"\bdo[opr]_v1_([a-f0-9]{64})\b"),
    _shape("hvs. hvb.", r"\bhv[sb]\.([A-Za-z0-9_-]{24,})"),
    _shape(":AA", r"(?<![0-9A-Za-z])[0-9]{8,10}:AA([A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])"),
    _shape("eyJ", rf"{_START}eyJ([A-Za-z0-9_-]{{10,}}\.eyJ[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]{{16,}})"),
    _shape("AccountKey= SharedAccessKey=", r"\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,})"),
    _shape("sig=", r"[?&]sig=([A-Za-z0-9%+/]{40,})"),
    _shape("$2 $1$ $5$ $6$ $y$ $apr1$", r"\$(?:2[abxy]\$[0-9]{2}|apr1\$[^$\s]{1,16}|[156]\$(?:rounds=[0-9]{1,9}\$)?[^$\s]{1,16}|y\$[^$\s]{1,16}\$[^$\s]{1,40})\$([A-Za-z0-9./]{22,})"),
    _shape("$argon2", r"\$argon2id?\$v=[0-9]{1,3}\$[a-z0-9=,]{1,40}\$[A-Za-z0-9+/]{8,64}\$([A-Za-z0-9+/]{22,})"),
    _shape("IDENTIFIED PASSWORD", r"\b(?:IDENTIFIED BY|WITH (?:ENCRYPTED |LOGIN )?PASSWORD) '([^'\n]{1,200})'", _is_password),
    _shape("\tTRUE \tFALSE", r"^(?:#HttpOnly_)?[\w.-]{1,255}\t(?:TRUE|FALSE)\t/[^\t\n]{0,255}\t(?:TRUE|FALSE)\t[0-9]{1,20}\t[^\t\n]{1,255}\t(\S{8,})", _is_filled_in),
    _shape("Cookie:", r"^[ \t]{0,20}(?:Set-)?Cookie: ?[^=\s]{1,100}=([^;\s]{16,})"),
    _shape("uthorization AUTHORIZATION", rf"(?:[Aa]uthorization|AUTHORIZATION){_ASSIGNED}(?:[Bb]earer|[Bb]asic|[Tt]oken) ([A-Za-z0-9._~+/=-]{{16,}})"),
    _shape("_authToken _auth _password", r"(?:^|:)_(?:authToken|auth|password) {0,4}= {0,4}([^\s]{8,})", _is_password),
    _shape("machine", r"\bmachine[ \t\r\n]{1,20}[^\s]{1,255}[ \t\r\n]{1,20}login[ \t\r\n]{1,20}[^\s]{1,255}[ \t\r\n]{1,20}password[ \t\r\n]{1,20}([^\s]{1,255})", _is_password),
    _shape("secret_access_key SECRET_ACCESS_KEY SecretAccessKey", rf"(?:secret_access_key|SECRET_ACCESS_KEY|SecretAccessKey){_ASSIGNED}([A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+=])"),
    _shape('"auth"', r'"auth"[ \t]{0,8}:[ \t]{0,8}"([A-Za-z0-9+/=]{8,})"', _is_login),
    _shape("client-key-data", rf"client-key-data{_ASSIGNED}([A-Za-z0-9+/=]{{40,}})"),
    # A password may have signs in it; a port with a path behind it, or the tag of an image with a digest, is none.
    _shape("://", r"://[^/\s:@\"'<>\[\]]{0,100}:(?![0-9]{1,5}[/?#])([^\s\"'<>]{2,128})@(?!sha256:)[^\s@\"'/,]", _is_password),
    _shape("TOKEN SECRET PASSWORD API_KEY ACCESS_KEY", rf"\b[A-Z0-9_]{{0,60}}(?:TOKEN|SECRET|PASSWORD|API_KEY|ACCESS_KEY){_ASSIGNED}([A-Za-z0-9/+_=-]{{20,}})(?![\w.(\[])", _is_number_and_word),
)  # fmt: skip


_WORDS = tuple({word for shape in _SHAPES for word in shape.words})
_BETWEEN = (
    "\n\f\n"  # no pattern goes over it, and each takes it for the end of a text, and for the start of one
)


def spans_of(text: str) -> Iterator[tuple[int, int]]:
    """Where a text has the shape of a credential: start and end of each, in no order."""
    words = [word for word in _WORDS if word in text]
    for shape in _SHAPES if words else ():
        if not shape.words.isdisjoint(words):
            yield from (match.span() for match in shape.pattern.finditer(text) if shape.is_one(match[1]))


def has_one(text: str) -> bool:
    """Whether a part of the text has the shape of a credential."""
    return next(spans_of(text), None) is not None


def those_with_one(texts: Iterable[str]) -> frozenset[str]:
    """Those of the texts that have one. All are searched at once, and each by itself only if that finds something."""
    distinct = dict.fromkeys(texts)
    return frozenset(filter(has_one, distinct)) if has_one(_BETWEEN.join(distinct)) else frozenset()


def line_of_one(content: bytes) -> int | None:
    """The line, from 1, of the first thing in a file that has the shape of a credential.

    Without its zeros UTF-16 is text like any other.
    """
    text = content.replace(b"\0", b"").decode("latin-1")  # every byte is a character of it
    start = min((start for start, _ in spans_of(text)), default=None)
    return None if start is None else text.count("\n", 0, start) + 1


_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST_NAME = 256
_ENDS = ("password", "passwd", "passphrase", "secret", "token", "credential", "credentials", "apikey")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WHOLE = _set("pwd pass pw passcode passwords secrets authorization secretkey accesskey privatekey")
_KEYS = _set(
    "access account admin api app application auth client consumer crypto db deploy encryption fernet hmac host jwt license "
    "management master openai priv private rsa secret security server service session sha shared signing ssh storage "
    "subscription webhook wandb"
)
_BEHIND = _set(  # what may follow: `PASSWORD_PROD`, `TOKEN_B64`
    "prod production dev development test testing stage staging live old new main default primary secondary backup base "
    "b hex value plain text raw encoded"
)
_NO_TOKENS = _set(
    "bos eos pad unk sep cls mask next end start begin stop special image audio video text first last per max min num n "
    "prompt new word sub continuation page"
)
_NO_PASSES = _set("forward backward first second single multi two num n low high band by all one")


@lru_cache(maxsize=10_000)
def is_named_like_one(name: str) -> bool:
    """Whether the name of a variable says that its value is a credential, for instance `DB_PASSWORD`."""
    words = [word.lower() for word in _WORD.findall(name[:_LONGEST_NAME])]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _BEHIND):
        words.pop()
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "key":
        return before in _KEYS
    if last in ("string", "str"):
        return before in ("connection", "conn")
    if last in ("pass", "token"):
        return before not in (_NO_PASSES if last == "pass" else _NO_TOKENS)
    return last in _WHOLE or last.endswith(_ENDS)


_NO_VALUE = regex(
    r"|0|1|true|false|yes|no|on|off|none|null"
    r"|\$[A-Za-z_]\w*|\$[({].*|<[^<>]*>|\*+"  # what is put there later
    r"|(?:~|\.\.?)?(?:/[\w.@-]+)+/?"  # a path
    r"|[a-z][a-z0-9+.-]{0,40}://\S*|arn:\S*",  # an address; its shape may still tell
    re.IGNORECASE,
)


def may_be_one(value: str) -> bool:
    """Whether a value could be a credential if its name says so: not nothing, a switch, a path or a reference."""
    return _NO_VALUE.fullmatch(value) is None


_OPTION = regex(r"(?<![^\s;&|(])--?([A-Za-z][\w.-]{0,99})(?:=|[ \t]{1,9})[\"']?([^\s\"'=-][^\s\"']{0,999})")
_ASSIGNMENT = regex(r"(?<![^\s;&|(])([A-Za-z_][\w.]{0,99})=[\"']?([^\s\"']{1,999})")
_FLAG = regex(r"--?([A-Za-z][\w.-]{0,99})\Z")


def values_in_words(words: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Which of the words of a command hold a credential, by what stands before it, and the credential.

    For instance `--password`, `hunter2`; `--token=abc`; `PGPASSWORD=abc psql`.
    """
    before = ""
    for index, word in enumerate(words):
        flag = _FLAG.match(before) if before.startswith("-") else None
        if flag and is_named_like_one(flag[1]) and not word.startswith("-") and may_be_one(word):
            yield index, word
        if "=" in word or " " in word or "\t" in word:
            for match in (*_OPTION.finditer(word), *_ASSIGNMENT.finditer(word)):
                if is_named_like_one(match[1]) and may_be_one(match[2]):
                    yield index, match[2]
        before = word

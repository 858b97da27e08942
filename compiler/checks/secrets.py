"""Secrets stay out of the config and of everything that is made from it."""

from collections.abc import Iterable, Iterator
from typing import Any

from automl.compiler.checks.tracking import uris_of
from automl.compiler.config.config import Config
from automl.compiler.config.located import Name, Template
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Git
from automl.compiler.patterns import regex
from automl.compiler.source import Located, Pair, Span
from automl.compiler.tree.nodes import Scalar
from automl.compiler.values.credentials import (
    has_one,
    is_named_like_one,
    may_be_one,
    those_with_one,
    values_in_words,
)
from automl.compiler.values.units import Quantity

_WITHOUT_TEXTS = frozenset([Span, Quantity, bool, int, str, frozenset])
_REF = regex(r"[^-\s~^:?*\[\\{}$`'\"|;&<>()][^\s~^:?*\[\\{}$`'\"|;&<>()]*\Z")
_NOT_IN_A_REF = ("..", "@{", "//", "/.", ".lock/")  # git check-ref-format says so
_LONGEST_REF, _LONGEST_URL = 255, 2048
_PASSWORD, _USER = regex(r"\w+://[^/:]*:[^/]*@"), regex(r"\w+://[^/]*@")
_ADDRESS = regex(r"(https?)://[^\s/{}$`'\"]+/[^\s{}$`'\"]+\Z")
_SHORT_COMMIT = regex(r"[0-9a-fA-F]{7,39}\Z")
_SSH = regex(r"(git\+)?(ssh://([^/@]*@)?|[\w.-]+@(?=[^/]+:))(?P<host>[^\s/:@]+)(:\d+/|[:/])(?P<path>\S+)\Z")

_PAGE = regex(r"https?://(github\.com/[^/]+/[^/]+/(tree|blob|commit)/|[^?#]+/-/)")
_VERSION = regex(r"\.git@|[?#]")
_HELP = "for instance https://github.com/acme/churn.git, with `token_secret` if it is private"


def check_plain_secrets(config: Config) -> Iterator[Diagnostic]:
    """Values under `envs` and `inputs` that look like a credential, by their name or their shape."""
    with_one = those_with_one(pair.value.value for step in config.steps for pair in step.envs + step.inputs)
    for step in config.steps:
        for pair in step.envs:
            if _looks_secret(pair, with_one):
                yield _plain_secret(pair, pair.key.value)
        for pair in step.inputs:
            if _looks_secret(pair, with_one):
                yield _plain_secret(pair, pair.key.value.replace("-", "_").upper())


def _looks_secret(pair: Pair, with_one: frozenset[str]) -> bool:
    name, value = pair.key.value, pair.value.value
    return value in with_one or (is_named_like_one(name) and may_be_one(value))


def _plain_secret(pair: Pair, variable: str) -> Diagnostic:
    name = pair.key.value
    return Diagnostic(
        Code.PLAIN_SECRET,
        f'the value of "{name}" looks like a credential, and would stand in the output for all to read',
        pair.key.span,
        help=f"put it into a Secret and write `secrets: [{{name: my-secret, keys: {{{name}: {variable}}}}}]`",
    )


def check_params(config: Config) -> Iterator[Diagnostic]:
    """Values of parameters that look like a credential, wherever they were given."""
    for param in config.params:
        if has_one(param.text) or (is_named_like_one(param.name) and may_be_one(param.text)):
            message = f'the parameter "{param.name}" looks like a credential, and would stand in the output for all to read'
            help = "put it into a Secret, and name that under `secrets`"
            yield Diagnostic(Code.PLAIN_SECRET, message, param.span, help=help)


def check_sweeps(config: Config) -> Iterator[Diagnostic]:
    """Values of trials that look like a credential, by their shape or by what they are called."""
    for sweep in [step.sweep for step in config.steps if step.sweep]:
        looking_so: dict[str | None, Scalar] = {}
        for name, node in sweep.values:
            is_named = name is not None and is_named_like_one(name)
            if has_one(node.text) or (is_named and may_be_one(node.text)):
                looking_so.setdefault(name, node)
        for node in looking_so.values():
            message = (
                "a value of a trial looks like a credential, and would stand in the output for all to read"
            )
            help = "put it into a Secret, and name that under `secrets`"
            yield Diagnostic(Code.PLAIN_SECRET, message, node.span, help)


def check_words(config: Config) -> Iterator[Diagnostic]:
    """Words of commands that are a credential because of what stands before them, for instance `--password`."""
    for step in config.steps:
        for words in filter(None, (step.entrypoint, step.command, step.args)):
            for index, value in values_in_words(word.value for word in words):
                if not has_one(value):
                    yield _plain_text(
                        words[index].span,
                        "put it into a Secret, name that under `secrets`, and read the variable",
                    )


def check_texts(config: Config) -> Iterator[Diagnostic]:
    """Every other text that has the shape of a credential, wherever it stands."""
    apart = {id(pair.value) for step in config.steps for pair in step.envs + step.inputs}
    if config.code and config.code.git:
        apart.add(id(config.code.git.written["url"]))
    apart.update(map(id, uris_of(config)))
    texts: list[tuple[str, Any]] = []
    _add_texts(config, apart, texts)
    if with_one := those_with_one([text for text, _ in texts]):
        for text, noun in texts:
            if text in with_one:
                yield _plain_text(noun.span, "put it into a Secret, and name that under `secrets`")


def _add_texts(parts: Iterable[Any], apart: set[int], texts: list[tuple[str, Any]]) -> None:
    """Add all texts within parts of the config, each with the noun that has its place."""
    for part in filter(None, parts):  # most are empty
        kind = type(part)
        if kind is Located or kind is Template:
            if isinstance(text := part.value, str) and id(part) not in apart:
                texts.append((text, part))
        elif kind in _WITHOUT_TEXTS:
            continue
        elif kind is Name:
            texts.append((part.written, part))
        elif isinstance(part, tuple):
            _add_texts(part, apart, texts)
        elif isinstance(part, dict) and type(next(iter(part.values()))) is not Span:
            texts += part.items()  # what was written for the keys of a noun
            _add_texts(part.values(), apart, texts)


def _plain_text(span: Span, help: str) -> Diagnostic:
    message = "this looks like a credential, and would stand in the output for all to read"
    return Diagnostic(Code.PLAIN_SECRET, message, span, help=help)


def check_git(config: Config) -> Iterator[Diagnostic]:
    """The address of a repository and what of it."""
    git = config.code.git if config.code else None
    if git is not None:
        yield from _check_url(git)
        yield from _check_ref(git.written["ref"])


def _check_ref(ref: Located[str]) -> Iterator[Diagnostic]:
    if not _is_ref(ref.value):
        message = f'"{ref.value}" cannot be a branch, a tag or a commit'
        yield Diagnostic(Code.URL, message, ref.span, help="for instance main, v1.4.2 or a full commit")
    elif ref.value.startswith("origin/"):
        message = f'"{ref.value}" is what a clone calls it, and not the repository'
        yield Diagnostic(
            Code.URL, message, ref.span, help=f'did you mean "{ref.value.removeprefix("origin/")}"?'
        )
    elif _SHORT_COMMIT.match(ref.value) and not ref.value.isdigit():
        message = f'"{ref.value}" looks like a shortened commit: checkouts take longer, and later commits may share it'
        yield Diagnostic(Code.SHORT_COMMIT, message, ref.span, help="give all 40 digits of the commit")


def _is_ref(text: str) -> bool:
    return (
        len(text) <= _LONGEST_REF
        and _REF.match(text) is not None
        and text.isprintable()
        and not any(part in text for part in _NOT_IN_A_REF)
        and not text.startswith(("/", "."))
        and not text.endswith(("/", ".", ".lock"))
        and text != "@"
    )


def _check_url(git: Git) -> Iterator[Diagnostic]:
    url = git.url
    if len(url) > _LONGEST_URL:
        message = f"the address of the repository has more than {_LONGEST_URL:,} characters"
        yield Diagnostic(Code.URL, message, git.span, help=_HELP)
    elif _PASSWORD.match(url) or has_one(url):
        message = "the address of the repository has credentials in it"
        help = "leave them out, and name the Secret that has them with `token_secret: {name: …, key: …}`"
        yield Diagnostic(Code.URL_CREDENTIALS, message, git.span, help=help)
    elif ssh := _SSH.match(url):
        help = f'write "https://{ssh["host"]}/{ssh["path"]}", with `token_secret` if it is private'
        yield Diagnostic(Code.URL, "git over ssh is not supported", git.span, help=help)
    elif _USER.match(url):
        message = "the address of the repository has a user name in it"
        help = "leave out what is before the `@`; where a user name is needed beside the token, a Secret has it: `token_secret: {name: …, key: …, username_key: …}`"
        yield Diagnostic(Code.URL_CREDENTIALS, message, git.span, help=help)
    elif not url.isprintable():
        message = "the address of the repository has characters in it that nobody sees"
        yield Diagnostic(Code.URL, message, git.span, help=_HELP)
    elif not (address := _ADDRESS.match(url)):
        message = "the address of the repository must start with https://"
        yield Diagnostic(Code.URL, message, git.span, help=_HELP)
    elif _VERSION.search(url):
        message = "the address of the repository has something behind it"
        yield Diagnostic(
            Code.URL, message, git.span, help="leave it out; a branch, a tag or a commit is the `ref`"
        )
    elif _PAGE.match(url):
        message = "this is the address of a page, not of a repository"
        yield Diagnostic(
            Code.URL,
            message,
            git.span,
            help="leave out what comes behind the name of the repository; the branch is the `ref`",
        )
    elif address[1] == "http":
        yield _plain_http(git)


def _plain_http(git: Git) -> Diagnostic:
    """Without TLS whoever is on the way reads the token, and can put other code in the place of this."""
    if git.token_secret:
        message = "over http:// the token would travel in clear"
        return Diagnostic(Code.URL, message, git.span, help="write https://")
    message = "over http:// the code can be changed on its way"
    return Diagnostic(Code.PLAIN_HTTP, message, git.span, help="write https://")

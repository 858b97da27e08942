"""Random configs, and what must hold of each: no exception, every finding in its place, nothing raw, and an output that is read.

    python -m tests.fuzzing --mutated 300000 --made 20000

prints the figures. `make fuzz` is that; `make test` runs a small part of it.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from automl import targets
from automl.cli.choices import every_choice
from automl.compiler.diagnostics import Diagnostic, has_errors, in_order
from automl.compiler.driver import Input, Overrides, analyse, emit
from automl.compiler.views.text import render
from automl.schemas import config_schema
from tests.golden import GOLDEN, cases, project_copy
from tests.targets.nasty import NASTY

ROOT = Path(__file__).parent.parent
ODD = 0.005  # how often something in a made config is not as the schema asks; a config has some 100 places
SECONDS = 5  # of the processor, for one config; those here are small
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WORDS = re.compile(rb"[A-Za-z0-9_./-]+|\s+|[^A-Za-z0-9_./\s-]")
_SCALAR = re.compile(rb": +([^\n{}\[\],]+)")
TOKENS: list[str] = [
    *"-:[]{}&*!|>'\"%@`#,?~\\\t\0\x1b\u202e\ufeff\ud83d",
    *(
        "\n",
        "\r\n",
        "  ",
        "---\n",
        "...\n",
        "<<: *a",
        "&a ",
        "*a",
        "!!binary ",
        "!Ref ",
        "? ",
        "- ",
        ": ",
        "null",
        "true",
    ),
    *(
        "0",
        "-1",
        "1e400",
        ".nan",
        "0o7",
        "1_000",
        "12:30",
        "99999999999999999999",
        "0.1",
        "${{ x }}",
        "{{x}}",
        "$(A)",
        "$$",
    ),
    *(
        "é",
        "😀",
        "\u2028",
        "x" * 300,
        "../",
        "/",
        "~",
        "C:\\a",
        "*/5 * * * *",
        "@daily",
        "2Gi",
        "500m",
        "1h30m",
        "Europe/Berlin",
    ),
]


_CHOICES = [choice for choice in every_choice() if targets.is_own(choice.target)]


class Finding(NamedTuple):
    """A config that breaks something, and what it breaks."""

    config: bytes
    why: str


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A config with a few changes in it: of bytes, words, lines, or parts of another one."""
    data = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        data = chance.choice(_MUTATIONS)(chance, data, seeds)
    return data


def _bytes(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(3)) + data[at + chance.randrange(4) :]


def _token(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + _token_of(chance) + data[at + chance.choice((0, 0, 1, 5)) :]


def _word(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    words = _WORDS.findall(data) or [b""]
    words[chance.randrange(len(words))] = chance.choice((b"", _token_of(chance), chance.choice(words)))
    return b"".join(words)


def _lines(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = data.splitlines(True) or [b""]
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.randrange(4)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(other, lines[at])
    elif what == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = b" " * chance.randrange(5) + lines[at].lstrip(b" ")
    return b"".join(lines)


def _splice(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds).splitlines(True)
    start = chance.randrange(len(other) + 1)
    lines = data.splitlines(True)
    at = chance.randrange(len(lines) + 1)
    return b"".join(lines[:at] + other[start : start + chance.randrange(6)] + lines[at:])


def _scalar(chance: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    places = list(_SCALAR.finditer(data))
    if not places:
        return data
    start, end = chance.choice(places).span(1)
    other = chance.choice(seeds)
    values = [match.group(1) for match in _SCALAR.finditer(other)] or [b"1"]
    text = json.dumps(chance.choice(NASTY)).encode() if chance.random() < 0.5 else chance.choice(values)
    return data[:start] + text + data[end:]


_MUTATIONS = (_bytes, _token, _word, _word, _lines, _lines, _splice, _scalar, _scalar, _scalar, _scalar)


def _token_of(chance: random.Random) -> bytes:
    return chance.choice(TOKENS).encode("utf-8", "surrogatepass")


def made(chance: random.Random, schema: Any) -> bytes:
    """A config of the schema's own keys: most values as it asks, some of another kind."""
    config = _value(chance, schema, schema, 0)
    if isinstance(config, dict):
        for number, step in enumerate(_steps(config)):
            step.setdefault("image", "busybox:1.37")
            if chance.random() < 0.9:
                step["step_name"] = f"step-{number}"  # or most configs would have two of one name
        if chance.random() < 0.9:
            _fit_together(chance, config)
    text = json.dumps(config, ensure_ascii=chance.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def _fit_together(chance: random.Random, config: dict[str, Any]) -> None:
    """Give a config what the examples refer to: a step, a volume, parameters; and let expressions refer to those."""
    for step in _steps(config):
        if "path_to_executable" not in step:  # the code is in the image
            step.pop("params_file", None)
            step.pop("outputs", None)
        if chance.random() < 0.5:
            step["args"] = chance.sample(EXPRESSIONS, 2)
    if isinstance(stages := config.get("stages"), dict):
        first = {"step_name": "extract", "image": "busybox:1.37", "outputs": {"rows": "int", "table": "file"}}
        config["stages"] = {"extract": [first | {"entrypoint": ["extract"]}], **stages}
    config["volumes"] = {"data": {"empty_dir": True}}
    config["params"] = {"lr": 0.1, "tier": {"enum": ["gold", "it's {{ x }} $(Y)"], "default": "gold"}, "n": 3}


EXPRESSIONS = [
    "--lr=${{ params.lr }}",
    "${{ params.tier == 'gold' && !(params.n >= 3) }}",
    "${{ params.tier }}",
    "a ${{ steps.extract.outputs.rows }} b ${{ params.n }} $(Z) {{ x }}",
    "${{ steps['extract/extract'].outputs.table }}/part",
    "${{ run.id }}",
    "${{ params['lr'] < 1e-3 }}",
]


def _steps(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    stages = config.get("stages")
    for stage in stages.values() if isinstance(stages, dict) else ():
        stage = stage.get("steps") if isinstance(stage, dict) else stage
        yield from (step for step in stage if isinstance(step, dict)) if isinstance(stage, list) else ()


def _value(chance: random.Random, schema: Any, at: Any, depth: int) -> Any:
    if "$ref" in at:
        at = at | schema["$defs"][at["$ref"].rpartition("/")[2]]
    if chance.random() < ODD or depth > 8:
        return chance.choice((None, True, [], {}, [[]], {"a": {}}, -1, 0.5, 1e308, 10**12, _odd_text(chance)))
    if "if" in at:
        at = chance.choice((at["then"], schema["$defs"]["steps"]))
    if "enum" in at or "const" in at:
        return chance.choice(at.get("enum", [at.get("const")]))
    if at.get("examples") and not _is_made(at) and chance.random() < 0.93:
        return chance.choice(at["examples"])
    kinds = at.get("type", "string")
    kind = kinds if isinstance(kinds, str) else chance.choice(kinds)
    if kind == "object":
        return _object(chance, schema, at, depth)
    if kind == "array":
        count = chance.randrange(at.get("minItems", 0), 4)
        return [_value(chance, schema, at.get("items", {}), depth + 1) for _ in range(count)]
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("integer", "number"):
        least = at.get("minimum", 0)
        return chance.choice((least, least + 1, least + chance.randrange(100), at.get("maximum", 5000)))
    return _text(chance, at)


def _is_made(at: Any) -> bool:
    """Whether values are made of their parts, or by their range, although there are examples: they vary more."""
    more = at.get("additionalProperties")
    is_of_keys = "properties" in at or (isinstance(more, dict) and "$ref" in more)
    return is_of_keys or at.get("type") == "integer"


def _object(chance: random.Random, schema: Any, at: Any, depth: int) -> dict[str, Any]:
    known = at.get("properties", {})
    needed = (*at.get("required", ()), "steps")
    chosen = [name for name in known if name in needed or chance.random() < 0.25]
    chosen = chosen[: at.get("maxProperties", len(chosen))] or list(known)[: at.get("minProperties", 0)]
    found = {name: _value(chance, schema, known[name], depth + 1) for name in chosen}
    more = at.get("additionalProperties", False)
    if isinstance(more, dict):
        for _ in range(chance.randrange(1, 4)):
            name = _odd_text(chance) if chance.random() < ODD else chance.choice(("a", "b", "LEVEL", "x1"))
            found[name] = _value(chance, schema, more, depth + 1)
    if chance.random() < ODD / 2:
        found[chance.choice(("", "\0", "key.1", "0", "x-a", "timout", _odd_text(chance)))] = 1
    return found


def _text(chance: random.Random, at: Any) -> str:
    """A text that the schema takes, where one of a few is."""
    plain = ("a", "train.py", "/api", "b" * 70, "2", "")
    nasty = [chance.choice(NASTY) for _ in range(3)] if chance.random() < 0.3 else []
    fits = [
        each
        for each in (*nasty, *plain)
        if re.search(at.get("pattern", ""), each) and len(each) >= at.get("minLength", 0)
    ]
    return fits[0] if fits else _odd_text(chance)


def _odd_text(chance: random.Random) -> str:
    return chance.choice((*TOKENS, *NASTY))


def check(given: Input, is_read: bool) -> tuple[str, str | None]:
    """How far a config gets, and what is wrong with what is made of it, if something is.

    `is_read`: the output is parsed, too, which takes as long as all the rest.
    """
    workflow, found = analyse(given, Overrides())
    if workflow is None:
        return "refused", _wrong_findings(given, found) or (
            None if has_errors(found) else "refused without an error"
        )
    fate = "taken by no target"
    for choice in _CHOICES:
        emission = emit(workflow, choice.target, choice.options)
        if why := _wrong_findings(given, [*found, *emission.diagnostics]):
            return fate, why
        if not has_errors(emission.diagnostics):
            fate = "compiled"
            if why := _wrong_output([each.text for each in emission.artifacts], is_read):
                return fate, f"{choice.target.name}: {why}"
    return fate, None


def _wrong_findings(given: Input, found: Sequence[Diagnostic]) -> str | None:
    for each in found:
        line, column = each.span.line, each.span.column
        if not each.message:
            return f"{each.code} has no message"
        if (
            line < 1
            or column < 1
            or line > len(each.span.source.lines)
            or column > len(each.span.source.line(line)) + 1
        ):
            return f"{each.code} stands at {line}:{column}, which is not there"
    text = render(in_order(found))
    if raw := RAW.search(text):
        return f"U+{ord(raw.group()):04X} is printed as it is"
    return None


def _wrong_output(texts: Sequence[str], is_read: bool) -> str | None:
    for text in texts:
        if raw := RAW.search(text.replace("\t", " ")):
            return f"U+{ord(raw.group()):04X} is written as it is"
        if not is_read:
            continue
        if text.startswith("#!/usr/bin/env bash"):
            subprocess.run(["bash", "-n"], input=text.encode(), check=True)
        elif text.startswith("#!"):
            compile(text, "a program for a machine", "exec")
        elif not all(isinstance(each, dict) for each in yaml.load_all(text, yaml.CSafeLoader)):
            return "a document is no mapping"
    return None


def run(mutations: int, makes: int, seed: int, folder: Path) -> tuple[Counter[str], list[Finding], float]:
    """Try so many configs; returns how far they got, what is broken, and the seconds of the slowest."""
    generator = random.Random(seed)
    seeds = [path.read_bytes() for path in _seeds() if path.stat().st_size < 20_000]
    schema = json.loads(config_schema())
    fates: Counter[str] = Counter()
    broken: list[Finding] = []
    slowest = 0.0
    signal.signal(signal.SIGPROF, _too_long)
    for number in range(mutations + makes):
        config = mutated(generator, seeds) if number < mutations else made(generator, schema)
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            fate, why = check(Input("config.yaml", config, folder), number % 8 == 0)
        except Exception:  # noqa: BLE001 whatever it is, it is what is looked for
            fate, why = "exception", traceback.format_exc(limit=-4)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - start)
        fates[fate] += 1
        if why:
            broken.append(Finding(config, why))
    return fates, broken, slowest


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def _seeds() -> Iterator[Path]:
    yield from sorted(GOLDEN.glob("*/config.yaml"))
    yield from sorted((ROOT / "examples").glob("*/config.yaml"))


def project(folder: Path) -> Path:
    """A folder with the files that the seeds name."""
    for case in cases():
        shutil.copytree(project_copy(case, folder / "cases"), folder / "project", dirs_exist_ok=True)
    (folder / "project" / "config.yaml").unlink()
    return folder / "project"


def summary(fates: Counter[str], broken: Sequence[Finding], slowest: float) -> str:
    """One line with the figures."""
    parts = ", ".join(f"{count:,} {fate}" for fate, count in fates.most_common())
    return (
        f"fuzz: {sum(fates.values()):,} configs: {parts}; {len(broken)} broken; the slowest {slowest:.1f} s"
    )


def _share(words: tuple[int, int, int, Path]) -> tuple[Counter[str], list[Finding], float]:
    return run(*words)


def main() -> int:
    """Run as many processes as there are processors, and say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutated", type=int, default=300_000)
    parser.add_argument("--made", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    processes = os.cpu_count() or 1
    parts = processes * 20
    with tempfile.TemporaryDirectory() as place, multiprocessing.Pool(processes, maxtasksperchild=1) as pool:
        folder = project(Path(place))
        shares = [
            (wanted.mutated // parts, wanted.made // parts, wanted.seed + part, folder)
            for part in range(parts)
        ]
        fates: Counter[str] = Counter()
        broken: list[Finding] = []
        slowest = 0.0
        for some, findings, longest in pool.imap_unordered(_share, shares):
            fates += some
            broken += findings
            slowest = max(slowest, longest)
            print(summary(fates, broken, slowest), flush=True)
    print(f"at most {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB in a process")
    for finding in broken[:20]:
        print(f"\n{finding.config!r}\n{finding.why}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

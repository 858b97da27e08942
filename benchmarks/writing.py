"""Our writer of YAML against PyYAML's emitter in C, in turns: the documents as the targets make them, where what steps have in
common is one object, and the same with no object twice."""

import json
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets.objects import stream
from automl.targets.writers.yaml import write_yaml, yaml_pieces

TARGETS = ("argo", "kubeflow-native", "kubernetes")
ROUNDS = 5
NO_FOLDING = 1 << 30


class Dumper(yaml.CSafeDumper):
    """Writes an object as often as it stands there, as we do."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def by_pyyaml(documents: Any) -> str:
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": NO_FOLDING}
    return str(yaml.dump_all(documents, Dumper=Dumper, **options))


def documents_of(config: Path, name: str) -> Any:
    """What a target has written of a config."""
    target = targets.load(name)
    assert target
    given = Input(config.name, config.read_bytes(), config.parent)
    with patch.object(stream, "yaml_pieces", side_effect=yaml_pieces) as writer:
        result = compile_config(given, Overrides(), target, Options(target.default_version, target.forms[0]))
        assert all(artifact.text for artifact in result.artifacts), result.diagnostics
    return writer.call_args.args[0]


def writing_against_pyyaml(config: Path) -> None:
    """Print how often faster ours is, by the least times of several rounds."""
    print(
        f"\nwriting YAML in one process: milliseconds of ours, of CSafeDumper, their ratio ({config.parent.name} steps)"
    )
    for name in TARGETS:
        emitted = documents_of(config, name)
        for how, documents in (("as emitted", emitted), ("unshared", json.loads(json.dumps(emitted)))):
            ours, theirs = (
                min(times) for times in zip(*(_round(documents) for _ in range(ROUNDS)), strict=True)
            )
            print(f"  {name:16}{how:12}{ours * 1e3:8.1f}{theirs * 1e3:8.1f}{theirs / ours:8.1f}")


def compiling_against_load_and_dump(config: Path) -> None:
    """Print how often longer all of a compilation takes, beyond start-up, than to load its config and to dump its output
    in C: what nobody who writes Python can do without."""
    print("\nbeyond start-up: milliseconds of ours, of CSafeLoader.load and json.dumps, their ratio")
    for name in TARGETS:
        documents = documents_of(config, name)
        ours, theirs = (
            min(times)
            for times in zip(*(_whole(config, name, documents) for _ in range(ROUNDS)), strict=True)
        )
        print(f"  {name:28}{ours * 1e3:8.1f}{theirs * 1e3:8.1f}{ours / theirs:8.1f}")


def _whole(config: Path, name: str, documents: Any) -> tuple[float, float]:
    start = time.process_time()
    documents_of(config, name)
    compiled = time.process_time()
    yaml.load(config.read_bytes(), Loader=yaml.CSafeLoader)
    json.dumps(documents)
    return compiled - start, time.process_time() - compiled


def _round(documents: Any) -> tuple[float, float]:
    times = []
    for write in (write_yaml, by_pyyaml):
        start = time.process_time()
        write(documents)
        times.append(time.process_time() - start)
    return times[0], times[1]

"""What the engines' own code thinks of a manifest.

The judges are Argo's validators, compiled from its Go modules, kubeconform with the schemas of Argo's
CRDs and of Kubernetes, the YAML parser of kubectl and the schedule parser of Argo and Kubernetes.
Everything is built on first use, which takes minutes, and kept outside the tree (see `cache`).

To judge by one more version of Argo, add a line to ARGO_VERSIONS and the go.mod and go.sum it names. A
version whose Go interface did not change shares the program of its neighbour: for 4.1, copy
`argo_4/go.mod` and `argo_4/go.sum` to `argo_4/4.1.mod` and `argo_4/4.1.sum`, change the version in there
with `go get -modfile=4.1.mod`, and name `argo_4/4.1.mod`. Otherwise make a folder with a main.go.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance import golang, schemas

ARGO_VERSIONS = {"3.7": "argo_3_7/go.mod", "4.0": "argo_4/go.mod"}
KUBECONFORM = ("kubeconform/go.mod", "github.com/yannh/kubeconform/cmd/kubeconform")


class Verdict(NamedTuple):
    """What a judge found in each file, and how many objects it read."""

    errors: dict[Path, list[str]]
    objects: int


def argo_judge(version: str) -> Path:
    """The program that holds the validators of a version of Argo."""
    return golang.build(ARGO_VERSIONS[version])


def lint_argo(version: str, paths: Sequence[Path]) -> dict[Path, list[str]]:
    """The errors of each file by the code of Argo's controller and executor."""
    return judge_argo(version, paths).errors


def judge_argo(version: str, paths: Sequence[Path]) -> Verdict:
    """As `lint_argo`, with the number of objects."""
    reports = _ask(argo_judge(version), "lint", paths)
    errors = {path: list(report["errors"]) for path, report in zip(paths, reports, strict=True)}
    return Verdict(errors, sum(sum(report["objects"].values()) for report in reports))


def kubeconform(argo_version: str, kubernetes_version: str, paths: Sequence[Path]) -> dict[Path, list[str]]:
    """The errors of each file by the schemas of a version of Argo and one of Kubernetes, such as "1.31"."""
    return judge_schemas(argo_version, kubernetes_version, paths).errors


def judge_schemas(argo_version: str, kubernetes_version: str, paths: Sequence[Path]) -> Verdict:
    """As `kubeconform`, with the number of valid objects."""
    return _judge(schemas.argo(ARGO_VERSIONS[argo_version]), kubernetes_version, paths)


def judge_kubeflow_objects(kubernetes_version: str, paths: Sequence[Path]) -> Verdict:
    """As `judge_schemas`, for the objects of Kubeflow instead of Argo's."""
    return _judge(schemas.kubeflow(), kubernetes_version, paths)


def _judge(custom: Path, kubernetes_version: str, paths: Sequence[Path]) -> Verdict:
    kubernetes = schemas.kubernetes(kubernetes_version)
    locations = [
        f"{custom}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
        f"{kubernetes}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
    ]
    report = _run_kubeconform(locations, paths)
    errors: dict[Path, list[str]] = {path: [] for path in paths}
    for resource in report["resources"]:
        errors[Path(resource["filename"])].append(_describe(resource))
    return Verdict(errors, report["summary"]["valid"])


def _run_kubeconform(locations: Sequence[str], paths: Sequence[Path]) -> Any:
    options = [option for location in locations for option in ("-schema-location", location)]
    command = [str(golang.build(*KUBECONFORM)), "-strict", "-output", "json", "-summary", *options]
    # It ends with 1 when a file is bad, and with 1 and no JSON when it could not work.
    done = subprocess.run([*command, *map(str, paths)], text=True, capture_output=True, check=False)
    assert done.stdout.startswith("{"), done.stderr
    return json.loads(done.stdout)


def _describe(resource: dict[str, Any]) -> str:
    details = [f"{error['path']}: {error['msg']}" for error in resource.get("validationErrors") or []]
    return f"{resource['kind']} {resource['name']!r}: " + ("; ".join(details) or str(resource["msg"]))


def go_yaml(paths: Sequence[Path]) -> dict[Path, list[Any] | str]:
    """The documents of each file as kubectl's parser reads them, or what it has against the file."""
    conversions = _ask(argo_judge("4.0"), "yaml2json", paths)
    return {
        path: conversion["documents"] if conversion["error"] is None else conversion["error"]
        for path, conversion in zip(paths, conversions, strict=True)
    }


def robfig_cron(expressions: Sequence[str]) -> list[str | None]:
    """What the schedule parser of Argo and Kubernetes has against each expression."""
    assert not any("\n" in expression for expression in expressions)
    answers = _ask(argo_judge("4.0"), "cron", (), "".join(f"{line}\n" for line in expressions))
    assert len(answers) == len(expressions)
    return [answer["error"] for answer in answers]


def _ask(judge: Path, command: str, paths: Sequence[Path], text: str = "") -> Any:
    done = subprocess.run(
        [judge, command, *map(str, paths)], input=text, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

"""Reads packages strictly by the protobuf messages of one version of kfp: python -S kfp_protos.py <PACKAGES

PACKAGES is JSON: a list of documents of packages, one or two each. Out come the errors of each. On PYTHONPATH are
that version's messages; the kfp that is installed beside the tests is not looked at (`-S`), nor is the rest of theirs.

The server refuses an unknown field of the pipeline, but drops one of a container without a word, and the whole
platform document for one of that. Here everything has to be known and to be written as protobuf would write it.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError  # type: ignore[import-untyped]
from kfp.kubernetes import kubernetes_executor_config_pb2 as kubernetes  # type: ignore[import-untyped]
from kfp.pipeline_spec import pipeline_spec_pb2 as kfp  # type: ignore[import-untyped]


def errors_of(documents: list[dict[str, Any]]) -> Iterator[str]:
    """What one package has that the messages do not."""
    pipeline, *platforms = documents
    yield from _errors("pipelineSpec", pipeline, kfp.PipelineSpec())
    yield from _errors("deploymentSpec", pipeline["deploymentSpec"], kfp.PipelineDeploymentConfig())
    for platform in platforms:
        yield from _errors("platformSpec", platform, kfp.PlatformSpec())
        executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        for name, executor in executors.items():
            yield from _errors(name, executor, kubernetes.KubernetesExecutorConfig())


def _errors(place: str, value: dict[str, Any], message: Any) -> Iterator[str]:
    try:
        again = MessageToDict(ParseDict(value, message))
    except ParseError as error:
        yield f"{place}: {error}"
        return
    if _without_defaults(again) != _without_defaults(value):
        yield f"{place}: protobuf writes it in another way: {json.dumps(again)}"


def _without_defaults(value: Any) -> Any:
    """The value without empty texts, which protobuf leaves out."""
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if item != ""}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    json.dump([list(errors_of(package)) for package in json.load(sys.stdin)], sys.stdout)

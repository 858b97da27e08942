"""The file by which Kubeflow's launcher learns which numbers to show."""

import json
from pathlib import Path

from google.protobuf import json_format  # type: ignore[import-untyped]
from kfp.pipeline_spec.pipeline_spec_pb2 import ExecutorOutput  # type: ignore[import-untyped]

from automl.runtime.metrics import show


def test_the_launcher_finds_the_numbers_in_the_artifact(tmp_path: Path) -> None:
    artifact = {
        "name": "the-scores",
        "type": {"schemaTitle": "system.Metrics", "schemaVersion": "0.0.1"},
        "uri": "minio://mlpipeline/v2/scores",
        "metadata": {"display_name": "the-scores"},
    }
    file = tmp_path / "kfp_outputs" / "output_metadata.json"
    given = {
        "inputs": {"parameterValues": {"a": "b"}},
        "outputs": {"artifacts": {"the_scores": {"artifacts": [artifact]}}, "outputFile": str(file)},
    }
    show(json.dumps(given), {"The-Scores": '{"auc": 0.9, "rows": 10, "loss": 1e-300}'})
    message = json_format.Parse(file.read_text(), ExecutorOutput())
    [found] = message.artifacts["the_scores"].artifacts
    assert found.uri == artifact["uri"]
    assert json_format.MessageToDict(found.metadata) == {
        "display_name": "the-scores",
        "auc": 0.9,
        "rows": 10.0,
        "loss": 1e-300,
    }

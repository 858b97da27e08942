"""What Kubeflow's launcher does around the program of a container, where kfp.local does it in another way.

The paths are those in kubeflow/pipelines 2.15.0. `ExecutorInput` is the message with what a task is given and leaves.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from kfp.local import executor_output_utils  # type: ignore[import-untyped]
from kfp.pipeline_spec import pipeline_spec_pb2  # type: ignore[import-untyped]

Message = Any  # of a type that is made when it is imported
Object = dict[str, Any]


def through_kubelet(executor_input: Message, expanded: Callable[[str], str]) -> Message:
    """The message as the launcher gets it: from the arguments of its pod, which the kubelet expands.

    initPodSpecPatch in backend/src/v2/driver/driver.go: `"--executor_input", string(executorInputJSON)`.
    """
    text = json.dumps(json_format.MessageToDict(executor_input), ensure_ascii=False)
    return json_format.Parse(expanded(text), pipeline_spec_pb2.ExecutorInput())


def replaced(words: Sequence[str], executor_input: Message) -> list[str]:
    """The words, where a value that has come into them may look like a placeholder of the launcher.

    executeV2 in backend/src/v2/component/launcher_v2.go replaces one after the other in all of a word, in any order
    (`range placeholders`), so also in the values of those before.
    """
    given, left = executor_input.inputs.parameter_values, executor_input.outputs.parameters
    texts = {f"{{{{$.inputs.parameters['{name}']}}}}": value.string_value for name, value in given.items()}
    texts |= {f"{{{{$.outputs.parameters['{name}'].output_file}}}}": left[name].output_file for name in left}
    texts["{{$}}"] = json_format.MessageToJson(executor_input, indent=None)
    found = []
    for word in words:
        for placeholder, text in texts.items():
            word = word.replace(placeholder, text)
        found.append(word)
    return found


def prepare_folders(executor_input: Message) -> None:
    """The folders of what a task leaves, which its user can write to, as the launcher runs as that user.

    prepareOutputFolders in backend/src/v2/component/launcher_v2.go.
    """
    files = [each.output_file for each in executor_input.outputs.parameters.values()]
    files += [_of(artifacts).uri for artifacts in executor_input.outputs.artifacts.values()]
    for folder in {Path(file).parent for file in files}:
        for each in [folder, *folder.parents]:
            if not each.exists():
                each.mkdir(parents=True)
                each.chmod(0o777)
        folder.chmod(0o777)


def missing(executor_input: Message) -> list[str]:
    """Why the launcher fails although the program has succeeded, a line each.

    Of parameters that have no file: collectOutputParameters in launcher_v2.go. Artifacts may be missing:
    uploadOutputArtifacts there says "We allow components to not produce output files".
    """
    return [
        f'failed to read output parameter name="{name}" path="{each.output_file}": no such file or directory'
        for name, each in executor_input.outputs.parameters.items()
        if not Path(each.output_file).is_file()
    ]


def made(executor_input: Message, component_spec: Message) -> Object:
    """What a task has made: the texts of parameters, and the files that it was told to put somewhere.

    A parameter that is a text is the whole file: TextToPbValue in backend/src/v2/metadata/converter.go.
    """
    definitions = component_spec.output_definitions.parameters
    values = {
        name: executor_output_utils.special_dsl_outputpath_read(
            name, each.output_file, definitions[name].parameter_type
        )
        for name, each in executor_input.outputs.parameters.items()
    }
    files = {
        name: executor_output_utils.artifact_list_to_dsl_artifact(artifacts, is_artifact_list=False)
        for name, artifacts in executor_input.outputs.artifacts.items()
    }
    return {**values, **files}


def _of(artifacts: Message) -> Message:
    """The one artifact: "TODO: Support multiple artifacts someday" in launcher_v2.go."""
    return artifacts.artifacts[0]

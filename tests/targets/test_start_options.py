"""What the start script is told: options for what a task is given and leaves, and texts that it puts values into."""

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.ir import (
    Command,
    Output,
    OutputOf,
    Parameter,
    Project,
    Reference,
    Text,
    Type,
    Variable,
)
from automl.targets.objects.container import container
from automl.targets.objects.escape import NO_TEXTS, Texts, collect_texts, has_template_tag
from automl.targets.objects.start import Given, placeholders, start_arguments
from tests.by_hand import SPAN, job, workflow
from tests.examples import examples
from tests.runtime.kubelet import expanded

RATE = Reference("AUTOML_PARAM_LR", Parameter("lr", Type.FLOAT, "1e-3", None, SPAN))
ROWS = Reference("AUTOML_INPUT_ROWS", OutputOf("extract", "rows", Type.INT))
_words = st.one_of(
    st.text("@$(){}A\\= é", min_size=1, max_size=8), st.sampled_from(["@", "@@", "@(A)", "{{x}}"])
)
_parts = st.lists(st.sampled_from([RATE, ROWS]) | _words, min_size=1, max_size=4)


def apart(parts: list[str | Reference]) -> Text:
    """A text of these, words that would stand side by side made one."""
    joined: list[str | Reference] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return Text(tuple(joined), SPAN)


_texts = st.builds(apart, _parts)


def test_the_script_is_told_what_is_given_and_what_is_left() -> None:
    outputs = (Output("rows", Type.INT, None, SPAN), Output("report", Type.FILE, "out/a.html", SPAN))
    project = Project(Text.of("requirements.txt", SPAN), ("papermill",), "conf/params.json")
    values = (RATE, ROWS, RATE._replace(variable="AUTOML_INPUT_LR"))
    made = job("a", project=project, command=Command(None, (Text.of("run", SPAN),)), values=values)
    wanted = made._replace(outputs=outputs)
    words = [word if isinstance(word, str) else word.literal for word in start_arguments(wanted, ["--more"])]
    assert words == [
        *("--dependencies", "requirements.txt", "--package", "papermill"),
        *("--param", "lr:float", "--params-file", "conf/params.json"),
        *("--output", "rows:int", "--output", "report:file:out/a.html"),
        *("--more", "--", "run"),
    ]


def test_what_is_known_in_a_run_only_is_left_to_be_filled() -> None:
    wanted = job("a", values=(ROWS, RATE), variables=(Variable("N", Text(("n=", ROWS), SPAN)),))
    assert container(wanted, NO_TEXTS, placeholders(wanted))["env"] == [
        {"name": "AUTOML_INPUT_ROWS"},
        {"name": "HOME", "value": "/automl/work"},
        {"name": "AUTOML_PARAM_LR", "value": "1e-3"},
        {"name": "N", "value": "n=$(AUTOML_INPUT_ROWS)"},
    ]


@settings(max_examples=examples(60), deadline=None)
@given(
    words=st.lists(_texts, min_size=1, max_size=3), value=_texts, rows=st.sampled_from(["", "7", "@(B) $(C)"])
)
def test_the_script_puts_values_into_texts(words: list[Text], value: Text, rows: str) -> None:
    made = job("a", project=Project(None), command=Command(None, tuple(words)), values=(RATE, ROWS))
    wanted = made._replace(variables=(Variable("N", value),))
    keys = collect_texts(workflow([wanted]), has_template_tag)
    main = container(wanted, Texts("texts", keys), Given(options=["--value", "x={{y}}"], by_script=True))
    seen_words, variables = seen_by(main, {key: text for text, key in keys.items()}, rows)
    assert seen_words == [filled(word, rows) for word in words]
    assert variables["N"] == filled(value, rows)
    assert str(main).count("{{") == 1  # ours


def filled(text: Text, rows: str) -> str:
    return text.with_values(lambda reference: rows if reference.known is None else reference.known)


def seen_by(main: Any, texts: Mapping[str, str], rows: str) -> tuple[list[str], dict[str, str]]:
    """The words and variables of a command, once the kubelet and the start script have done their part."""
    variables: dict[str, str] = {}
    for entry in main["env"]:
        reference = entry.get("valueFrom", {}).get("configMapKeyRef")
        value = texts[reference["key"]] if reference else expanded(entry.get("value", ""), variables)
        variables[entry["name"]] = value
    words = [expanded(word, variables) for word in main["args"]]
    variables["AUTOML_INPUT_ROWS"] = rows

    def put(text: str) -> str:
        return re.sub(r"@@|@\((\w+)\)", lambda match: variables[match[1]] if match[1] else "@", text)

    options, command = words[: words.index("--")], words[words.index("--") + 1 :]
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option == "--set":
            name, _, text = value.partition("=")
            variables[name] = put(text)
        elif option == "--expand":
            command[int(value)] = put(command[int(value)])
    return command, variables

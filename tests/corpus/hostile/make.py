import os
from pathlib import Path

import see  # noqa: F401

VALUES = {
    "QUOTES": 'it\'s "quoted" and `more` \\ back\\slashed \\n',
    "LINES": "two\nlines\n\n",
    "NEWLINE": "\n",
    "CRLF": "a\r\nb\r\n",
    "LANGUAGES": "日本語 é e\u0301 😀 👨\u200d👩 \U000e0041",
    "UNSEEN": "\u2028 \u2029 \u0085 \ufeff \u200b \u202e \x7f \x9f",
    "NO_CHARACTERS": "\U0001fffe \uffff \ufffe \ufdd0 \U0010ffff \ue000",
    "CONTROLS": "\x01\t\x1b[2J\x08",
    "BRACES": "{{ }} {{{ }}} {{`x`}} {{",
    "TAGS": "{{workflow.name}} {{inputs.parameters.x}} {{pod.name}}",
    "SUMS": "{{=1+1}} {{= workflow.name }}",
    "KUBEFLOW": "{{$.inputs.parameters['x']}} {{$}} {{$.outputs.parameters['x'].output_file}}",
    "DOLLARS": "$(HOME) $$(HOME) $$$(HOME) $(X) $$ $ ${HOME} $HOME `id` $((1+1))",
    "OTHERS": "@(HOME) @@(HOME) @@ @ %41 %% %s %",
    "EMPTY": "",
    "BLANKS": "  a  b\t ",
    "ZERO": "007",
    "OPTION": "--",
    "PICKLED": '{"a": "{{=1+1}} $(HOME) \\ud83d\\ude00 \'"}',
}
for name, text in VALUES.items():
    Path(os.environ[f"AUTOML_OUTPUT_{name}"]).write_bytes(text.encode())

"""What is in a project and never code of it: by its name, in patterns as in .gitignore.

The patterns of `exclude` come after these, so that a `!pattern` there takes a file back.
"""

import re
from collections.abc import Iterator
from functools import cache

from automl.compiler.patterns import regex
from automl.compiler.project.gitignore import Pattern, Patterns, given_pattern

CREDENTIALS = "credentials"
DOCUMENTATION = "never code: documentation"
ENVIRONMENT = "never code: an environment"
BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
"""With one of these at the top a project can be built, and what builds it may read its documentation."""

_NEVER_CODE = {
    "never code: editors and systems": """
        *~ *.swp *.swo .#* \\#*# .DS_Store ._* Thumbs.db ehthumbs.db desktop.ini .directory .Trash-*/ .nfs*
        .idea/ .vscode/ .vs/ *.code-workspace *.sublime-project *.sublime-workspace .project .pydevproject
        .settings/ .spyderproject .spyproject/ .ropeproject/""",
    "never code: caches": """
        __pycache__/ *.pyc *.pyo .ipynb_checkpoints/ .*_cache/ .cache/ .hypothesis/ .tox/ .nox/ .eggs/ *.egg-info/
        .coverage .coverage.* htmlcov/ node_modules/""",
    "never code: version control": """
        .git .hg .svn .bzr .jj /.gitignore .gitattributes .gitmodules .git-blame-ignore-revs .mailmap .hgignore
        .hgtags""",
    "never code: CI and checks": """
        .github/ .gitlab/ .gitlab-ci.yml .circleci/ .travis.yml appveyor.yml azure-pipelines.yml
        bitbucket-pipelines.yml Jenkinsfile .pre-commit-config.yaml .pre-commit-hooks.yaml .editorconfig
        .dockerignore""",
    "never code: what runs leave": """
        mlruns/ mlartifacts/ wandb/ lightning_logs/ catboost_info/ .neptune/ **/.dvc/cache/ **/.dvc/tmp/ .store/ *.log""",
    "never code: manifests and configs of automl": """
        kustomization.yaml kustomization.yml Kustomization automl.yaml automl.yml *.automl.yaml *.automl.yml
        automl.schema.json .automl/ .automl-*""",
    CREDENTIALS: """
        .env .env.* !.env.example !.env.template !.env.sample !.env.dist !.env.defaults *.env !example.env
        !template.env !sample.env .envrc .netrc _netrc .npmrc .pypirc .pgpass pgpass.conf .my.cnf
        .mylogin.cnf .git-credentials .htpasswd .docker/ .dockerconfigjson .dockercfg .kube/ kubeconfig
        kubeconfig.yaml kubeconfig.yml *.kubeconfig .aws/ .azure/ .oci/ **/.config/gcloud/ .gcloud/
        application_default_credentials.json .boto .s3cfg .passwd-s3fs .rclone.conf rclone.conf .databrickscfg
        .snowsql/ .gnupg/ .ssh/ id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk *.p8 *.pk8 *.p12
        *.pfx *.jks *.keystore *.ppk *.key *.der *.kdbx .vault-token **/.streamlit/secrets.toml .kaggle/
        kaggle.json .huggingface/ .mlflow/ .comet.config **/.dvc/config.local **/.cargo/credentials
        **/.cargo/credentials.toml .terraformrc terraform.rc terraform.tfstate* *.tfstate *.tfstate.* *.tfvars
        *.tfvars.json .*_history core.[0-9]* !core.[0-9]*.* secret.yaml secret.yml secret.json secret.toml
        secrets.yaml secrets.yml secrets.json secrets.toml .secrets.yaml .secrets.yml .secrets.json .secrets.toml
        .secrets/ credentials.json credentials.yaml credentials.yml credentials.toml client_secret*.json
        .smbcredentials .pg_service.conf .dev.vars .modal.toml clearml.conf .databricks/ .terraform.d/""",
    # behind the credentials: `.env` may be either
    ENVIRONMENT: ".venv/ venv/",
}
_DOCUMENTS = """
    README readme CHANGELOG CHANGES CONTRIBUTING CODE_OF_CONDUCT SECURITY LICENSE LICENCE COPYING NOTICE AUTHORS"""
_STAGES = regex(rb"^(\"stages\"|'stages'|stages)[ \t]*:(?=\s)", re.MULTILINE)
_STEP_NAME = regex(rb"\bstep_name[\"']?[ \t]*:")


@cache
def never_code(is_built: bool) -> Patterns:
    """The table, read once; the `source` of each pattern says why."""
    return Patterns(_patterns(is_built))


def _patterns(is_built: bool) -> Iterator[Pattern]:
    for reason, patterns in _NEVER_CODE.items():
        for pattern in patterns.split():
            yield given_pattern(reason, 0, pattern)
    if not is_built:
        for name in _DOCUMENTS.split():
            for suffix in ("", ".md", ".rst", ".txt"):
                yield given_pattern(DOCUMENTATION, 0, f"/{name}{suffix}")


def is_config(path: str, content: bytes) -> bool:
    """Whether a file is a config of ours: YAML with stages at its top, as dvc's have them, and the name of a step."""
    if not path.endswith((".yaml", ".yml")):
        return False
    stages = _STAGES.search(content)
    return stages is not None and _STEP_NAME.search(content, stages.end()) is not None

"""What is taken for a credential, by shape and by name, and what is not."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.values.credentials import (
    has_one,
    is_named_like_one,
    line_of_one,
    may_be_one,
    those_with_one,
)

LOWER, MIXED = "a1b2c3d4e5f60718", "aB3xY7kQ9mZ2pL5w"  # 16 each; none of them was ever one
HEX, WORD = LOWER * 2, MIXED * 2
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{WORD}"

SHAPES = {
    "aws": "AKIA" + "QWERTZUIOPASDFGH",
    "aws secret": f'aws_secret_access_key = "{MIXED}/{MIXED}+{MIXED[:6]}"',
    "aws variable": f"AWS_SECRET_ACCESS_KEY={MIXED}/{MIXED}+{MIXED[:6]}",
    "github": f"key = 'ghp_{WORD}aB3x'",
    "github app": f"ghs_{WORD}aB3x",
    "github fine": f"github_pat_{WORD}_{WORD}",
    "gitlab": f"glpat-{MIXED}aB3x",
    "gitlab deploy": f"gldt-{MIXED}aB3x",
    "gitlab trigger": f"glptt-{HEX}",
    "slack": f"xoxb-123456789012-{MIXED}",
    "slack webhook": f"https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/{MIXED}aB3xY7kQ",
    "discord": f"https://discord.com/api/webhooks/123456789012345678/{WORD}{WORD}",
    "openai": f"sk-{WORD}{MIXED}",
    "openai project": f"sk-proj-{WORD}",
    "openai with dashes": f"sk-proj-{MIXED[:6]}-{MIXED}_{MIXED}-x",
    "anthropic": f"sk-ant-api03-{MIXED[:6]}-{WORD}_{WORD}-AA",
    "hugging face": f"hf_{WORD}aB",
    "stripe": "sk_" + f"live_{MIXED}{MIXED}",
    "stripe restricted": "rk_" + f"live_{MIXED}{MIXED}",
    "npm": f"//registry.npmjs.org/:_authToken=npm_{WORD}aB3x",
    "npm of old": "//registry.npmjs.org/:_authToken=d3adb33f-1234-4321-abcd-0123456789ab",
    "google": f"AIza{WORD}aB3",
    "google oauth": f"ya29.{WORD}{WORD}",
    "google client": f"GOCSPX-{MIXED}aB3xY7kQ9mZ2",
    "databricks": f"dapi{HEX}",
    "sendgrid": f"SG.{MIXED}aB3xY7.{WORD}aB3xY7kQ9mZ",
    "twilio": f"SK{HEX}",
    "twilio token": f"TWILIO_AUTH_TOKEN={HEX}",
    "pypi": f"pypi-AgEIcHlwaS5vcmc{WORD}{WORD}",
    "digital ocean": f"dop_v1_{HEX}{HEX}",
    "vault": f"hvs.{WORD}",
    "telegram": f"123456789:AA{WORD}x",
    "jwt": JWT,
    "bearer": f"curl -H 'Authorization: Bearer {WORD}'",
    "azure storage": f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={WORD}{WORD}{MIXED}aB3x==;",
    "azure bus": f"Endpoint=sb://x/;SharedAccessKeyName=x;SharedAccessKey={WORD}{MIXED[:11]}=",
    "azure signature": f"https://x.blob.core.windows.net/c?sv=2022-11-02&sig={WORD}{MIXED}%3D",
    "rsa": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "pkcs8": "-----BEGIN " + "PRIVATE KEY-----\nMII",
    "encrypted": "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----",
    "pgp": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "google account": '{"type": "service_account", "private_key": "-----BEGIN ' + 'PRIVATE KEY-----\\nMII"}',
    "putty": "PuTTY-User-Key-File-3: ssh-ed25519",
    "age": "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN" * 3,
    "postgres": "postgres://me:hunter2@db/x",
    "postgres without user": "postgresql://:hunter2@db/x",
    "postgres with signs": "postgresql://me:p@ss/w#rd!@db:5432/x",
    "redis": "redis://:pw@host:6379/0",
    "mongo": "mongodb+srv://me:hun,ter2@c0.mongodb.net,c1.mongodb.net/x",
    "git": f"https://oauth2:{WORD}@gitlab.com/x.git",
    "netrc": "machine h login me password hunter2",
    "netrc in lines": "machine h\n  login me\n  password hunter2",
    "docker": json.dumps({"auths": {"ghcr.io": {"auth": b64encode(b"me:hunter2").decode()}}}),
    "kube": f"    client-key-data: {WORD}{WORD}==",
    "cookie jar": f".example.com\tTRUE\t/\tTRUE\t1999999999\tsession\t{WORD}",
    "cookie": f"Cookie: session={WORD}",
    "mysql": "CREATE USER 'me'@'%' IDENTIFIED BY 'hunter2';",
    "sql": "ALTER ROLE me WITH PASSWORD 'hunter2';",
    "hash of a password": f"me:$2y$10${MIXED}{WORD}aB3xY",
    "hash of apache": "me:$apr1$salt$" + f"{MIXED}aB3xY7",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_a_credential(text: str) -> None:
    assert has_one(text)
    assert line_of_one(f"first\n{text}\n".encode()) == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_credential_in_a_wide_encoding(encoding: str) -> None:
    text = f"first\r\nsecond\r\n{SHAPES['pkcs8']}\r\n"
    assert line_of_one(text.encode(encoding)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "risk-assessment-of-the-whole-customer-base",
        "sk-learn-pipeline-for-the-churn-model",
        "task-sk-learn-model-task-sk-learn-model-task-sk-learn-model",
        "https://example.com/a:b@c",
        "http://localhost:8080/users/me@example.com",
        "docker://python:3.11@sha256:" + HEX + HEX,
        "half_" + WORD,
        "hf_" + "a" * 34,
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN " + "PUBLIC KEY-----",
        'if b"-----BEGIN RSA ' + 'PRIVATE KEY-----" in data:',
        "ghp_" + "x" * 36,
        "ghp_YOUR_TOKEN",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "postgres://user:password@host/db",
        "postgres://me:${PASSWORD}@db/x",
        "postgres://me:$PASSWORD@db/x",
        'f"postgres://{user}:{password}@{host}"',
        "postgres://<user>:<password>@<host>/x",
        "mysql://%s:%s@%s/%s",
        "Authorization: Bearer YOUR_API_TOKEN_OF_THE_SERVICE",
        'headers = {"Authorization": f"Bearer {token}"}',
        "TOKEN = os.environ['HF_TOKEN_OF_THE_PROJECT1']",
        "API_KEY = get_api_key_from_the_vault_v1()",
        "MAX_NEW_TOKENS = 4096",
        "self._password = password_of_the_user1",
        "sha256:" + HEX * 2,
        HEX,
        "d41d8cd98f00b204e9800998ecf8427e",
        b64encode(bytes(range(256))).decode(),
        "task-" + "a" * 64,
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
        "AccountKey=<your key>",
        '{"auth": "none-at-all"}',
        "machine learning with a login and a password",
        "the machine host login me password <password>",
        "e1f6e9c4-6a6b-4e0e-9d8a-0d7a8a5d1c3f",
        "eyJhbGciOiJIUzI1NiJ9",
        "SG.",
        "SKU" + "0" * 32,
    ],
)
def test_no_credential(text: str) -> None:
    assert not has_one(text)
    assert line_of_one(text.encode()) is None


@st.composite
def _parts_of_credentials(draw: st.DrawFn) -> list[str]:
    """Credentials in pieces, one beside the other."""
    texts = draw(st.lists(st.sampled_from([*SHAPES.values(), "step.py", "", "\n"]), min_size=1, max_size=3))
    pieces = []
    for text in texts:
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=2)))
        pieces += [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return pieces


@given(_parts_of_credentials())
def test_many_texts_at_once_are_judged_as_each_alone(texts: list[str]) -> None:
    assert those_with_one(texts) == {text for text in texts if has_one(text)}


@pytest.mark.parametrize("before", ["", "x", " ", "-", "=", "/", "'", "\n", "0"])
@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_a_credential_between_other_texts(text: str, before: str) -> None:
    behind = before + "behind"
    assert those_with_one([before, text, behind]) == {text}


def test_our_own_code_has_none() -> None:
    root = Path(__file__).parents[2]
    files = [
        file
        for name in ("cli", "compiler", "runtime", "targets", "docs", "examples")
        for file in (root / name).rglob("*")
    ]
    found = [
        file.name
        for file in files
        if file.suffix in (".py", ".md", ".yaml", ".sh") and line_of_one(file.read_bytes())
    ]
    assert len(files) > 100
    assert found == []


NAMED = """DB_PASSWORD api_key TOKEN2 SECRET_KEY DJANGO_SECRET_KEY DB_PWD MYSQL_PWD PGPASSWORD PASSWORD_PROD PASSPHRASE SIGNING_KEY
    ENCRYPTION_KEY SSH_KEY AZURE_STORAGE_KEY AZURE_STORAGE_CONNECTION_STRING CONN_STR AUTHORIZATION dbPassword apiKey APIKEY
    AWS_SECRET_ACCESS_KEY OPENAI_API_KEY HF_TOKEN GITHUB_TOKEN client_secret PRIVATE_KEY ADMIN_PASS ROOT_PASSWD TOKEN_B64
    GOOGLE_APPLICATION_CREDENTIALS JWT_SECRET FERNET_KEY ACCOUNT_KEY WANDB_API_KEY spring.datasource.password MASTER_KEY
    AUTHTOKEN SESSION_SECRET SECRET_VALUE"""


@pytest.mark.parametrize("name", NAMED.split())
def test_names_of_credentials(name: str) -> None:
    assert is_named_like_one(name)


NOT_NAMED = """TOKENIZER MAX_TOKENS KEYBOARD PASSES SECRET_NAME TOKEN_FILE PASSWORD_FILE MONKEY PRIMARY_KEY SORT_KEY PARTITION_KEY
    MAX_NEW_TOKENS TOKEN_COUNT N_PASSES FORWARD_PASS EOS_TOKEN PAD_TOKEN KEY PUBLIC_KEY CACHE_KEY S3_KEY PASSWORD_LENGTH
    TOKEN_LIMIT NUM_TOKENS TOKENIZERS_PARALLELISM COMPASS BYPASS SECRETARY TOKENS_PER_SECOND AUTHOR PASSENGERS KEYS PATH
    CONNECTION_TIMEOUT QUERY_STRING 1 _ - é"""


@pytest.mark.parametrize("name", NOT_NAMED.split())
def test_names_of_other_things(name: str) -> None:
    assert not is_named_like_one(name)


@pytest.mark.parametrize(
    "value", ["hunter2", "0123456", "p/a/s/s+w=", "a b", "Bearer x", "S3cr3t!", "$ecret-1"]
)
def test_value_that_may_be_one(value: str) -> None:
    assert may_be_one(value)


@pytest.mark.parametrize(
    "value",
    ["", "0", "true", "None", "/run/secrets/token", "~/.token", "./token.txt", "$TOKEN", "${TOKEN}", "$(TOKEN)", "<password>",
     "****", "https://auth.example.com/token", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"],
)  # fmt: skip
def test_value_that_is_none(value: str) -> None:
    assert not may_be_one(value)


@pytest.mark.parametrize(
    "word",
    ["pass", "passwd", "password", "Passwort", "pswd", "pwd", "SECRET", "token", "user", "username"],
)
def test_a_word_for_a_password_is_none(word: str) -> None:
    assert has_one(f"postgres://me:{word}1@db/x")
    assert not has_one(f"postgres://me:{word}@db/x")

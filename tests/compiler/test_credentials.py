import pytest

from automl.compiler.credentials import is_named_like_one, line_of_one


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "key = 'ghp_" + "a1" * 18 + "'",
        "glpat-" + "x" * 20,
        "sk-" + "a1B2" * 12,
        "sk-proj-" + "a1B2" * 12,
        "hf_" + "a" * 34,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "postgres://me:hunter2@db/x",
    ],
)
def test_a_credential(text: str) -> None:
    assert line_of_one(f"first\n{text}\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "risk-assessment-of-the-whole-customer-base",
        "sk-learn-pipeline-for-the-churn-model",
        "https://example.com/a:b@c",
        "half_" + "a" * 40,
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_no_credential(text: str) -> None:
    assert line_of_one(text) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DB_PASSWORD", True),
        ("api_key", True),
        ("TOKEN2", True),
        ("TOKEN_COUNT", False),
        ("SECRET_NAME", False),
    ],
)
def test_names(name: str, expected: bool) -> None:
    assert is_named_like_one(name) == expected

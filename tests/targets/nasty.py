"""Strings that some YAML writer, or some YAML reader, has been seen to get wrong."""

from hypothesis import strategies as st

NASTY: tuple[str, ...] = (
    # words: booleans, nulls and special numbers of YAML 1.1, YAML 1.2 and Go
    *("y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"),
    *("true", "True", "TRUE", "tRuE", "false", "False", "null", "Null", "NULL", "nUlL", "~", "None", ""),
    *("nan", "NaN", ".nan", ".NaN", ".NAN", "inf", "Infinity", ".inf", "-.inf", "+.inf", ".Inf", "-.INF"),
    # numbers, times and dates
    *("0", "1", "-1", "+1", "007", "08", "09", "012", "0o14", "0O14", "0x1F", "0X1f", "-0x1F", "0b101"),
    *("1e3", "1E5", "+1e5", "1e-3", "1.", ".5", "-.5", "+.5", "1.5", "1.10", "3.10", ".", "..", "-", "+"),
    *("1_000", "1__0", "1_", "_1", "0_", "0x_", "1,000", "12:30", "12:30:45", "1:2.5", "190:20:30"),
    *("2024-01-01", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z", "1e400", "9007199254740993", "1" * 400),
    # indicators of the syntax
    *("=", "<<", "--", "---", "...", "--- a", "- a", "-a", "? a", "?a", ":", ":a", "a:", "a: b", "a:b"),
    *("#", "#a", "a #b", "a#b", "!", "!x", "!!str a", "&a", "*a", "|", "|-", ">", ">-", "%", "%YAML 1.2"),
    *("@", "`", "[", "]", "{", "}", "[a]", "{a: b}", "{{x}}", "{{inputs.parameters.x}}", "{{=1+1}}"),
    *(",", "a, b", "'", "''", '"', '""', "it's", 'say "a"', "\\", "\\n", "C:\\a", "a\\", "$", "$(A)"),
    *("${A}", "a=b", "--lr=0.1", "a@b", "a@", "http://a.b:80/c?d=e&f#g", "/", "//", "/a/b_c.d", "a/", "*.py"),
    # blanks and ends of lines
    *(" ", "  ", " a", "a ", "a  b", "\t", "\ta", "a\t", "a\tb", "\n", "\n\n", "\n\na", "\na", "a\n"),
    *("a\n\n", "a\n\n\n", "a\nb", "a\nb\n", "a\n\nb\n", "a\n b", "a\n b\n", " a\nb", "a \nb", "a\n \nb"),
    *("a\n\tb", "a\tb\nc", "a\nb ", "a\n  b\n    c\nd\n", "a\r\nb", "a\rb", "\r", "a\n\r", "a\n---\nb"),
    *("---\na", "a\n...\n", "#!/bin/sh\nset -eu\n", "# a\nb\n", "a\n# b\n", "- a\n- b\n", "a: b\nc: d\n"),
    *("{{x}}\n{{y}}\n", "'a\nb'", "%a\nb", "a\n\x85b", "a\n\x07b", "a\n\ufeffb", "a\u2028\nb"),
    # characters that are refused, changed, or cannot be seen
    *("\0", "a\0b", "\x01", "\x07", "\x1b[2J", "\x7f", "\x80", "\x85", "a\x85b", "\x9f", "\xa0", "\xad"),
    *("\u061c", "\u200b", "a\u200db", "\u200e", "\u2028", "a\u2028b", "\u2029", "\u202e\u2066", "\u2060"),
    *("\ufeff", "a\ufeff", "\ufffe", "\uffff", "\ufdd0", "\ufffd", "\ue000", "\U0001fffe", "\U0010ffff"),
    *("\U000e0041", "\u3000", "\u2000", "é", "e\u0301", "日本語", "😀", "👨\u200d👩", "é\n😀\n", "\u0131"),
    *("\u0660\u0661", "\uff11"),
    # long ones
    *(
        "a" * 300,
        "a " * 150,
        "word " * 60 + "end",
        "a: " * 100,
        "x\n" * 200,
        "é" * 300,
        "a" * 1100,
        "- " * 600,
    ),
)

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([text for text in NASTY if len(text) < 300]),
    st.text(alphabet="aé #:-'\"\\\n\t{}|>\u2028\x85\ufeff😀", max_size=15),
    st.text(alphabet="abyno0178exof.+-_:=/~", max_size=8),
)
_NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53)
VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)

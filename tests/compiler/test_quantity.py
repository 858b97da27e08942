import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.values.units import Quantity, QuantityError, parse_cpu, parse_duration, parse_memory

_CPU_EXAMPLE = 'expected for example "2", "0.5" or "500m"'
_MEMORY_EXAMPLE = 'expected for example "1.5Gi", "200M", or a number of megabytes'
_UNITS = "the units are k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei"
_DURATION_EXAMPLE = 'expected seconds or for example "30s", "5m", "1h30m", "2d"'


@pytest.mark.parametrize(
    ("text", "canonical", "amount"),
    [
        *(
            ("2", "2", 2000),
            ("0.2", "200m", 200),
            ("1.5", "1500m", 1500),
            ("500m", "500m", 500),
            ("1m", "1m", 1),
        ),
        *(
            ("0.001", "1m", 1),
            ("1000m", "1", 1000),
            ("2.0", "2", 2000),
            ("02", "2", 2000),
            ("1.250", "1250m", 1250),
        ),
        *(("10.0m", "10m", 10), ("0.100000000000000000", "100m", 100)),
    ],
)
def test_cpus(text: str, canonical: str, amount: int) -> None:
    assert parse_cpu(text) == Quantity(canonical, amount)


@pytest.mark.parametrize(
    ("text", "canonical", "amount"),
    [
        *(
            ("200", "200M", 200_000_000),
            ("1.5", "1500k", 1_500_000),
            ("1Gi", "1Gi", 2**30),
            ("1G", "1G", 10**9),
        ),
        *(
            ("1.5Gi", "1536Mi", 3 * 2**29),
            ("1.50Gi", "1536Mi", 3 * 2**29),
            ("2.0Gi", "2Gi", 2**31),
            ("007k", "7k", 7000),
        ),
        *(("1024Ki", "1Mi", 2**20), ("1Ti", "1Ti", 2**40), ("1T", "1T", 10**12), ("1Pi", "1Pi", 2**50)),
        *(("1P", "1P", 10**15), ("1E", "1E", 10**18), ("7Ei", "7Ei", 7 * 2**60), ("512Mi", "512Mi", 2**29)),
        *(("1.3Ki", "1332", 1332), ("0.0001k", "1", 1), ("0.5Ki", "512", 512), ("1000", "1G", 10**9)),
    ],
)
def test_memory(text: str, canonical: str, amount: int) -> None:
    assert parse_memory(text) == Quantity(canonical, amount)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(
            ("90", 90),
            ("30s", 30),
            ("5m", 300),
            ("2h", 7200),
            ("1h30m", 5400),
            ("1d", 86400),
            ("1d2h3m4s", 93784),
        ),
        *(("1h5s", 3605), ("007", 7), ("100m", 6000), ("2147483647", 2**31 - 1)),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("end", ["", "b", "byte", "bytes"])
@pytest.mark.parametrize(
    ("word", "unit"),
    [
        *[("kilo", "k"), ("mega", "M"), ("meg", "M"), ("giga", "G"), ("gig", "G"), ("tera", "T"), ("peta", "P")],
        *[("exa", "E"), ("kibi", "Ki"), ("mebi", "Mi"), ("gibi", "Gi"), ("tebi", "Ti"), ("pebi", "Pi"), ("exbi", "Ei")],
        *[(unit.lower(), unit) for unit in ("k", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")],
    ],
)  # fmt: skip
def test_every_word_for_a_size(word: str, unit: str, end: str) -> None:
    with pytest.raises(QuantityError, match=f'; did you mean "3{unit}"[?]$'):
        parse_memory(f"3 {word}{end}")


@pytest.mark.parametrize(
    ("words", "better"),
    [
        ("s sec secs second seconds", "3s"),
        ("m min mins minute minutes", "3m"),
        ("h hr hrs hour hours", "3h"),
        ("d day days", "3d"),
        ("w week weeks", "21d"),
    ],
)
def test_every_word_for_a_time(words: str, better: str) -> None:
    for word in words.split():
        with pytest.raises(QuantityError, match=f'; did you mean "{better}"[?]$'):
            parse_duration(f"3 {word}")


@pytest.mark.parametrize("word", ["c", "core", "cores", "cpu", "cpus", "vcpu", "vcpus"])
def test_every_word_for_cores(word: str) -> None:
    with pytest.raises(QuantityError, match=r'; did you mean "3"[?]$'):
        parse_cpu(f"3 {word}")


@pytest.mark.parametrize("word", ["milli", "millicores"])
def test_every_word_for_thousandths(word: str) -> None:
    with pytest.raises(QuantityError, match=r'; did you mean "300m"[?]$'):
        parse_cpu(f"300 {word}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 cores", 'is not a number of cpus; did you mean "2"?'),
        ("1 core", 'is not a number of cpus; did you mean "1"?'),
        ("4CPU", 'is not a number of cpus; did you mean "4"?'),
        ("500 m", 'is not a number of cpus; did you mean "500m"?'),
        ("500M", 'is not a number of cpus; did you mean "500m"?'),
        ("500 millicores", 'is not a number of cpus; did you mean "500m"?'),
        (".5", 'is not a number of cpus; did you mean "0.5"?'),
        ("2.", 'is not a number of cpus; did you mean "2"?'),
        ("+2", 'is not a number of cpus; did you mean "2"?'),
        (" 2", 'is not a number of cpus; did you mean "2"?'),
        ("2\n", 'is not a number of cpus; did you mean "2"?'),
        ("", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        (".", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("m", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("two", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("1Gi", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("1,5", 'is not a number of cpus; did you mean "1.5"?'),
        ("1,500", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("\u0662", f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("1" * 19, f"is not a number of cpus; {_CPU_EXAMPLE}"),
        ("-1", f"is not a number of cpus: it is negative; {_CPU_EXAMPLE}"),
        ("1e3", f"is not a number of cpus: exponents are not read, write the number out; {_CPU_EXAMPLE}"),
        ("0", "is nothing; expected more than 0, or leave it out"),
        ("0.000", "is nothing; expected more than 0, or leave it out"),
        ("0m", "is nothing; expected more than 0, or leave it out"),
        ("0.0001", 'is finer than a thousandth of a cpu; did you mean "1m"?'),
        ("0.2005", 'is finer than a thousandth of a cpu; did you mean "201m"?'),
        ("0.5m", 'is finer than a thousandth of a cpu; did you mean "1m"?'),
        ("1.9999", 'is finer than a thousandth of a cpu; did you mean "2"?'),
        ("9" * 18, "is more than kubernetes can count"),
    ],
)
def test_what_is_no_number_of_cpus(text: str, message: str) -> None:
    with pytest.raises(QuantityError) as error:
        parse_cpu(text)
    assert str(error.value) == f'"{text}" {message}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1Gib", 'is not a memory size; did you mean "1Gi"?'),
        ("4GB", 'is not a memory size; did you mean "4G"?'),
        ("4gb", 'is not a memory size; did you mean "4G"?'),
        ("4 Gi", 'is not a memory size; did you mean "4Gi"?'),
        ("4gi", 'is not a memory size; did you mean "4Gi"?'),
        ("1.5 GiB", 'is not a memory size; did you mean "1.5Gi"?'),
        ("100K", 'is not a memory size; did you mean "100k"?'),
        ("100KB", 'is not a memory size; did you mean "100k"?'),
        ("512 megabytes", 'is not a memory size; did you mean "512M"?'),
        ("1 gig", 'is not a memory size; did you mean "1G"?'),
        ("1 Gibibyte", 'is not a memory size; did you mean "1Gi"?'),
        ("1e", 'is not a memory size; did you mean "1E"?'),
        ("1M ", 'is not a memory size; did you mean "1M"?'),
        ("M", f"is not a memory size; {_MEMORY_EXAMPLE}"),
        (" 200", 'is not a memory size; did you mean "200"?'),
        ("8589934592", 'without a unit is megabytes, more than any machine has; did you mean "8Gi"?'),
        ("2000000000", 'without a unit is megabytes, more than any machine has; did you mean "2G"?'),
        (".5Gi", 'is not a memory size; did you mean "0.5Gi"?'),
        ("100m", 'is not a memory size: "m" would be thousandths of a byte; did you mean "100M" or "100Mi"?'),
        ("512b", f"is not a memory size: {_UNITS}; {_MEMORY_EXAMPLE}"),
        ("512 bytes", f"is not a memory size: {_UNITS}; {_MEMORY_EXAMPLE}"),
        ("1Zi", f"is not a memory size: {_UNITS}; {_MEMORY_EXAMPLE}"),
        ("lots", f"is not a memory size: {_UNITS}; {_MEMORY_EXAMPLE}"),
        ("Gi", f"is not a memory size; {_MEMORY_EXAMPLE}"),
        ("", f"is not a memory size; {_MEMORY_EXAMPLE}"),
        ("1,5Gi", 'is not a memory size; did you mean "1.5Gi"?'),
        ("-1Gi", f"is not a memory size: it is negative; {_MEMORY_EXAMPLE}"),
        ("1e9", f"is not a memory size: exponents are not read, write the number out; {_MEMORY_EXAMPLE}"),
        ("1e3Mi", f"is not a memory size: exponents are not read, write the number out; {_MEMORY_EXAMPLE}"),
        ("0", "is nothing; expected more than 0, or leave it out"),
        ("0.0Gi", "is nothing; expected more than 0, or leave it out"),
        ("8Ei", "is more than kubernetes can count"),
    ],
)
def test_what_is_no_memory_size(text: str, message: str) -> None:
    with pytest.raises(QuantityError) as error:
        parse_memory(text)
    assert str(error.value) == f'"{text}" {message}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5 minutes", 'is not a duration; did you mean "5m"?'),
        ("5min", 'is not a duration; did you mean "5m"?'),
        ("90 minutes", 'is not a duration; did you mean "1h30m"?'),
        ("1.5h", 'is not a duration; did you mean "1h30m"?'),
        ("1h 30m", 'is not a duration; did you mean "1h30m"?'),
        ("1 hour and 30 minutes", 'is not a duration; did you mean "1h30m"?'),
        ("1 day, 2 hours", 'is not a duration; did you mean "1d2h"?'),
        ("30m1h", 'is not a duration; did you mean "1h30m"?'),
        ("5M", 'is not a duration; did you mean "5m"?'),
        ("1w", 'is not a duration; did you mean "7d"?'),
        ("", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("soon", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("1:30:00", 'is not a duration; did you mean "1h30m"?'),
        ("PT1H30M", 'is not a duration; did you mean "1h30m"?'),
        ("1:30", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("500ms", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("0.1s", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("1.5", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("999999999 weeks", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("\u0663m", f"is not a duration; {_DURATION_EXAMPLE}"),
        ("-5m", f"is not a duration: it is negative; {_DURATION_EXAMPLE}"),
        ("1e3", f"is not a duration: exponents are not read, write the number out; {_DURATION_EXAMPLE}"),
        ("0", 'is no time at all; expected more than 0, for example "30m"'),
        ("0h0m", 'is no time at all; expected more than 0, for example "30m"'),
        ("2147483648", "is too long; expected at most 2147483647 seconds (68 years)"),
        ("99999d", "is too long; expected at most 2147483647 seconds (68 years)"),
    ],
)
def test_what_is_no_duration(text: str, message: str) -> None:
    with pytest.raises(QuantityError) as error:
        parse_duration(text)
    assert str(error.value) == f'"{text}" {message}'


_texts = st.text(max_size=12) | st.text(alphabet="0123456789.+-eEmkMGi bdhs\n", max_size=12)


@given(_texts)
def test_a_suggestion_is_itself_accepted(text: str) -> None:
    for parse in (parse_cpu, parse_memory, parse_duration):
        try:
            parse(text)
        except QuantityError as error:
            for better in re.findall(r'(?:mean|or) "([^"]+)"', str(error).rpartition("did you ")[2]):
                parse(better)


@given(_texts)
def test_the_canonical_text_reads_as_the_same_amount(text: str) -> None:
    for parse in (parse_cpu, parse_memory):
        try:
            quantity = parse(text)
        except QuantityError:
            continue
        assert parse(quantity.text) == quantity
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?", quantity.text)

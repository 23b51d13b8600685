"""Values of devices as text, numbers and bits."""

import pytest

from collectors.snmp.reader import Value
from collectors.tables import number


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (42, 42.0),
        (b"-12.5", -12.5),
        (b" 36 ", 36.0),
        (b"", None),
        (None, None),
        (b"36 C", None),
        (b"nan", None),
        (b"-inf", None),
        (b"1e309", None),
        (10**400, None),
    ],
)
def test_a_number_is_finite_or_none(told: Value, expected: float | None) -> None:
    assert number(told) == expected

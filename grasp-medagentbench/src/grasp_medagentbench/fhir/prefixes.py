"""The comparators before dates and numbers in searches, read as HAPI reads them."""

from __future__ import annotations

from grasp_medagentbench.fhir.dates import Interval, parse_date
from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.query import any_of, unescape

_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
#: Comparators of FHIR's first draft, which HAPI still takes.
_LEGACY = {">=": "ge", ">": "gt", "<=": "le", "<": "lt", "~": "ap", "=": "eq"}


def split_prefix(text: str) -> tuple[str, str]:
    """The comparator (``eq`` if there is none) and the rest, which begins with a digit.

    Raises:
        RequestRejected: There is no digit, or the comparator is unknown.
    """
    length = next((i for i, char in enumerate(text) if char in "-%" or char.isdigit()), None)
    if length is None:
        if not text:
            return "eq", ""
        raise RequestRejected(400, f'HAPI-1940: Invalid date/time format: "{text}"')
    prefix = text[:length]
    if not prefix.strip():
        return "eq", text[length:]
    known = _LEGACY.get(prefix, prefix)
    if known not in _PREFIXES:
        raise RequestRejected(400, f'HAPI-1941: Invalid prefix: "{prefix}"')
    return known, text[length:]


def date_value(value: str) -> tuple[str, Interval]:
    """The comparator and the interval of a date in a search.

    A blank stands for the ``+`` of an offset that nobody escaped.

    Raises:
        RequestRejected: It is no date, or there are several.
    """
    if len(any_of(value)) > 1:
        raise RequestRejected(400, "HAPI-1930: DateRange parameter does not support OR queries")
    prefix, text = split_prefix(unescape(value.strip()).replace(" ", "+"))
    try:
        return prefix, parse_date(text)
    except ValueError as error:
        raise RequestRejected(400, f"HAPI-1882: {error}") from None


def check_range(values: list[str]) -> None:
    """Refuse what HAPI doesn't take as one range: two bounds on the same side, say.

    Args:
        values: The values of all repetitions of one date parameter.

    Raises:
        RequestRejected: The values don't make one range.
    """
    lower = upper = False
    several = "HAPI-{}: Can not have multiple date range parameters for the same param "
    for value in values:
        prefix, _ = date_value(value)
        if prefix in ("gt", "ge"):
            if lower:
                text = several.format(1923) + "that specify a lower bound"
                raise RequestRejected(400, text)
            lower = True
        elif prefix in ("lt", "le"):
            if upper:
                text = several.format(1924) + "that specify an upper bound"
                raise RequestRejected(400, text)
            upper = True
        elif lower or upper:
            raise RequestRejected(400, several.format(1922) + "without a qualifier")
        else:
            lower = upper = True

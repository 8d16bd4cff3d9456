"""What names of fields tell of their values, where the values alone could mean several things; knows no values."""

from typing import Final

from contract_init.names import words

_MONEY: Final = frozenset(
    "price amount total subtotal cost fee fees tax taxes discount balance revenue refund paid due charge gross net "
    "salary payment tip shipping".split()
)
_MOMENT: Final = frozenset(
    "time timestamp ts tstamp date datetime day dt created updated modified deleted at epoch expires expiry expiration "
    "started ended finished occurred seen unix nano nanos micros millis ms when published received sent changed "
    "since until start end first last touch ttl".split()
)
_NO_MOMENT: Final = frozenset(
    "duration elapsed latency timeout timezone offset id number count size bytes length amount price total".split()
)
_IDENTIFIER: Final = frozenset(
    "id ids uuid guid key code number no num phone zip postal postcode sku account version".split()
)
_COUNTED: Final = frozenset("quantity qty count size bytes length duration elapsed latency age views clicks".split())


def is_money(name: str) -> bool:
    return not _MONEY.isdisjoint(words(name))


def is_identifier(name: str) -> bool:
    """Say whether a name is one of things that are named by digits, with which nobody calculates."""
    return not _IDENTIFIER.isdisjoint(words(name)[-1:])


def is_version(name: str) -> bool:
    """Say whether a name is one of versions, which look like dates and numbers until one does not."""
    return "version" in words(name)[-1:]


def names_a_moment(name: str) -> bool:
    found = set(words(name))
    return not found.isdisjoint(_MOMENT) and _NO_MOMENT.isdisjoint(words(name)[-1:])


def is_count(name: str) -> bool:
    """Say whether a name is one of things that are counted or measured from zero."""
    return not _COUNTED.isdisjoint(words(name)[-1:])

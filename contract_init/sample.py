"""One reading of a sample: which form its objects have, where the records lie, and the profile of those looked at.

Objects are read twice, a little to see their form and then as far as the limit; must not know what a contract is.
"""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, TypeAlias

from contract_init.envelopes import RecordsPath, common_fields, fields_of, find_records_path
from contract_init.misfits import Misfits, Usual
from contract_init.objects import (
    READ_ERRORS,
    Found,
    NotReadable,
    SampleError,
    SampleObject,
    is_unread,
    naming_problem,
    opened,
)
from contract_init.patterns import as_pattern, excluding_patterns
from contract_init.profile import Distinct, Field, record_profile
from contract_init.texts import FORMS, Form, Reading, read_texts

# A record, behind the objects of the envelope around it, outermost first.
Row: TypeAlias = tuple[tuple[dict[str, Any], ...], dict[str, Any]]
_TEXTS_TO_SEE_THE_FORM: Final = 50
_MOST_EXACT: Final = 5
_OBJECTS_TO_SEE_THE_FORM: Final = 100


@dataclass
class Sample:
    """What was looked at and what it holds. ``around`` has a profile for each level of the envelope.

    ``odd`` has the keys of objects of another shape, with their fields; ``excluded`` what is not read, with patterns.
    """

    found: Found
    form: Form
    records_path: RecordsPath
    profile: Field = field(default_factory=record_profile)
    around: list[Field] = field(default_factory=list)
    whole: Distinct = field(default_factory=lambda: Distinct(next_look=2**62))
    objects_read: int = 0
    texts: int = 0
    usual: tuple[Usual, ...] = ()
    odd: Mapping[str, frozenset[str]] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    records: int = 0
    no_records: int = 0
    no_objects: int = 0
    malformed: int = 0
    misfits: Misfits = field(default_factory=Misfits)
    bytes_read: int = 0
    is_cut: bool = False
    problems: list[str] = field(default_factory=list)
    unread: list[SampleObject] = field(default_factory=list)

    @property
    def records_read(self) -> int:
        return self.records + self.misfits.records

    @property
    def equal_records(self) -> int:
        """How many records are equal to one before them, in all fields."""
        return self.records - self.whole.count

    @property
    def malformed_rows(self) -> int:
        """How many rows a run would quarantine; a text without a record is one, unless arrays lie in arrays."""
        texts = self.no_records if len(self.records_path.levels) < 2 else 0
        return self.malformed + self.no_objects + self.misfits.records + texts

    @property
    def rows_read(self) -> int:
        return self.records + self.malformed_rows

    def rows(self, limit: int) -> Iterator[Row]:
        """Read the same records again."""
        return (row for row in _Reader(self, limit, is_again=True).rows() if not any(misfits_in(row, self.usual)))

    def without(self, usual: tuple[Usual, ...], *, limit: int) -> "Sample":
        """Look at the records again, but for those that do not fit what is usual, which are counted."""
        again = Sample(self.found, self.form, self.records_path, usual=usual, odd=self.odd, excluded=self.excluded)
        return _profiled(again, limit)


def read_sample(found: Found, *, limit: int) -> Sample:
    """Look at up to ``limit`` records, spread over all objects. Raises SampleError when there are none."""
    looked = _look_at_all(found.objects)
    form, path = _form(looked), find_records_path([text for one in looked for text in one.texts])
    odd = _odd_objects(looked)
    excluded = _excluded(found, odd)
    read = tuple(one for one in found.objects if one.key not in excluded)
    sample = Sample(replace(found, objects=read), form, path, odd=odd, excluded=excluded)
    return _profiled(sample, limit)


def misfits_in(row: Row, usual: Sequence[Usual]) -> Iterator[tuple[Usual, Any]]:
    """Yield the values of a row that are not what is usual at their place."""
    around, record = row
    for one in usual:
        value = one.misfit_in(record if one.level is None else around[one.level])
        if value is not None:
            yield one, value


def _profiled(sample: Sample, limit: int) -> Sample:
    levels = sample.records_path.levels
    sample.around = [record_profile() for _ in levels]
    for around, record in _Reader(sample, limit).rows():
        if sample.misfits.add_all(misfits_in((around, record), sample.usual)):
            continue
        sample.records += 1
        sample.profile.add(record)
        sample.whole.add(repr(record))
        for profile, value, name in zip(sample.around, around, levels, strict=True):
            profile.add({key: inner for key, inner in value.items() if key != name})
    if not sample.records:
        raise SampleError("; ".join(["no JSON object in the sample", *sample.problems[:5]]))
    return sample


@dataclass
class _Looked:
    """The first texts of an object; of most objects of a large sample only which fields its very first one has."""

    found: SampleObject
    reading: Reading
    texts: list[Any]
    fields: list[frozenset[str]]


def _look_at_all(objects: Sequence[SampleObject]) -> list[_Looked]:
    step = max(1, len(objects) // _OBJECTS_TO_SEE_THE_FORM)
    looked = (_look_at(found, is_kept=number % step == 0) for number, found in enumerate(objects))
    return [one for one in looked if one.fields]


def _look_at(found: SampleObject, *, is_kept: bool) -> _Looked:
    looked = _Looked(found, Reading(), [], [])
    try:
        with opened(found.path) as stream:
            for text in islice(read_texts(stream, looked.reading), _TEXTS_TO_SEE_THE_FORM if is_kept else 1):
                looked.fields.append(fields_of(text))
                looked.texts += [text] if is_kept else []
    except (NotReadable, *READ_ERRORS):
        pass
    return looked


def _form(looked: Sequence[_Looked]) -> Form:
    """Return the form that most objects have."""
    kept = [one for one in looked if one.texts]
    texts = [text for one in kept for text in one.texts]
    arrays = sum(isinstance(text, list) for text in texts)
    # A writer of arrays may spread the next one over several lines, which as a document is read all the same.
    prefers_documents = arrays * 2 > len(texts) and all("document" in one.reading.forms for one in kept)
    order: tuple[Form, ...] = ("document",) if prefers_documents else FORMS
    return max(order, key=lambda form: sum(form in one.reading.forms for one in kept))


def _odd_objects(looked: Sequence[_Looked]) -> dict[str, frozenset[str]]:
    """Return the keys of objects that have no field of those that nearly all texts have, and the fields they have."""
    common = common_fields([fields for one in looked for fields in one.fields])
    return {
        one.found.key: frozenset().union(*one.fields)
        for one in looked
        if common and not any(common & fields for fields in one.fields)
    }


def _excluded(found: Found, odd: Collection[str]) -> dict[str, str]:
    """Return the keys of objects that a run should not read, each with a pattern for it."""
    read = [key for key in found.keys if key not in odd]
    exact = {key: as_pattern(key) for key in islice(found.left_out, _MOST_EXACT)}
    return exact | excluding_patterns(found.left_out, read, by_suffix=True) | excluding_patterns(odd, read)


@dataclass
class _Reader:
    """One pass over the objects of a sample, which notes what it cannot read."""

    sample: Sample
    limit: int
    is_again: bool = False

    def rows(self) -> Iterator[Row]:
        left, objects = self.limit, self.sample.found.objects
        for position, found in enumerate(objects):
            # Each object has its share, and what the ones before it left of theirs.
            share, taken = -(-left // (len(objects) - position)), 0
            with closing(self._rows_of(found)) as rows:
                for row in islice(rows, share):
                    taken += 1
                    yield row
                self.sample.is_cut |= taken == share and next(rows, None) is not None
            left -= taken
            self.sample.objects_read += bool(taken) and not self.is_again

    def _rows_of(self, found: SampleObject) -> Generator[Row, None, None]:
        reading = Reading()
        try:
            with opened(found.path) as stream:
                for text in read_texts(stream, reading):
                    _require(self.sample.form, reading)
                    yield from self._records(text)
        except (NotReadable, *READ_ERRORS) as problem:
            self._note(f"{found.key}: {problem}")
        finally:
            self._count(found, reading)

    def _records(self, text: Any) -> Iterator[Any]:
        records = list(self.sample.records_path.records(text))
        objects = [(around, record) for around, record in records if isinstance(record, dict)]
        if not self.is_again:
            self.sample.no_records += not records
            self.sample.no_objects += len(records) - len(objects)
        yield from objects

    def _count(self, found: SampleObject, reading: Reading) -> None:
        if self.is_again:
            return
        sample = self.sample
        sample.texts += reading.texts
        sample.malformed += reading.malformed
        sample.bytes_read += reading.bytes_read
        naming = naming_problem(found)
        if naming is not None:
            self._note(f"{found.key}: {naming}")
        if is_unread(found.key) and reading.texts:
            sample.unread.append(found)

    def _note(self, problem: str) -> None:
        if not self.is_again:
            self.sample.problems.append(problem)


def _require(form: Form, reading: Reading) -> None:
    if form in reading.forms:
        return
    fits = ", ".join(other for other in FORMS if other in reading.forms) or "none of them alone"
    raise NotReadable(
        f"does not have objectFormat {form}, as most objects of the sample do, but {fits}; keep such ones apart"
    )

"""Lines of every kind, and what must become of each: the cases of the tests of lines that are about their form."""

FORM = "not one JSON object"
ENCODING = "not valid UTF-8"
NO_TEXT = "not UTF-8 text"
MISFIT = "value does not fit its type: "
TWICE = "a field is given more than once, with a value that does not fit its type: "
FOR_ALL = "of the contract (for all files of this dataset)"
TWO = (
    f"{FORM}: 2 objects on one line; end each with a newline, or set the custom property objectFormat: concatenated "
    f"{FOR_ALL}"
)
MORE = f"{FORM}: text after the end of the JSON object"
COMMA = f"{FORM}: a comma after the object; a line must end with its }}"
ARRAY = f'{FORM}: an array of 1 object; if these are the records, set the custom property recordsPath: "[]" {FOR_ALL}'
ARRAY_OF_2 = ARRAY.replace("1 object", "2 objects")
PIECE = (
    f"{FORM}: part of a JSON value that is spread over several lines; write each record on one line, or if each file "
    f"(S3 object) is one JSON text, set the custom property objectFormat: document {FOR_ALL}, and "
    'recordsPath: "[]" where it is an array'
)
UNENDED = (
    f"{FORM}: it is incomplete, as when a file was cut off; if it goes on in the next line, set the custom property "
    f"objectFormat: document {FOR_ALL}"
)
QUOTED = f"{FORM}: a string that holds JSON; have the source leave out the quotes"
MARK = f"{FORM}: a byte order mark in front, as when files are concatenated; remove it"
NAN = f"{FORM}: NaN or Infinity, which JSON does not have; write null"
PYTHON = (
    f"{FORM}: text in single quotes, or True, False and None, as Python prints them; write JSON, for example with "
    "json.dumps"
)
LAST_COMMA = f"{FORM}: a comma before }} or ]; remove it"
PAGE = f"{FORM}: HTML or XML, such as the error page of a server; have the source write JSON"
PLAIN_TEXT = f"{FORM}: plain text, such as CSV or a log line; have the source write JSON"
UTF_16 = f"{NO_TEXT}: UTF-16, or another encoding of two bytes for each letter; write UTF-8"
CESU_8 = f"{ENCODING}: an unpaired surrogate (half a character), or a pair of them as CESU-8 writes it"
ONE_BYTE = f"{ENCODING}: Latin-1, Windows-1252 or another single-byte encoding; write UTF-8"
BINARY = f"{NO_TEXT}: binary data, such as gzip in an object whose name does not end in .gz, or compressed twice"
LIMITS = f"{FORM}, or beyond the limits: 1,000 levels, names of 50,000 and texts of 20,000,000 characters"


def line(name: str, fields: bytes | str = b"") -> bytes:
    """Make an object whose id is the case's name, with further fields as they are written."""
    content = fields.encode() if isinstance(fields, str) else fields
    return f'{{"id":"{name}"'.encode() + (b"," + content if content else b"") + b"}"


STRUCTURES: dict[str, tuple[bytes, str]] = {
    "a field twice, first with a value that does not fit": (b'{"id":"a","whole":"x","whole":1}', f"{TWICE}whole"),
    "a field twice, last with a value that does not fit": (b'{"id":"a","whole":1,"whole":"x"}', f"{TWICE}whole"),
    "a field twice, once with a field inside that does not fit": (
        b'{"id":"a","box":{"a":"x"},"box":null}',
        f"{TWICE}box",
    ),
    "two objects with nothing between": (b'{"id":"a"}{"id":"b"}', TWO),
    "two objects with a space between": (b'{"id":"a"} {"id":"b"}', TWO),
    "two objects with a comma between": (b'{"id":"a"},{"id":"b"}', TWO),
    "an object, a comma and a field": (b'{"id":"a"},"q":1', MORE),
    "an object, a comma and nothing": (b'{"id":"a"},', COMMA),
    "an object, a comma and null": (b'{"id":"a"},null', MORE),
    "a forged end of the array": (b'{"id":"a"}],[{"id":"b"}', MORE),
    "a forged end of the array and its rest": (b'{"id":"a"},{"_end":1}],"x":[', MORE),
    "a forged marker": (b'{"id":"a"},{"_end_0000000000000000":1}]', PIECE),
    "a forged marker in a second object": (b'{"id":"a"},{"_end_0000000000000000":1}', TWO),
    "an object and one brace more": (b'{"id":"a"}}', MORE),
    "an object, white space and one brace more": (b' {"id":"a"} } ', MORE),
    "an object and fields of another": (b'{"id":"a"},"box":{"a":1}}', MORE),
    "an empty object and an object": (b'{}{"id":"a"}', TWO),
    "an array and an object": (b'[{"id":"a"},{"id":"b"}] {"id":"c"}', ARRAY_OF_2),
    "an object that ends early, with a value that does not fit": (b'{"whole":"x"}{"id":"b"}', TWO),
    "a comma too many within a column": (b'{"id":"a","props":{"k":"v",}}', LAST_COMMA),
    "a quote too few within a column": (b'{"id":"a","txt":"b,"whole":1}', FORM),
    "a closed array after an object": (b'{"id":"a"}]', PIECE),
    "text after an object": (b'{"id":"a"} trailing', MORE),
    "a comment after an object": (b'{"id":"a"} // note', MORE),
    "a semicolon after an object": (b'{"id":"a"};', MORE),
    "NUL after an object": (b'{"id":"a"}\x00', MORE),
    "an empty array": (b"[]", FORM),
    "an array with one object": (b'[{"id":"a"}]', ARRAY),
    "an array with two objects": (b'[{"id":"a"},{"id":"b"}]', ARRAY_OF_2),
    "an empty array in an array": (b"[[]]", FORM),
    "null": (b"null", FORM),
    "a number": (b"1", FORM),
    "a string": (b'"{}"', QUOTED),
    "true": (b"true", FORM),
    "NUL alone": (b"\x00", UTF_16),
    "NUL in a string": (b'{"id":"a\x00b"}', FORM),
    "NUL between tokens": (b'{"id":\x00"a"}', FORM),
    "a bell in a string": (b'{"id":"a\x07b"}', FORM),
    "a tab in a string": (b'{"id":"a\tb"}', FORM),
    "a byte order mark within the file": (b'\xef\xbb\xbf{"id":"a"}', MARK),
    "a no-break space before the object": (b'\xc2\xa0{"id":"a"}', FORM),
    "only a no-break space": (b"\xc2\xa0", FORM),
    "only a form feed": (b"\x0c", FORM),
    "UTF-16": ('{"id":"a"}'.encode("utf-16-le"), UTF_16),
    "Latin-1": (b'{"id":"caf\xe9"}', ONE_BYTE),
    "Latin-1 in an unknown field": (b'{"id":"a","x":"\xe9"}', ONE_BYTE),
    "Latin-1 in a name": (b'{"id":"a","\xe9":1}', ONE_BYTE),
    "overlong UTF-8": (b'{"id":"\xc0\xaf"}', ENCODING),
    "a surrogate in UTF-8": (b'{"id":"\xed\xa0\x80"}', CESU_8),
    "UTF-8 beyond Unicode": (b'{"id":"\xf4\x90\x80\x80"}', ENCODING),
    "UTF-8 cut off": (b'{"id":"\xf0\x9f\x98', ENCODING),
    "bytes that are no text": (bytes(range(128, 256)), ONE_BYTE),
    "gzip in a plain object": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", BINARY),
    "Python's representation": (b"{'id': 'a', 'flag': True}", PYTHON),
    "a log line": (b"2025-01-01 10:00:00 ERROR connection reset by peer", PLAIN_TEXT),
    "CSV": (b"a,b,c", FORM),
    "half an object": (b'{"id":"a","txt":"b', UNENDED),
    "not a number as a value": (b'{"id":"a","real":NaN}', NAN),
    "infinity as a value": (b'{"id":"a","real":-Infinity}', NAN),
    "a leading plus": (b'{"id":"a","whole":+1}', FORM),
    "a leading zero": (b'{"id":"a","whole":01}', FORM),
    "nesting of 100,000 arrays": (line("deep arrays", b'"x":' + b"[" * 100_000 + b"]" * 100_000), LIMITS),
    "nesting of 100,000 objects": (line("deep objects", b'"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000), LIMITS),
    "10 MB without an end": (b'{"id":"' + b"x" * 10_000_000, LIMITS),
}

BLANK = [b"", b" ", b"\t", b"\r", b" \t \r"]

ACCEPTED: dict[str, bytes] = {
    "only an id": line("only an id"),
    "white space everywhere": b' \t{ "id" :\t"white space everywhere" , "whole" : 1 } \r',
    "Windows line end": line("Windows line end") + b"\r",
    "a lone carriage return between tokens": b'{"id":"a lone carriage return between tokens",\r"whole":1}',
    "a column twice": line("a column twice", '"txt":"first","txt":"last"'),
    "a key twice in a struct": line("a key twice in a struct", '"box":{"a":1,"a":2}'),
    "names differ in case": line("names differ in case", '"TXT":"no column","Txt":1'),
    "an escaped name": line("an escaped name", r'"\u0074xt":"is txt"'),
    "an unknown field of any depth": line("an unknown field of any depth", b'"x":' + b"[" * 500 + b"]" * 500),
    "an unknown number of any size": line("an unknown number of any size", '"x":1e99999,"y":-' + "9" * 900),
    "ten megabytes": line("ten megabytes", b'"txt":"' + b"x" * 10_000_000 + b'"'),
    "NUL, escaped": line("NUL, escaped", r'"txt":"a\u0000b"'),
}

"""Why well-known functions are not on the list, and what to write instead; what is on it is told elsewhere."""

from typing import Final

_CLOCK: Final = "it depends on when or where it runs, not on the row; a run of the same day must give the same rows"
_CHANCE: Final = "it is not determined by the row; a run of the same day must give the same rows"
_AGGREGATE: Final = "it looks at several rows, and a derived column at one"
_FAILS: Final = "it fails the whole run on a value that does not fit"
_CODE: Final = "it reaches code, files or settings outside the row"
_DIFFERS: Final = "Spark 3.5 and 4.1 disagree about some values"
_ROUNDED: Final = "its last digits depend on the Java that runs it"
_TIMES: Final = (
    "texts are read as times by the column that holds them: declare another column with the same "
    "transformSourceObjects, of type date or timestamp, with logicalTypeOptions.format, and inputOnly if need be"
)
_JSON: Final = "fields of JSON are read by columns with transformSourceObjects"

CONSTANTS_OF_THE_RUN: Final = frozenset(
    "current_date current_timestamp current_time current_user current_catalog current_database current_schema "
    "current_timezone localtimestamp now user session_user".split()
)
_GROUPS: Final = {
    _CLOCK: " ".join(CONSTANTS_OF_THE_RUN)
    + " curdate unix_timestamp version spark_partition_id input_file_name input_file_block_start "
    "input_file_block_length getdate sysdate current_path",
    _CHANCE: "rand random randn randstr uniform uuid monotonically_increasing_id shuffle",
    _AGGREGATE: "sum avg mean count min max first last any_value any every some bool_and bool_or collect_list "
    "collect_set array_agg listagg string_agg stddev variance median mode percentile approx_count_distinct row_number "
    "rank dense_rank ntile lag lead first_value last_value explode explode_outer posexplode inline stack",
    _FAILS: "assert_true raise_error url_decode to_number to_binary from_avro aes_decrypt",
    _CODE: "reflect java_method try_reflect python_udf hint broadcast read_files ai_query http_get secret",
    _DIFFERS: "initcap soundex",
    _ROUNDED: "pow power exp expm1 ln log log2 log10 log1p cbrt sin cos tan asin acos atan atan2 sinh cosh tanh "
    "degrees radians format_number months_between",
    _TIMES: "to_timestamp to_timestamp_ltz to_timestamp_ntz try_to_timestamp try_to_date to_unix_timestamp",
    _JSON: "from_json get_json_object json_tuple from_csv from_xml parse_json schema_of_json to_json to_csv to_xml "
    "variant_get xpath xpath_string",
}
_SINGLE: Final = {
    "size": "size(NULL) is -1; write array_size(x), for a map array_size(map_keys(x))",
    "cardinality": "cardinality(NULL) is -1; write array_size(x), for a map array_size(map_keys(x))",
    "sqrt": "the root of a negative number is NaN, which is no null and no number",
    "hash": "a null has a hash too, so that its absence is not seen; write crc32, md5 or sha2",
    "xxhash64": "a null has a hash too, so that its absence is not seen; write crc32, md5 or sha2",
    "sign": "it turns exact numbers into doubles; write CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END",
    "signum": "it turns exact numbers into doubles; write CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END",
    "from_unixtime": "write date_format(timestamp_seconds(x), 'yyyy-MM-dd HH:mm:ss')",
    "regexp_like": "write x RLIKE 'pattern'",
    "regexp": "write x RLIKE 'pattern'",
    "decode": "write CASE x WHEN value THEN result … END",
    "repeat": "its result has no bound; write lpad or rpad",
    "space": "its result has no bound; write lpad or rpad",
    "format_string": "its result depends on the Java that runs it; write concat or ||, lpad and date_format",
    "printf": "its result depends on the Java that runs it; write concat or ||, lpad and date_format",
    "exists": "it takes a subquery or a function, and there are none; write array_contains(array, value)",
    "transform": "it takes a function of its own, and there are none",
    "filter": "it takes a function of its own, and there are none",
    "aggregate": "it takes a function of its own, and there are none",
    "extract": "write year(x), month(x), day(x), hour(x), minute(x) or second(x)",
    "date_part": "write year(x), month(x), day(x), hour(x), minute(x) or second(x)",
    "position": "write instr(x, 'text')",
    "locate": "write instr(x, 'text')",
    "int": "write CAST(x AS int)",
    "bigint": "write CAST(x AS bigint)",
    "string": "write CAST(x AS string)",
    "double": "write CAST(x AS double)",
    "boolean": "write CAST(x AS boolean)",
    "decimal": "write CAST(x AS decimal(12,2))",
    "date": "write CAST(x AS date)",
    "timestamp": "write CAST(x AS timestamp)",
}
REASONS: Final = {name: reason for reason, names in _GROUPS.items() for name in names.split()} | _SINGLE

"""Calls by name: to which kind of function a name belongs, and what is said when there is none."""

from typing import Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import aggregates, functions, higher, windows
from local_cloud.athena.trino.bound import Bound, with_nulls
from local_cloud.athena.trino.datatypes import BIGINT
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.forms import FORMS

# Athena has these, this engine has not.
ELSEWHERE: Final = frozenset(
    (
        "approx_most_frequent approx_set array_first array_histogram array_last bar beta_cdf bing_tile bit_count "
        "bitwise_and_agg bitwise_left_shift bitwise_or_agg bitwise_right_shift bitwise_right_shift_arithmetic "
        "bitwise_xor_agg checksum classify codepoint combinations convex_hull_agg cosh cosine_distance "
        "cosine_similarity covar_pop covar_samp crc32 current_catalog current_schema current_user "
        "empty_approx_set entropy features format from_base from_base32 from_base64url from_big_endian_32 "
        "from_big_endian_64 from_ieee754_32 from_ieee754_64 from_iso8601_timestamp_nanos geometric_mean "
        "geometry_union_agg great_circle_distance hamming_distance hash_counts hmac_md5 hmac_sha1 hmac_sha256 "
        "hmac_sha512 intersection_cardinality inverse_beta_cdf inverse_normal_cdf "
        "jaccard_index json_array json_exists json_object json_query json_table json_value kurtosis "
        "learn_classifier learn_regressor levenshtein_distance luhn_check make_set_digest map_from_entries "
        "map_union merge merge_set_digest multimap_from_entries murmur3 ngrams normal_cdf normalize "
        "numeric_histogram parse_data_size parse_duration parse_presto_data_size qdigest_agg quantile_at_value "
        "reduce_agg regr_intercept regr_slope regress render repeat rgb set_agg set_union shuffle sinh skewness "
        "soundex split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 st_area st_astext st_buffer st_contains "
        "st_distance st_geometryfromtext st_intersects st_length st_point st_within st_x st_y tanh tdigest_agg "
        "timezone to_base to_base32 to_base64url to_big_endian_32 to_big_endian_64 to_geometry to_ieee754_32 "
        "to_ieee754_64 to_spherical_geography transform_keys trim_array value_at_quantile values_at_quantiles "
        "wilson_interval_lower wilson_interval_upper word_stem xxhash64 zip_with"
    ).split()
)


@handles(exp.Anonymous, "this expressions")
def _call(binder: Expressions, node: exp.Anonymous) -> Bound:
    name = str(node.this).lower()
    if name == "grouping":
        return _grouping(binder, node)
    if name in aggregates.AGGREGATES:
        return aggregates.bind(binder, node)
    if name in FORMS:
        return FORMS[name](binder, node, node.expressions)
    if name in higher.HIGHER:
        return higher.HIGHER[name](binder, node)
    if name in windows.NAMES:
        raise QueryFailed(
            f"FUNCTION_NOT_WINDOW: {binder.position(node)}: Window function {name} requires an OVER clause"
        )
    return scalar(binder, node, name, node.expressions)


def scalar(binder: Expressions, node: exp.Expr, name: str, arguments: list[exp.Expr]) -> Bound:
    """Bind a call of a scalar function."""
    if name not in functions.REGISTER:
        if name in ELSEWHERE:
            raise NotSupported(f"{binder.position(node)}: the function {name}")
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {binder.position(node)}: Function '{name}' not registered")
    values = [binder.bind(argument) for argument in arguments]
    found = functions.chosen(name, values)
    if found is None:
        given = ", ".join(str(value.type) for value in values)
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters ({given}) for function {name}. "
            f"Expected: {functions.shown(functions.REGISTER[name])}"
        )
    return found


def _grouping(binder: Expressions, node: exp.Anonymous) -> Bound:
    grouping = binder.grouping
    if grouping is None:
        raise QueryFailed(f"EXPRESSION_NOT_SCALAR: {binder.position(node)}: GROUPING() needs a GROUP BY")
    indexes = [grouping.keys.get(grouping.plain.bind(item).key) for item in node.expressions]
    if None in indexes:
        raise QueryFailed(
            f"INVALID_ARGUMENTS: {binder.position(node)}: The arguments to GROUPING() must be expressions "
            "referenced by the GROUP BY"
        )
    bits = len(indexes)

    def work(present: frozenset[int]) -> int:
        return sum(1 << (bits - 1 - place) for place, index in enumerate(indexes) if index not in present)

    slot = grouping.slot("grouping set", lambda: None)
    return with_nulls(
        ("grouping", tuple(indexes)), BIGINT, work, [Bound(BIGINT, lambda row: row[slot], "grouping set")]
    )

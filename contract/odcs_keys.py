"""The keys that ODCS 3.0 to 3.2 define at each level; what they mean is decided where they are read."""

from typing import Final

API_VERSIONS: Final = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")

ROOT: Final = frozenset(
    "apiVersion authoritativeDefinitions context contractCreatedTs customProperties dataProduct description domain id "
    "kind name price roles schema servers slaDefaultElement slaProperties status support tags team tenant "
    "version".split()
)
DESCRIPTION: Final = frozenset("authoritativeDefinitions customProperties limitations purpose usage".split())
_ELEMENT: Final = frozenset(
    "authoritativeDefinitions businessName customProperties deprecated description id name physicalName physicalType "
    "quality relationships synonyms tags".split()
)
SCHEMA: Final = _ELEMENT | frozenset("context dataGranularityDescription logicalType properties".split())
PROPERTY: Final = _ELEMENT | frozenset(
    "classification criticalDataElement encryptedName enum examples items logicalType logicalTypeOptions map "
    "partitionKeyPosition partitioned primaryKey primaryKeyPosition properties required semanticType "
    "transformDescription transformLogic transformSourceObjects unique".split()
)
ENUM_VALUE: Final = frozenset("authoritativeDefinitions customProperties description id label tags value".split())
MAP: Final = frozenset({"key", "value"})
QUALITY_ABOUT: Final = frozenset(
    "authoritativeDefinitions businessImpact customProperties description dimension id method name schedule scheduler "
    "severity tags type unit".split()
)
QUALITY: Final = QUALITY_ABOUT | {"metric", "arguments"}
SLA: Final = frozenset(
    "authoritativeDefinitions customProperties description driver element id property schedule scheduler unit value "
    "valueExt".split()
)
CUSTOM_PROPERTY: Final = frozenset("description id property value vendor".split())

LOGICAL_TYPES: Final = ("string", "integer", "number", "boolean", "date", "timestamp", "object", "array", "map")
DIMENSIONS: Final = ("accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness")

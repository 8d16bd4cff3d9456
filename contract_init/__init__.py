"""A draft of a data contract from a sample of raw objects: what the records hold, as a complete, commented document.

Standard library only, and bounded in memory whatever the sample's size; must know no store, deployment or Spark.
"""

from contract_init.draft import DEFAULT_LIMIT, Draft, draft_contract
from contract_init.objects import SampleError

__all__ = ["DEFAULT_LIMIT", "Draft", "SampleError", "draft_contract"]

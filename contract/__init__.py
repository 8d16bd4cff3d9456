"""The data contract: what a dataset looks like, what its quality must be, and who checks that both are well stated.

Standard library only, and nothing of ours outside this package: it runs inside Glue, Lambda, CDK and the command line.
"""

from contract.errors import ContractError
from contract.loading import load_contract, read_contract
from contract.model import AnomalyRule, Column, DataContract, Rule
from contract.parsing import contract_json, parse_contract
from core.operators import holds

__all__ = [
    "AnomalyRule",
    "Column",
    "ContractError",
    "DataContract",
    "Rule",
    "contract_json",
    "holds",
    "load_contract",
    "parse_contract",
    "read_contract",
]

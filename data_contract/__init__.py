"""The data contract: what a dataset looks like, what its quality must be, and who checks that both are well stated.

Standard library only, and nothing of ours outside this package: it runs inside Glue, Lambda, CDK and the command line.
"""

from data_contract.errors import ContractError
from data_contract.loading import load_contract
from data_contract.model import Column, DataContract, Rule
from data_contract.operators import holds
from data_contract.parsing import contract_json, parse_contract

__all__ = [
    "Column",
    "ContractError",
    "DataContract",
    "Rule",
    "contract_json",
    "holds",
    "load_contract",
    "parse_contract",
]

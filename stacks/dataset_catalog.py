"""What is kept of one dataset besides its files: its tables and the questions that are asked of them first.

A nested stack of the data stack: it comes and goes with its contract, and its size depends on no other dataset.
"""

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.curated_table import CuratedTable
from stacks.constructs.metrics_table import MetricsTable
from stacks.constructs.quarantine_table import QuarantineTable
from stacks.constructs.saved_queries import SavedQueries


class DatasetCatalog(cdk.NestedStack):
    def __init__(self, scope: Construct, *, dataset: Dataset, bucket_name: str, workgroup: athena.CfnWorkGroup) -> None:
        super().__init__(scope, dataset.name, description=f"Data pipeline: tables and saved queries of {dataset.name}")
        CuratedTable(self, "Curated", dataset=dataset, bucket_name=bucket_name)
        MetricsTable(self, "Metrics", dataset=dataset, bucket_name=bucket_name)
        QuarantineTable(self, "Quarantine", dataset=dataset, bucket_name=bucket_name)
        SavedQueries(self, "Saved", dataset=dataset, workgroup_name=workgroup.name)
        self.node.add_dependency(workgroup)

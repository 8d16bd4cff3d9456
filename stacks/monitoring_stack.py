"""What watches the pipeline: the rules and the function that write alerts, the freshness checks, a dashboard each.

It knows the other datasets' parts by their names only, so it can be replaced, and a dataset removed, in any order.
"""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.dataset_dashboard import DatasetDashboard
from stacks.constructs.incident_alerts import IncidentAlerts
from stacks.constructs.shared_resources import DataExports, SharedResources


class MonitoringStack(cdk.Stack):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        datasets: Sequence[Dataset],
        exports: DataExports,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        shared = SharedResources(self, "Shared", exports=exports)
        for dataset in datasets:
            part = Construct(self, dataset.name)
            IncidentAlerts(part, "Alerts", dataset=dataset, shared=shared)
            DatasetDashboard(part, "Dashboard", dataset=dataset)

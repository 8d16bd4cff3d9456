"""The questions that a new user asks first, saved in the workgroup."""

from aws_cdk import aws_athena as athena
from constructs import Construct

from core.prices import dpus
from deployed_dataset import Dataset
from stacks.constructs.metrics_table import CHECK_FIELDS


class SavedQueries(Construct):
    """Rows per day, quality over time, keys that occur on several days, and what each day cost."""

    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset, workgroup_name: str) -> None:
        super().__init__(scope, construct_id)
        self.queries = [
            _saved(self, name, description, text, dataset=dataset, workgroup_name=workgroup_name)
            for name, (description, text) in _texts(dataset).items()
        ]


def _saved(
    scope: Construct, name: str, description: str, text: str, *, dataset: Dataset, workgroup_name: str
) -> athena.CfnNamedQuery:
    return athena.CfnNamedQuery(
        scope,
        name,
        name=f"{dataset.name}: {description}",
        description=description,
        database=dataset.settings.database,
        work_group=workgroup_name,
        query_string=text,
    )


def _texts(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Return description and SQL by construct id; every name in them passed the contract's own strict patterns."""
    return {
        "RowsPerDay": ("rows per day", _rows_per_day(dataset)),
        "QualityTrend": ("quality trend", _quality_trend(dataset)),
        "DuplicatesAcrossDates": ("duplicates across dates", _duplicates_across_dates(dataset)),
        "CostPerDay": ("cost per day", _cost_per_day(dataset)),
    }


def _rows_per_day(dataset: Dataset) -> str:
    return f"SELECT ingestion_date, COUNT(*) FROM {_curated(dataset)} GROUP BY ingestion_date"  # noqa: S608


def _quality_trend(dataset: Dataset) -> str:
    """Unnesting an array of rows gives one column per field, in the order of the table's type."""
    fields = ", ".join(f'"{name}"' for name in CHECK_FIELDS)
    return "\n".join(
        [
            "SELECT m.ingestion_date, m.run_id, m.status, c.*",
            f"FROM {_metrics(dataset)} AS m CROSS JOIN UNNEST(m.checks) AS c ({fields})",
            'ORDER BY c."id", m.ingestion_date, m.run_id',
        ]
    )


def _duplicates_across_dates(dataset: Dataset) -> str:
    """Find keys that several days hold; within one day each is there once."""
    key = ", ".join(f'"{column.lower()}"' for column in dataset.contract.primary_key)
    return "\n".join(
        [
            f"SELECT {key}, COUNT(*) AS days, MIN(ingestion_date) AS first_day, MAX(ingestion_date) AS last_day",
            f"FROM {_curated(dataset)} GROUP BY {key} HAVING COUNT(*) > 1 ORDER BY days DESC LIMIT 1000",
        ]
    )


def _cost_per_day(dataset: Dataset) -> str:
    """Sum up the work and its upper bound in DPU-hours; what one costs differs by region."""
    seconds = "SUM(element_at(seconds, 'total'))"
    capacity = dpus(dataset.settings.worker_type, dataset.settings.max_workers)
    return "\n".join(
        [
            "-- Multiply max_dpu_hours by the price of a DPU-hour: https://aws.amazon.com/glue/pricing/",
            "SELECT ingestion_date, COUNT(*) AS runs, SUM(rows_read) AS rows_read, SUM(bytes_in) AS bytes_in,",
            f"  {seconds} AS seconds, {seconds} / 3600 * {capacity} AS max_dpu_hours",
            f"FROM {_metrics(dataset)} GROUP BY ingestion_date ORDER BY ingestion_date",
        ]
    )


def _curated(dataset: Dataset) -> str:
    return f"{dataset.settings.database}.{dataset.contract.table}"


def _metrics(dataset: Dataset) -> str:
    return f"{dataset.settings.database}.{dataset.metrics_table}"

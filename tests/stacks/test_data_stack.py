import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract import load_contract
from tests.stacks.synthesis import ROOT, as_list, synthesized, walk, written

METRICS = ROOT / "tests" / "events" / "metrics_published.json"
CONTRACT = load_contract(ROOT / "contracts" / "events.odcs.yaml")


def bucket(name: str, *overrides: str) -> dict[str, Any]:
    buckets = synthesized(*overrides).resources("AWS::S3::Bucket")
    (found,) = [dict(resource) for logical_id, resource in buckets.items() if logical_id.startswith(f"Storage{name}")]
    return found


def data_bucket(*overrides: str) -> dict[str, Any]:
    return bucket("Bucket", *overrides)


def rules() -> dict[str, Any]:
    return {rule["Id"]: rule for rule in data_bucket()["Properties"]["LifecycleConfiguration"]["Rules"]}


class TestEveryBucket:
    @pytest.mark.parametrize("name", ["Bucket", "AccessLogs"])
    def test_it_is_private_encrypted_and_owned(self, name: str) -> None:
        properties = bucket(name)["Properties"]
        ways = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(ways, True)
        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]

    @pytest.mark.parametrize(
        "condition", [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]
    )
    def test_it_refuses_plain_and_old_connections(self, condition: dict[str, Any]) -> None:
        policies = synthesized().properties("AWS::S3::BucketPolicy")
        assert len(policies) == 2
        for policy in policies:
            denied = [item["Condition"] for item in policy["PolicyDocument"]["Statement"] if item["Effect"] == "Deny"]
            assert condition in denied

    @pytest.mark.parametrize(
        ("overrides", "policy"),
        [
            ((), "Retain"),
            (("destroy_data=true",), "Retain"),
            (("confirm_destroy_data=true",), "Retain"),
            (("destroy_data=true", "confirm_destroy_data=true"), "Delete"),
        ],
    )
    def test_it_outlives_the_stack_unless_two_flags_say_otherwise(
        self, overrides: tuple[str, ...], policy: str
    ) -> None:
        for resource in synthesized(*overrides).resources("AWS::S3::Bucket").values():
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (policy, policy)

    def test_every_rule_of_its_objects_is_on(self) -> None:
        for properties in synthesized().properties("AWS::S3::Bucket"):
            assert {rule["Status"] for rule in properties["LifecycleConfiguration"]["Rules"]} == {"Enabled"}


class TestAccessLogs:
    def test_they_tell_of_the_data(self) -> None:
        logging = data_bucket()["Properties"]["LoggingConfiguration"]
        assert logging["DestinationBucketName"]["Ref"].startswith("StorageAccessLogs")
        assert logging["LogFilePrefix"] == "data/"

    @pytest.mark.parametrize("overrides", [(), ("log_days=14",)])
    def test_they_are_kept_for_as_long_as_other_logs(self, overrides: tuple[str, ...]) -> None:
        (rule,) = bucket("AccessLogs", *overrides)["Properties"]["LifecycleConfiguration"]["Rules"]
        groups = synthesized(*overrides).properties("AWS::Logs::LogGroup")
        assert "Prefix" not in rule
        assert {rule["ExpirationInDays"]} == {group["RetentionInDays"] for group in groups}


class TestBucket:
    def test_it_keeps_earlier_versions(self) -> None:
        assert data_bucket()["Properties"]["VersioningConfiguration"]["Status"] == "Enabled"

    def test_its_events_go_to_eventbridge_without_a_custom_resource(self) -> None:
        configuration = data_bucket()["Properties"]["NotificationConfiguration"]
        assert configuration == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        kinds = {
            resource["Type"]
            for template in synthesized().templates.values()
            for resource in template["Resources"].values()
        }
        assert not {kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))}

    def test_raw_data_gets_colder_and_stays_readable(self) -> None:
        rule = rules()["colder-raw"]
        assert rule["Prefix"] == "raw/"
        assert [(step["StorageClass"], step["TransitionInDays"]) for step in rule["Transitions"]] == [
            ("STANDARD_IA", 30),
            ("GLACIER_IR", 90),
        ]

    def test_only_what_can_be_lost_expires(self) -> None:
        expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules().values() if "ExpirationInDays" in rule}
        assert expiring == {"athena-results/": 30, "leases/": 14, "quarantine/": 90}

    def test_old_versions_and_abandoned_uploads_go_everywhere(self) -> None:
        rule = rules()["noncurrent-and-abandoned"]
        assert "Prefix" not in rule
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
        assert rule["ExpiredObjectDeleteMarker"] is True
        assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 3


class TestTopic:
    def test_only_alarms_of_this_account_publish_besides_our_roles(self) -> None:
        (policy,) = synthesized().properties("AWS::SNS::TopicPolicy")
        allowed = [item for item in policy["PolicyDocument"]["Statement"] if item["Effect"] == "Allow"]
        assert [(item["Principal"], item["Action"]) for item in allowed] == [
            ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
        ]
        assert set(allowed[0]["Condition"]) == {"StringEquals", "ArnLike"}

    def test_each_address_gets_a_subscription_and_none_is_fine(self) -> None:
        assert synthesized().properties("AWS::SNS::Subscription") == []
        synthesis = synthesized("alert_emails=a@example.com, b@example.com")
        addresses = synthesis.properties("AWS::SNS::Subscription")
        (topic,) = synthesis.resources("AWS::SNS::Topic")
        assert [item["TopicArn"] for item in addresses] == [{"Ref": topic}] * 2
        assert [(item["Protocol"], item["Endpoint"]) for item in addresses] == [
            ("email", "a@example.com"),
            ("email", "b@example.com"),
        ]


def catalog_table(name: str) -> dict[str, Any]:
    tables = synthesized().properties("AWS::Glue::Table")
    (found,) = [item["TableInput"] for item in tables if item["TableInput"]["Name"] == name]
    return dict(found)


_HIVE = "org.apache.hadoop.hive.ql.io"
PARQUET = (
    f"{_HIVE}.parquet.MapredParquetInputFormat",
    f"{_HIVE}.parquet.MapredParquetOutputFormat",
    f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
)
JSON = (
    "org.apache.hadoop.mapred.TextInputFormat",
    f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
    "org.openx.data.jsonserde.JsonSerDe",
)


class TestCatalog:
    def test_the_names_that_people_query_are_as_promised(self) -> None:
        database = synthesized().only("AWS::Glue::Database")["DatabaseInput"]["Name"]
        assert (database, catalog_table("curated_events")["TableType"]) == ("prod_data_pipeline", "EXTERNAL_TABLE")

    def test_the_columns_are_those_of_the_contract(self) -> None:
        table = catalog_table("curated_events")
        columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
        assert columns == [(column.name, column.type) for column in CONTRACT.columns]
        assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("ingestion_date", "string")]

    @pytest.mark.parametrize("text", ["a" * 3000, "ü" * 3000, "日付" * 1500, "🚲" * 1000, "one\ttwo\n\u0007" * 300])
    def test_texts_of_the_contract_fit_into_what_the_catalog_stores(self, text: str, tmp_path: Path) -> None:
        # Bytes, not characters: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
        contract = yaml.safe_load((ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8"))
        (schema,) = contract["schema"]
        schema["description"] = schema["properties"][0]["description"] = text
        (tmp_path / "events.odcs.json").write_text(json.dumps(contract, default=str), encoding="utf-8")
        tables = synthesized(contracts=tmp_path).properties("AWS::Glue::Table")
        (table,) = [item["TableInput"] for item in tables if item["TableInput"]["Name"] == "curated_events"]
        for stored, most in [(table["StorageDescriptor"]["Columns"][0]["Comment"], 255), (table["Description"], 2048)]:
            assert most - 8 < len(stored.encode()) <= most
            assert stored.endswith("…")
            assert not re.search(r"[\x00-\x1f\x7f]", stored)

    def test_partitions_are_registered_and_never_projected_or_crawled(self) -> None:
        assert not [key for key in catalog_table("curated_events")["Parameters"] if "projection" in key]
        assert synthesized().properties("AWS::Glue::Crawler") == []

    def test_locations_are_the_prefixes_that_the_job_writes(self) -> None:
        locations = {
            name: written(catalog_table(name)["StorageDescriptor"]["Location"])
            for name in ("curated_events", "curated_events_metrics", "curated_events_quarantine")
        }
        assert {name: "/".join(text.split("/")[3:]) for name, text in locations.items()} == {
            "curated_events": "curated/events/",
            "curated_events_metrics": "metrics/events/",
            "curated_events_quarantine": "quarantine/events/",
        }

    @pytest.mark.parametrize(
        ("name", "input_format", "output_format", "serde"),
        [
            # The names by which Athena knows them: https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html
            ("curated_events", *PARQUET),
            ("curated_events_quarantine", *PARQUET),
            # https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
            ("curated_events_metrics", *JSON),
        ],
    )
    def test_files_are_read_as_what_they_are(
        self, name: str, input_format: str, output_format: str, serde: str
    ) -> None:
        storage = catalog_table(name)["StorageDescriptor"]
        assert (storage["InputFormat"], storage["OutputFormat"]) == (input_format, output_format)
        assert storage["SerdeInfo"]["SerializationLibrary"] == serde
        assert catalog_table(name)["Parameters"]["classification"] == ("json" if "json" in serde else "parquet")

    def test_all_tables_are_external_and_of_the_one_database(self) -> None:
        for table in synthesized().properties("AWS::Glue::Table"):
            assert (table["DatabaseName"], table["CatalogId"]) == ("prod_data_pipeline", {"Ref": "AWS::AccountId"})
            assert table["TableInput"]["TableType"] == "EXTERNAL_TABLE"
            assert table["TableInput"]["Parameters"]["EXTERNAL"] == "TRUE"

    def test_they_lie_in_the_bucket_of_the_data(self) -> None:
        (nested,) = synthesized().properties("AWS::CloudFormation::Stack", stack="Data")
        (parameter,) = nested["Parameters"]
        assert nested["Parameters"][parameter]["Ref"].startswith("StorageBucket")
        for table in synthesized().properties("AWS::Glue::Table"):
            assert written(table["TableInput"]["StorageDescriptor"]["Location"]).startswith(f"s3://<{parameter}>/")

    def test_every_declared_column_reads_its_value_from_a_real_metrics_object(self) -> None:
        document = json.loads(METRICS.read_text(encoding="utf-8"))
        database = with_tables()
        rows = database.execute("FROM prod_data_pipeline.curated_events_metrics").fetchall()
        names = [column[0] for column in database.description or ()]
        assert set(names) == set(document)
        (row,) = (dict(zip(names, values, strict=True)) for values in rows)
        checks = [{**check, "limit": json.dumps(check["limit"]).replace(" ", "")} for check in document["checks"]]
        read = [{**check, "limit": check["limit"].replace(" ", "")} for check in row["checks"]]
        assert read == checks
        assert {name: row[name] for name in names if name != "checks"} == {
            name: value for name, value in document.items() if name != "checks"
        }

    def test_every_key_of_a_real_metrics_object_is_a_column(self) -> None:
        document = json.loads((ROOT / "tests" / "events" / "metrics_published.json").read_text(encoding="utf-8"))
        columns = {column["Name"] for column in catalog_table("curated_events_metrics")["StorageDescriptor"]["Columns"]}
        assert set(document) <= columns

    def test_quarantine_needs_no_partitions_and_its_rows_say_their_day_and_run(self) -> None:
        table = catalog_table("curated_events_quarantine")
        assert "PartitionKeys" not in table
        assert not [key for key in table["Parameters"] if "projection" in key]
        columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
        assert columns == [
            ("line", "string"), ("line_bytes", "binary"), ("reason", "string"), ("source_object", "string"),
            ("kind", "string"), ("ingestion_date", "string"), ("run_id", "string"), ("record", "string"),
        ]  # fmt: skip


class TestWorkgroup:
    @pytest.mark.parametrize(("overrides", "cutoff_gb"), [((), 100), (("scan_cutoff_gb=7",), 7)])
    def test_its_settings_override_the_clients(self, overrides: tuple[str, ...], cutoff_gb: int) -> None:
        settings = synthesized(*overrides).only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
        assert settings["EnforceWorkGroupConfiguration"] is True
        assert settings["BytesScannedCutoffPerQuery"] == cutoff_gb * 1_000_000_000
        assert settings["RequesterPaysEnabled"] is False
        assert settings["PublishCloudWatchMetricsEnabled"] is True
        assert settings["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
        result = settings["ResultConfiguration"]
        assert re.fullmatch(r"s3://<StorageBucket\w+>/athena-results/", written(result["OutputLocation"]))
        assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}

    def test_it_is_called_after_the_database_and_goes_with_its_history(self) -> None:
        workgroup = synthesized().only("AWS::Athena::WorkGroup")
        assert (workgroup["Name"], workgroup["RecursiveDeleteOption"]) == ("prod-data-pipeline", True)

    def test_the_first_questions_are_saved(self) -> None:
        queries = {item["Name"]: item for item in synthesized().properties("AWS::Athena::NamedQuery")}
        example = "SELECT ingestion_date, COUNT(*) FROM prod_data_pipeline.curated_events GROUP BY ingestion_date"
        assert queries["events: rows per day"]["QueryString"] == example
        assert set(queries) == {
            f"events: {name}" for name in ("rows per day", "quality trend", "duplicates across dates", "cost per day")
        }

    def test_the_cost_of_a_day_counts_each_second_once(self) -> None:
        total = json.loads(METRICS.read_text(encoding="utf-8"))["seconds"]["total"]
        (row,) = answers("cost per day")
        assert row[0:4] == ("2025-01-02", 1, 10250, 4567890)
        assert row[4:] == (pytest.approx(total), pytest.approx(total / 3600 * 10))

    def test_duplicates_across_dates_finds_the_key_that_two_days_have(self) -> None:
        assert answers("duplicates across dates") == [("both", 2, "2025-01-01", "2025-01-02")]

    def test_rows_per_day_counts_them(self) -> None:
        assert sorted(answers("rows per day")) == [("2025-01-01", 1), ("2025-01-02", 2)]


def with_tables() -> duckdb.DuckDBPyConnection:
    """Make both tables with the declared types: one real metrics object, and three rows of two days."""
    database = duckdb.connect()
    database.execute("CREATE SCHEMA prod_data_pipeline")
    for name in ("curated_events", "curated_events_metrics"):
        table = catalog_table(name)
        columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", ())]
        types = [f'"{item["Name"]}" {in_duckdb(item["Type"])}' for item in columns]
        database.execute(f"CREATE TABLE prod_data_pipeline.{name} ({', '.join(types)})")
    database.execute(f"COPY prod_data_pipeline.curated_events_metrics FROM '{METRICS}' (FORMAT json)")
    for event_id, day in (("both", "2025-01-01"), ("both", "2025-01-02"), ("one", "2025-01-02")):
        insert = "INSERT INTO prod_data_pipeline.curated_events BY NAME SELECT ? AS event_id, ? AS ingestion_date"
        database.execute(insert, [event_id, day])
    return database


def answers(name: str) -> list[tuple[Any, ...]]:
    """Run a saved query of Athena's, in the words of another engine."""
    text = synthesized().only("AWS::Athena::NamedQuery", Name=f"events: {name}")["QueryString"]
    return with_tables().execute(re.sub(r"element_at\((\w+), ('\w+')\)", r"\1[\2]", text)).fetchall()


def in_duckdb(hive_type: str) -> str:
    """Spell a type of the catalog as DuckDB does, from the innermost brackets outwards."""
    text = re.sub(r"(\w+):", r'"\1" ', hive_type)
    while "<" in text:
        text = re.sub(r"array<([^<>]*)>", r"\1[]", text)
        text = re.sub(r"map<([^<>]*)>", r"MAP(\1)", text)
        text = re.sub(r"struct<([^<>]*)>", r"STRUCT(\1)", text)
    return text


class TestKey:
    def test_with_a_key_everything_that_holds_data_uses_it(self) -> None:
        synthesis = synthesized("kms=true")
        bucket = data_bucket("kms=true")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        assert bucket["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert bucket["BucketKeyEnabled"] is True
        assert all("KmsMasterKeyId" in topic for topic in synthesis.properties("AWS::SNS::Topic"))
        assert all("KmsMasterKeyId" in queue for queue in synthesis.properties("AWS::SQS::Queue"))
        workgroup = synthesis.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"]
        (key,) = synthesis.resources("AWS::KMS::Key")
        assert workgroup["EncryptionConfiguration"] == {
            "EncryptionOption": "SSE_KMS",
            "KmsKey": {"Fn::GetAtt": [key, "Arn"]},
        }
        security = synthesis.only("AWS::Glue::SecurityConfiguration")
        assert synthesis.only("AWS::Glue::Job")["SecurityConfiguration"] == security["Name"] == "prod-events-curation"
        encryption = security["EncryptionConfiguration"]
        logs, bookmarks, (files,) = (
            encryption[name] for name in ("CloudWatchEncryption", "JobBookmarksEncryption", "S3Encryptions")
        )
        assert logs["CloudWatchEncryptionMode"] == files["S3EncryptionMode"] == "SSE-KMS"
        assert bookmarks["JobBookmarksEncryptionMode"] == "CSE-KMS"
        assert logs["KmsKeyArn"] == files["KmsKeyArn"] == bookmarks["KmsKeyArn"]
        assert synthesis.only("AWS::KMS::Key")["EnableKeyRotation"] is True

    def test_with_a_key_the_job_waits_for_the_configuration_that_it_names(self) -> None:
        synthesis = synthesized("kms=true")
        (configuration,) = synthesis.resources("AWS::Glue::SecurityConfiguration")
        (job,) = synthesis.resources("AWS::Glue::Job").values()
        assert configuration in job["DependsOn"]

    @pytest.mark.parametrize("service", ["events.amazonaws.com", "cloudwatch.amazonaws.com"])
    def test_services_that_send_to_topic_and_queues_may_use_the_key_but_for_no_other_account(
        self, service: str
    ) -> None:
        statements = synthesized("kms=true").only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
        (found,) = [item for item in statements if service in as_list(item["Principal"].get("Service"))]
        assert found["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
        assert found["Condition"] == {"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    def test_without_one_there_is_none(self) -> None:
        assert synthesized().properties("AWS::KMS::Key") == []
        for template in synthesized().templates.values():
            assert not [value for value in walk(template) if isinstance(value, str) and "kms:" in value]

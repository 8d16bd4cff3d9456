"""Records as well-known systems write them, made after their public documentation; all values are made up."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

Row = dict[str, Any]
START = datetime(2025, 1, 1, tzinfo=UTC)


class Maker:
    """Random values that are the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def moment(self) -> datetime:
        return START + timedelta(microseconds=self.random.randrange(86_400_000_000))

    def iso(self) -> str:
        return f"{self.moment():%Y-%m-%dT%H:%M:%S}Z"

    def millis(self) -> int:
        return int(self.moment().timestamp() * 1000)

    def choice(self, *values: Any) -> Any:
        return self.random.choice(values)

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def number(self, below: int) -> int:
        return self.random.randrange(below)


def github_archive(make: Maker) -> Row:
    kind = make.choice("PushEvent", "WatchEvent", "IssuesEvent", "CreateEvent")
    payloads: dict[str, Row] = {
        "PushEvent": {
            "push_id": make.number(10**10),
            "size": 1,
            "ref": "refs/heads/main",
            "commits": [{"sha": "a", "distinct": True}],
        },
        "WatchEvent": {"action": "started"},
        "IssuesEvent": {"action": "opened", "issue": {"id": make.number(10**9), "title": "x", "labels": []}},
        "CreateEvent": {
            "ref": None,
            "ref_type": "repository",
            "master_branch": "main",
            "description": None,
            "pusher_type": "user",
        },
    }
    payload = payloads[kind]
    login = f"user{make.number(500)}"
    row: Row = {
        "id": str(45_000_000_000 + make.number(10**9)),
        "type": kind,
        "actor": {
            "id": make.number(10**8),
            "login": login,
            "display_login": login,
            "gravatar_id": "",
            "url": "https://x.example/u",
        },
        "repo": {"id": make.number(10**8), "name": "a/b", "url": "https://x.example/r"},
        "payload": payload,
        "public": True,
        "created_at": make.iso(),
    }
    if make.number(4) == 0:
        row["org"] = {"id": make.number(10**7), "login": "org", "gravatar_id": "", "url": "https://x.example/o"}
    return row


def segment_track(make: Maker) -> Row:
    return {
        "anonymousId": make.uuid(),
        "context": {
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "page": {
                "path": "/academy/",
                "referrer": "",
                "search": "",
                "title": "Academy",
                "url": "https://x.example/academy/",
            },
            "userAgent": "Mozilla/5.0",
            "ip": "198.51.100.7",
        },
        "event": make.choice("Signed Up", "Order Completed"),
        "integrations": {},
        "messageId": f"ajs-{make.uuid()}",
        "properties": make.choice({"plan": "Pro", "seats": 3}, {"revenue": 14.99, "currency": "USD"}),
        "receivedAt": make.iso(),
        "sentAt": make.iso(),
        "timestamp": f"{make.moment():%Y-%m-%dT%H:%M:%S}.{make.number(1000):03}Z",
        "type": "track",
        "userId": make.choice("AiUGstSDIg", "5f4b", None),
        "originalTimestamp": f"{make.moment():%Y-%m-%dT%H:%M:%S}.{make.number(1000):03}+01:00",
        "version": 2,
    }


def ga4_export(make: Maker) -> Row:
    moment = make.moment()
    return {
        "event_date": f"{moment:%Y%m%d}",
        "event_timestamp": str(int(moment.timestamp() * 1_000_000)),
        "event_name": make.choice("page_view", "session_start", "purchase"),
        "event_params": [
            {"key": "ga_session_id", "value": {"int_value": str(make.number(10**9))}},
            {"key": "page_title", "value": {"string_value": "Home"}},
        ],
        "event_bundle_sequence_id": str(make.number(10**6)),
        "user_pseudo_id": f"{make.number(10**9)}.{make.number(10**9)}",
        "user_first_touch_timestamp": str(int(make.moment().timestamp() * 1_000_000)),
        "device": {
            "category": make.choice("mobile", "desktop"),
            "mobile_brand_name": "Apple",
            "language": "en-us",
            "is_limited_ad_tracking": "No",
        },
        "geo": {"continent": "Europe", "country": make.choice("Germany", "France"), "city": ""},
        "stream_id": "1234567890",
        "platform": "WEB",
        "items": [],
    }


def stripe_event(make: Maker) -> Row:
    return {
        "id": f"evt_{make.uuid()[:8]}{make.number(10**9)}",
        "object": "event",
        "api_version": "2024-06-20",
        "created": int(make.moment().timestamp()),
        "data": {
            "object": {
                "id": f"ch_{make.number(10**9)}",
                "object": "charge",
                "amount": make.number(10**5),
                "currency": "eur",
                "metadata": {},
                "paid": True,
            }
        },
        "livemode": False,
        "pending_webhooks": make.number(3),
        "request": {"id": f"req_{make.number(10**9)}", "idempotency_key": make.uuid()},
        "type": make.choice("charge.succeeded", "charge.failed"),
    }


def wikimedia_change(make: Maker) -> Row:
    moment = make.moment()
    row: Row = {
        "$schema": "/mediawiki/recentchange/1.0.0",
        "meta": {
            "uri": f"https://x.example/wiki/{make.number(10**6)}",
            "request_id": make.uuid(),
            "id": make.uuid(),
            "dt": f"{moment:%Y-%m-%dT%H:%M:%S}Z",
            "domain": make.choice("en.example", "de.example"),
            "stream": "mediawiki.recentchange",
            "topic": "eqiad.mediawiki.recentchange",
            "partition": 0,
            "offset": 5_400_000_000 + make.number(10**6),
        },
        "id": make.choice(None, 1_800_000_000 + make.number(10**6)),
        "type": "edit",
        "namespace": make.choice(0, 1, 6, 14),
        "title": f"Ä/{make.number(10**6)}",
        "comment": "c",
        "timestamp": int(moment.timestamp()),
        "user": f"u{make.number(300)}",
        "bot": make.flag(),
        "minor": False,
        "length": {"old": make.number(1000), "new": make.number(1000)},
        "revision": {"old": make.number(10**9), "new": make.number(10**9)},
        "server_url": "https://en.example",
        "wiki": "enwiki",
        "parsedcomment": "c",
    }
    if make.number(5) == 0:
        row = {
            **row,
            "type": "log",
            "log_id": make.number(10**8),
            "log_params": make.choice([], {"newgroups": ["sysop"]}),
        }
        del row["length"], row["revision"], row["minor"]
    return row


def dynamodb_item(make: Maker) -> Row:
    item: Row = {
        "pk": {"S": f"order#{make.number(10**12)}"},
        "total": {"N": f"{make.number(10**5) / 100:.2f}"},
        "quantity": {"N": str(make.number(20))},
        "paid": {"BOOL": make.flag()},
        "created_at": {"S": make.iso()},
        "address": {"M": {"city": {"S": "Bonn"}, "zip": {"S": "01234"}}},
        "tags": {"SS": ["a", "b"]},
        "lines": {"L": [{"M": {"sku": {"S": "x"}}}]},
        "note": make.choice({"NULL": True}, {"S": "hello"}),
    }
    return {"Item": item}


def cloudtrail_record(make: Maker) -> Row:
    parameters = make.choice(
        None,
        {"bucketName": "b", "Host": "x.example", "encoding-type": "url"},
        {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "filterSet": {}},
        {"roleArn": "arn:aws:iam::111122223333:role/demo", "roleSessionName": "s", "durationSeconds": 3600},
    )
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:x",
            "arn": "arn:aws:sts::111122223333:assumed-role/demo/x",
            "accountId": "111122223333",
        },
        "eventTime": make.iso(),
        "eventSource": make.choice("s3.amazonaws.com", "ec2.amazonaws.com"),
        "eventName": make.choice("GetObject", "DescribeInstances", "AssumeRole"),
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "aws-cli/2",
        "requestParameters": parameters,
        "responseElements": make.choice(None, {"a": 1}),
        "requestID": make.uuid(),
        "eventID": make.uuid(),
        "readOnly": make.flag(),
        "resources": [{"ARN": "arn:aws:s3:::b", "type": "AWS::S3::Bucket"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    }


def eventbridge_event(make: Maker) -> Row:
    return {
        "version": "0",
        "id": make.uuid(),
        "detail-type": make.choice("Order Placed", "Order Shipped"),
        "source": "com.shop",
        "account": "111122223333",
        "time": make.iso(),
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "order-id": f"o-{make.number(10**9)}",
            "amount": make.number(10**5) / 100,
            "customer": {"name": "x", "vip": False},
        },
    }


def otlp_batch(make: Maker) -> Row:
    def record() -> Row:
        nanos = int(make.moment().timestamp()) * 10**9 + make.number(10**9)
        return {
            "timeUnixNano": str(nanos),
            "observedTimeUnixNano": str(nanos + 1),
            "severityNumber": make.choice(9, 17),
            "severityText": make.choice("INFO", "ERROR"),
            "body": {"stringValue": f"line {make.number(10**9)}"},
            "attributes": [
                {"key": "http.status", "value": {"intValue": "200"}},
                {"key": "path", "value": {"stringValue": "/"}},
            ],
            "traceId": f"{make.random.getrandbits(128):032x}",
            "spanId": f"{make.random.getrandbits(64):016x}",
        }

    scope = {"scope": {"name": "app.log", "version": "1.0"}, "logRecords": [record() for _ in range(3)]}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [scope, scope | {"logRecords": [record()]}]}]}


def shopify_order(make: Maker) -> Row:
    price = f"{make.number(10**5) / 100:.2f}"
    return {
        "id": 820_982_911_946_154_508 + make.number(10**9),
        "admin_graphql_api_id": f"gid://shopify/Order/{make.number(10**12)}",
        "created_at": f"{make.moment():%Y-%m-%dT%H:%M:%S}-05:00",
        "cancelled_at": None,
        "currency": "USD",
        "current_total_price": price,
        "total_price": price,
        "subtotal_price": price,
        "total_tax": "0.00",
        "confirmed": True,
        "email": make.choice("jon@example.com", "ann@example.com"),
        "financial_status": make.choice("paid", "voided"),
        "name": f"#{make.number(10**5)}",
        "order_number": make.number(10**5),
        "tags": "tag1, tag2",
        "note_attributes": [],
        "tax_lines": [],
        "customer": {
            "id": make.number(10**12),
            "email": "jon@example.com",
            "created_at": None,
            "verified_email": True,
            "tags": "",
        },
        "line_items": [
            {
                "id": make.number(10**12),
                "price": "199.99",
                "quantity": make.number(5) + 1,
                "sku": "SKU2006",
                "title": "Shoes",
                "taxable": True,
            }
        ],
        "shipping_lines": [{"id": 1, "price": "10.00", "title": "Generic"}],
    }


def debezium_change(make: Maker) -> Row:
    row = {"id": make.number(10**9), "first_name": "Anne", "email": "a@example.com", "amount": make.number(10**5) / 100}
    operation = make.choice("c", "u", "d")
    return {
        "before": None if operation == "c" else row,
        "after": None if operation == "d" else row,
        "source": {
            "version": "2.5.0.Final",
            "connector": "postgresql",
            "name": "shop",
            "ts_ms": make.millis(),
            "snapshot": "false",
            "db": "shop",
            "schema": "public",
            "table": "customers",
            "txId": make.number(10**6),
            "lsn": 24_000_000 + make.number(10**9),
        },
        "op": operation,
        "ts_ms": make.millis(),
        "transaction": None,
    }


def kafka_connect(make: Maker) -> Row:
    fields = [
        {"type": "int64", "optional": False, "field": "order_id"},
        {"type": "string", "optional": True, "field": "status"},
    ]
    payload = {"order_id": make.number(10**9), "status": make.choice("open", "paid"), "updated_at": make.millis()}
    return {"schema": {"type": "struct", "fields": fields, "optional": False, "name": "orders"}, "payload": payload}


def snowplow_enriched(make: Maker) -> Row:
    moment = f"{make.moment():%Y-%m-%dT%H:%M:%S}.{make.number(1000):03}Z"
    return {
        "app_id": "shop",
        "platform": "web",
        "etl_tstamp": moment,
        "collector_tstamp": moment,
        "dvce_created_tstamp": moment,
        "event": make.choice("page_view", "unstruct"),
        "event_id": make.uuid(),
        "txn_id": None,
        "v_tracker": "js-3.1",
        "user_ipaddress": "198.51.100.0",
        "domain_sessionidx": make.number(9),
        "network_userid": make.uuid(),
        "geo_country": make.choice("DE", "NO"),
        "geo_latitude": make.number(9000) / 100,
        "page_urlport": 443,
        "contexts_com_snowplowanalytics_snowplow_web_page_1": [{"id": make.uuid()}],
        "unstruct_event_com_acme_click_1": make.choice(None, {"targetUrl": "https://x.example"}),
    }


def auth0_log(make: Maker) -> Row:
    moment = f"{make.moment():%Y-%m-%dT%H:%M:%S}.{make.number(1000):03}Z"
    number = f"9002025{make.number(10**17):017}"
    return {
        "_id": number,
        "log_id": number,
        "data": {
            "date": moment,
            "type": make.choice("s", "f", "seacft"),
            "connection": "db",
            "client_id": "abc",
            "client_name": "App",
            "ip": "198.51.100.3",
            "user_agent": "Chrome",
            "details": make.choice({"prompts": [], "completedAt": make.millis()}, {"code": "x"}),
            "user_id": "auth0|1",
            "log_id": number,
            "isMobile": False,
            "$event_schema": {"version": "1.0.0"},
        },
    }


def okta_event(make: Maker) -> Row:
    return {
        "uuid": make.uuid(),
        "published": f"{make.moment():%Y-%m-%dT%H:%M:%S}.{make.number(1000):03}Z",
        "eventType": make.choice("user.session.start", "policy.evaluate_sign_on"),
        "version": "0",
        "severity": make.choice("INFO", "WARN"),
        "legacyEventType": None,
        "displayMessage": "User login",
        "actor": {
            "id": "00u1",
            "type": "User",
            "alternateId": "a@example.com",
            "displayName": "A",
            "detailEntry": None,
        },
        "client": {
            "userAgent": {"rawUserAgent": "Mozilla", "os": "Mac", "browser": "CHROME"},
            "zone": "null",
            "device": "Computer",
            "id": None,
            "ipAddress": "198.51.100.4",
            "geographicalContext": {"city": "Oslo", "geolocation": {"lat": 59.9139, "lon": 10.7522}},
        },
        "outcome": {"result": make.choice("SUCCESS", "FAILURE"), "reason": None},
        "target": None,
        "debugContext": {
            "debugData": make.choice({"requestId": "a", "url": "/x?", "risk": "{}"}, {"requestUri": "/y"})
        },
    }


def access_log(make: Maker) -> Row:
    return {
        "request": f"{make.number(10**9)}",
        "time_local": f"{make.moment():%d/%b/%Y:%H:%M:%S} +0000",
        "last-modified": f"{make.moment():%a, %d %b %Y %H:%M:%S} GMT",
        "bytes": str(make.number(10**5)),
        "status": "200",
        "request_time": f"{make.number(1000) / 1000:.3f}",
        "cached": make.choice("true", "false"),
        "day": f"{make.moment():%d.%m.%Y}",
        "booked": f"{make.moment():%d/%m/%Y %H:%M:%S}",
    }


LINES: dict[str, Callable[[Maker], Row]] = {
    made.__name__: made
    for made in (
        github_archive,
        segment_track,
        ga4_export,
        stripe_event,
        wikimedia_change,
        dynamodb_item,
        eventbridge_event,
        otlp_batch,
        shopify_order,
        debezium_change,
        kafka_connect,
        snowplow_enriched,
        auth0_log,
        okta_event,
        access_log,
    )
}


def rows(name: str, *, seed: int = 1, count: int = 300) -> Iterator[Row]:
    make = Maker(seed)
    return (LINES[name](make) for _ in range(count))


def lines(name: str, *, seed: int = 1, count: int = 300) -> bytes:
    """Return records on a line each."""
    return "".join(f"{json.dumps(row)}\n" for row in rows(name, seed=seed, count=count)).encode()


def firehose_delivery(*, seed: int = 1, count: int = 300) -> bytes:
    """Return records one behind the other, as a delivery stream writes them that adds no newline."""
    make = Maker(seed)
    return "".join(json.dumps({"id": make.uuid(), "event": "click", "ts": make.iso()}) for _ in range(count)).encode()


def cloudtrail_delivery(*, seed: int = 1, count: int = 300) -> bytes:
    """Return an object of a trail: one envelope, compressed."""
    make = Maker(seed)
    return gzip.compress(json.dumps({"Records": [cloudtrail_record(make) for _ in range(count)]}).encode())

"""The evaluation itself, by AWS's rules: who is meant, what matches, what wins."""

import pytest

from tests.iam.policies import Call, Conditions, NotUnderstood, Policies, Statement, matches

ROLE = "arn:aws:iam::111111111111:role/one"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
OBJECT = "arn:aws:s3:::bucket/a/b"
READ = Call(ROLE, "s3:GetObject", OBJECT, {"aws:SecureTransport": "true"})


def statement(
    *,
    effect: str = "Allow",
    action: str = "s3:GetObject",
    resource: str | None = "arn:aws:s3:::bucket/a/*",
    principal: str | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    principals = None if principal is None else [principal]
    return Statement("here", effect, [action], None if resource is None else [resource], principals, conditions or {})


def decided(call: Call, *own: Statement, at_resource: tuple[Statement, ...] = (), resource: str = "") -> bool:
    return Policies({ROLE: own}, {resource: at_resource}).decide(call).allowed


def test_what_nothing_allows_is_denied() -> None:
    assert not decided(READ)
    assert not decided(READ, statement(action="s3:PutObject"))
    assert not decided(READ, statement(resource="arn:aws:s3:::bucket/ab/*"))


def test_either_policy_allows_and_any_refusal_wins() -> None:
    refusing = statement(effect="Deny", principal="*", resource="arn:aws:s3:::bucket/*")
    allowing = statement(principal=ROLE)
    assert decided(READ, statement())
    assert decided(READ, at_resource=(allowing,), resource="arn:aws:s3:::bucket")
    assert not decided(READ, statement(), at_resource=(refusing,), resource="arn:aws:s3:::bucket")


def test_the_policy_of_a_resource_is_for_the_principals_that_it_names() -> None:
    other = statement(principal="arn:aws:iam::111111111111:role/two")
    assert not decided(READ, at_resource=(other,), resource="arn:aws:s3:::bucket")


class TestKey:
    use = Call(ROLE, "kms:Decrypt", KEY, {})
    own = statement(action="kms:Decrypt", resource=KEY)
    leaving = statement(action="kms:*", resource="*", principal="arn:aws:iam::111111111111:root")

    def test_of_the_account_needs_its_own_policy_to_leave_it_to_others(self) -> None:
        assert decided(self.use, self.own, at_resource=(self.leaving,), resource=KEY)
        assert not decided(self.use, self.own, at_resource=(statement(resource="*", principal=ROLE),), resource=KEY)

    def test_left_to_others_is_not_allowed_yet(self) -> None:
        assert not decided(self.use, at_resource=(self.leaving,), resource=KEY)

    def test_that_names_a_role_needs_nothing_else(self) -> None:
        naming = statement(action="kms:Decrypt", resource="*", principal=ROLE)
        assert decided(self.use, at_resource=(naming,), resource=KEY)


class TestTrust:
    def test_is_what_alone_decides_who_gets_a_role(self) -> None:
        assume = Call("states.amazonaws.com", "sts:AssumeRole", ROLE, {})
        trust = statement(action="sts:AssumeRole", resource=None, principal="states.amazonaws.com")
        assert decided(assume, at_resource=(trust,), resource=ROLE)
        assert not decided(Call(ROLE, "sts:AssumeRole", ROLE), statement(action="sts:*", resource="*"))


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "is_met"),
    [
        ("StringEquals", "a*", "ab", False),
        ("StringLike", "a*", "ab", True),
        ("StringLike", "a?", "abc", False),
        ("StringLike", "a[b]", "ab", False),
        ("ArnLike", "arn:aws:events:*:1:rule/*", "arn:aws:events:eu:1:rule/x/y", True),
        ("ArnLike", "arn:aws:*", "arn:aws:events:eu:1:rule/x", False),
        ("ArnEquals", "arn:aws:events:eu:1:rule/x", "arn:aws:events:eu:1:rule/xy", False),
        ("Bool", "false", "false", True),
        ("NumericLessThan", "1.2", "1.1", True),
        ("NumericLessThan", "1.2", "1.2", False),
    ],
)
def test_conditions_compare_as_aws_says(operator: str, expected: str, actual: str, *, is_met: bool) -> None:
    conditions = {operator: {"aws:Some": [expected, "other"] if operator == "StringEquals" else [expected]}}
    call = Call(ROLE, "s3:GetObject", OBJECT, {"AWS:some": actual})
    assert decided(call, statement(conditions=conditions)) is is_met


def test_a_condition_on_what_is_not_there_is_not_met_unless_it_says_so() -> None:
    assert not decided(READ, statement(conditions={"StringEquals": {"aws:SourceAccount": ["1"]}}))
    assert decided(READ, statement(conditions={"StringEqualsIfExists": {"aws:SourceAccount": ["1"]}}))


def test_all_conditions_have_to_be_met_and_one_value_of_each() -> None:
    call = Call(ROLE, "s3:GetObject", OBJECT, {"a:x": "1", "a:y": "2"})
    assert decided(call, statement(conditions={"StringEquals": {"a:x": ["0", "1"], "a:y": ["2"]}}))
    assert not decided(call, statement(conditions={"StringEquals": {"a:x": ["1"], "a:y": ["3"]}}))


def test_an_operator_that_is_not_known_is_an_error() -> None:
    with pytest.raises(NotUnderstood, match="condition operator IpAddress; known are ArnEquals,"):
        decided(READ, statement(conditions={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}))


def test_actions_ignore_case_and_resources_do_not() -> None:
    assert decided(READ, statement(action="S3:getobject"))
    assert not decided(READ, statement(resource="arn:aws:s3:::bucket/A/*"))
    assert matches("a*c", "a/b\nc")

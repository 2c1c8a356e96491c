"""Policies: what statements look like, and that adding and removing them keeps all others as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.errors import (
    CallerError,
    InvalidParameterValue,
    PolicyLengthExceeded,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.model.permissions import function_statement, layer_statement, opens_to_account
from ingle.model.policy import Policy, StoredPolicy, check_revision, with_statement, without_statement
from ingle.model.policydocument import read_policy

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
LAYER_ARN = "arn:aws:lambda:us-east-1:000000000000:layer:l:1"
SIDS = st.lists(st.text("abcDEF019-_", min_size=1, max_size=5), unique=True, min_size=1, max_size=8)


def statement(**request: Any) -> dict[str, Any]:
    defaults = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    return function_statement({**defaults, **request}, ARN, "aws")


def stored(*sids: str) -> StoredPolicy:
    policy: StoredPolicy | None = None
    for sid in sids:
        policy = StoredPolicy(with_statement(policy, statement(StatementId=sid)), "r")
    assert policy is not None
    return policy


def test_a_policy_is_written_in_aws_s_order() -> None:
    assert stored("s").policy.text == (
        '{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow",'
        '"Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{ARN}"}}]}}'
    )


@pytest.mark.parametrize(
    ("principal", "written"),
    [
        ("*", "*"),
        ("111111111111", {"AWS": "arn:aws:iam::111111111111:root"}),
        ("arn:aws:iam::111111111111:user/path/u", {"AWS": "arn:aws:iam::111111111111:user/path/u"}),
        (
            "arn:aws:sts::111111111111:assumed-role/r/session",
            {"AWS": "arn:aws:sts::111111111111:assumed-role/r/session"},
        ),
        ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
        ("eu-west-1.s3.amazonaws.com.cn", {"Service": "eu-west-1.s3.amazonaws.com.cn"}),
        ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
    ],
)
def test_principals_as_aws_writes_them(principal: str, written: object) -> None:
    assert statement(Principal=principal)["Principal"] == written


@pytest.mark.parametrize(
    "principal",
    ["invalid.nonaws.com", "11111", "arn:aws:s3:::bucket", "amazonaws.com", "**", "S3.amazonaws.com\n"],
)
def test_what_is_no_principal_is_refused(principal: str) -> None:
    with pytest.raises(InvalidParameterValue, match="The provided principal was invalid"):
        statement(Principal=principal)


def test_conditions_in_the_order_that_aws_recorded() -> None:
    written = statement(
        Principal="*",
        Action="lambda:InvokeFunctionUrl",
        SourceArn="arn:aws:s3:::b",
        SourceAccount="111111111111",
        PrincipalOrgID="o-1234567890",
        FunctionUrlAuthType="NONE",
    )
    assert json.dumps(written["Condition"]) == json.dumps(
        {
            "StringEquals": {
                "AWS:SourceAccount": "111111111111",
                "lambda:FunctionUrlAuthType": "NONE",
                "aws:PrincipalOrgID": "o-1234567890",
            },
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
        }
    )
    token = statement(EventSourceToken="amzn1.ask.skill.x")["Condition"]
    assert token == {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}}
    url = statement(InvokedViaFunctionUrl=True)["Condition"]
    assert url == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


@pytest.mark.parametrize(
    ("request_", "action"),
    [
        ({"FunctionUrlAuthType": "NONE"}, "lambda:InvokeFunctionUrl"),
        ({"InvokedViaFunctionUrl": False, "Action": "lambda:InvokeFunctionUrl"}, "lambda:InvokeFunction"),
    ],
)
def test_conditions_of_function_urls_go_with_their_action(request_: dict[str, Any], action: str) -> None:
    with pytest.raises(InvalidParameterValue, match=f"is only supported for {action} action"):
        statement(**request_)


@given(SIDS, st.data())
def test_removing_a_statement_leaves_the_others_as_they_were(sids: list[str], data: st.DataObject) -> None:
    before = stored(*sids).policy
    gone = data.draw(st.sampled_from(sids))
    after = without_statement(before, gone)
    left = [one for one in before.statements if one["Sid"] != gone]
    assert (after.statements if after else []) == left


@given(SIDS, st.data())
def test_a_sid_is_taken_once_and_missing_where_it_is_not(sids: list[str], data: st.DataObject) -> None:
    policy = stored(*sids)
    taken = data.draw(st.sampled_from(sids))
    with pytest.raises(ResourceConflict) as caught:
        with_statement(policy, statement(StatementId=taken))
    assert caught.value.message == (
        f"The statement id ({taken}) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )
    with pytest.raises(ResourceNotFound, match=r"Statement not-there is not found in resource policy\."):
        without_statement(policy.policy, "not-there")


def test_a_policy_above_20_kb_is_refused_with_its_size() -> None:
    policy = stored("s000")
    each = len(stored("s000", "s001").policy.text) - len(policy.policy.text)
    fitting = (20_480 - len(policy.policy.text)) // each
    for n in range(1, fitting + 1):
        policy = StoredPolicy(with_statement(policy, statement(StatementId=f"s{n:03}")), "r")
    size = len(policy.policy.text) + each
    with pytest.raises(PolicyLengthExceeded) as caught:
        with_statement(policy, statement(StatementId="s999"))
    assert caught.value.message == f"The final policy size ({size}) is bigger than the limit (20480)."


@pytest.mark.parametrize(("there", "given_", "refused"), [
    (None, None, False), (None, "r", True), ("r", None, False), ("r", "r", False), ("r", "q", True),
])  # fmt: skip
def test_a_revision_has_to_be_the_stored_one(there: str | None, given_: str | None, refused: bool) -> None:
    policy = StoredPolicy(Policy({"Statement": []}), there) if there else None
    if not refused:
        check_revision(policy, given_, "GetPolicy")
        return
    with pytest.raises(PreconditionFailed, match="Call the GetPolicy API to retrieve the latest Revision Id"):
        check_revision(policy, given_, "GetPolicy")


@pytest.mark.parametrize(
    ("request_", "opens"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": "*", "OrganizationId": "o-1234567890"}, False),
        ({"Principal": "111111111111"}, True),
        ({"Principal": "arn:aws:iam::111111111111:root"}, True),
        ({"Principal": "222222222222"}, False),
    ],
)
def test_a_layer_is_open_to_those_whom_its_policy_names(request_: dict[str, Any], opens: bool) -> None:
    request = {"StatementId": "s", "Action": "lambda:GetLayerVersion", **request_}
    policy = with_statement(None, layer_statement(request, LAYER_ARN, "aws"))
    assert opens_to_account(policy, "111111111111") is opens


GOOD = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": ARN}


@pytest.mark.parametrize(
    "document",
    [
        {"Version": "2012-10-17", "Statement": [GOOD]},
        {"Version": "2008-10-17", "Id": "x", "Statement": GOOD},
        {"Statement": [{**GOOD, "Resource": [ARN, f"{ARN}:*"], "Action": ["lambda:*"], "Sid": "a b"}]},
        {
            "Statement": [
                {"Effect": "Deny", "NotPrincipal": {"AWS": ["1"]}, "NotAction": "*", "Resource": ARN}
            ]
        },
    ],
)
def test_a_whole_policy_is_kept_as_it_was_written(document: dict[str, Any]) -> None:
    assert json.loads(read_policy(json.dumps(document), ARN).text) == document


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps({"Statement": []}),
        json.dumps({"Statement": ["x"]}),
        json.dumps({"Version": "2020-01-01", "Statement": GOOD}),
        json.dumps({"Statement": GOOD, "Other": 1}),
        json.dumps({"Statement": {**GOOD, "Other": 1}}),
        json.dumps({"Statement": {**GOOD, "Effect": "Perhaps"}}),
        json.dumps({"Statement": {**GOOD, "NotAction": "*"}}),
        json.dumps({"Statement": {k: v for k, v in GOOD.items() if k != "Principal"}}),
        json.dumps({"Statement": {**GOOD, "Principal": {}}}),
        json.dumps({"Statement": {**GOOD, "Principal": {"Other": "x"}}}),
        json.dumps({"Statement": {**GOOD, "Principal": {"AWS": [1]}}}),
        json.dumps({"Statement": {**GOOD, "Action": "s3:GetObject"}}),
        json.dumps({"Statement": {**GOOD, "Resource": "*"}}),
        json.dumps({"Statement": {**GOOD, "Resource": f"{ARN}2"}}),
        json.dumps({"Statement": {**GOOD, "Resource": []}}),
        json.dumps({"Statement": {**GOOD, "Condition": "x"}}),
        json.dumps({"Statement": {**GOOD, "Sid": 1}}),
        json.dumps({"Statement": [{**GOOD, "Sid": "a"}, {**GOOD, "Sid": "a"}]}),
    ],
)
def test_what_is_no_policy_for_the_resource_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterValue, match="Syntax errors in policy"):
        read_policy(text, ARN)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Version", "Statement", "Effect", "Principal", "Action", "Resource", "Sid"]),
                inner,
                max_size=5,
            )
        ),
    )
)
def test_any_document_is_read_or_refused_and_nothing_else(document: object) -> None:
    try:
        policy = read_policy(json.dumps(document), ARN)
    except CallerError:
        return
    assert policy.statements

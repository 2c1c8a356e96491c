from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.wire import Service
from ingle.wire.errors import UnknownOperation
from ingle.wire.router import Route, Router

LAMBDA = Service.load("lambda")


@pytest.mark.parametrize(
    ("method", "path", "query", "name", "labels"),
    [
        ("GET", "/2015-03-31/functions", "", "ListFunctions", {}),
        ("GET", "/2015-03-31/functions/", "MaxItems=1", "ListFunctions", {}),
        ("POST", "/2015-03-31/functions", "", "CreateFunction", {}),
        ("GET", "/2015-03-31/functions/f", "", "GetFunction", {"FunctionName": "f"}),
        ("GET", "/2015-03-31/functions/a%3Ab", "", "GetFunction", {"FunctionName": "a:b"}),
        ("GET", "/2015-03-31/functions/a:b+c", "", "GetFunction", {"FunctionName": "a:b+c"}),
        ("GET", "/2017-03-31/tags/a%2Fb", "", "ListTags", {"Resource": "a/b"}),
        ("GET", "/2018-10-31/layers", "", "ListLayers", {}),
        ("GET", "/2018-10-31/layers", "Arn=x&find=LayerVersion", "GetLayerVersionByArn", {}),
        ("GET", "/2018-10-31/layers", "find=Other", "ListLayers", {}),
        (
            "GET", "/2019-09-30/functions/f/provisioned-concurrency", "List=ALL",
            "ListProvisionedConcurrencyConfigs", {"FunctionName": "f"},
        ),
        (
            "GET", "/2019-09-30/functions/f/provisioned-concurrency", "Qualifier=1",
            "GetProvisionedConcurrencyConfig", {"FunctionName": "f"},
        ),
    ],
)  # fmt: skip
def test_method_path_and_query_name_the_operation(
    method: str, path: str, query: str, name: str, labels: dict[str, str]
) -> None:
    operation, found = LAMBDA.route(method, path, query)
    assert (operation.name, found) == (name, labels)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", ""),
        ("GET", "2015-03-31/functions"),
        ("PATCH", "/2015-03-31/functions"),
        ("DELETE", "/2015-03-31/functions"),
        ("GET", "//2015-03-31/functions"),
        ("GET", "/2015-03-31/functions//configuration"),
        ("GET", "/2015-03-31/functions/f//"),
        ("POST", "/2015-03-31/functions/f/nothing"),
    ],
)
def test_what_names_no_operation_is_refused_as_awss_front_does(method: str, path: str) -> None:
    with pytest.raises(UnknownOperation) as caught:
        LAMBDA.route(method, path)
    response = LAMBDA.render(caught.value, "id")
    assert response.status == 403
    assert b"Unable to determine service/operation name to be authorized" in response.body


def test_a_literal_goes_before_a_label_and_falls_back_to_it() -> None:
    router = Router([Route("A", "GET", "/x/list/a"), Route("B", "GET", "/x/{Name}/b")])
    a, b = router.match("GET", "/x/list/a"), router.match("GET", "/x/list/b")
    assert a is not None
    assert b is not None
    assert (a.operation, b.operation, b.labels) == ("A", "B", {"Name": "list"})


def test_a_greedy_label_takes_all_but_what_follows_it() -> None:
    router = Router([Route("Get", "GET", "/{Bucket}/{Key+}"), Route("Acl", "GET", "/{Bucket}/{Key+}/acl")])
    get, acl = router.match("GET", "/b/c/d"), router.match("GET", "/b/c/d/acl")
    assert get is not None
    assert acl is not None
    assert get.labels == {"Bucket": "b", "Key": "c/d"}
    assert (acl.operation, acl.labels) == ("Acl", {"Bucket": "b", "Key": "c/d"})


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_path_is_too_strange_to_be_answered(path: str, query: str) -> None:
    with suppress(UnknownOperation):
        LAMBDA.route("GET", "/2015-03-31/functions" + path, query)

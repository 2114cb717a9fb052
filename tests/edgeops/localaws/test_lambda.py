import pytest

from tests.edgeops.localaws.conftest import code_of

SUGGEST = "arn:aws:lambda:eu-west-1:123456789012:function:search-suggest"


@pytest.fixture
def functions(served):
    return served.client("lambda")


def test_functions_are_listed_a_page_at_a_time_by_region(functions, served):
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    joined = [item["FunctionName"] for page in pages for item in page["Functions"]]

    assert joined == [item["FunctionName"] for item in functions.list_functions()["Functions"]]
    assert joined == ["products-handler", "orders-handler", "search-suggest"]
    west = served.client("lambda", "us-west-2").list_functions()["Functions"]
    assert [item["FunctionName"] for item in west] == ["partners-handler"]


@pytest.mark.parametrize("name", ["search-suggest", SUGGEST, "123456789012:function:search-suggest"])
def test_a_function_is_found_by_each_of_its_names(functions, name):
    told = functions.get_function_configuration(FunctionName=name)

    assert told["FunctionArn"] == SUGGEST
    assert told["Environment"]["Variables"]["DATABASE_PASSWORD"] == "secret-of-search"


def test_a_function_url_is_told_where_there_is_one(functions):
    told = functions.get_function_url_config(FunctionName="search-suggest")
    listed = functions.list_function_url_configs(FunctionName="search-suggest")["FunctionUrlConfigs"]

    assert told["FunctionUrl"] == "https://s3archsugg3std3m0furl0000000abcd.lambda-url.eu-west-1.on.aws/"
    assert [entry["FunctionUrl"] for entry in listed] == [told["FunctionUrl"]]
    assert functions.list_function_url_configs(FunctionName="orders-handler")["FunctionUrlConfigs"] == []


def test_what_is_not_there_is_not_found(functions):
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_url_config(FunctionName="orders-handler")
    with pytest.raises(functions.exceptions.ResourceNotFoundException, match="function:nobody"):
        functions.get_function_configuration(FunctionName="nobody")
    assert code_of(lambda: functions.list_functions(Marker="none")) == ("InvalidParameterValueException", 400)

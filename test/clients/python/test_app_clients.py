"""App clients: defaults, secrets, updates, rules, paging."""

import re

import pytest

import world


def describe(pool, client_id=None):
    return pool.idp.describe_user_pool_client(UserPoolId=pool.id, ClientId=client_id or pool.client_id)["UserPoolClient"]


def test_defaults(pool):
    made = pool.idp.create_user_pool_client(UserPoolId=pool.id, ClientName="plain")["UserPoolClient"]
    got = describe(pool, made["ClientId"])
    assert re.fullmatch(r"[0-9a-z]{26}", got["ClientId"])
    assert got["UserPoolId"] == pool.id and got["ClientName"] == "plain"
    assert "ClientSecret" not in got
    assert got["RefreshTokenValidity"] == 30
    assert got["EnableTokenRevocation"] is True
    assert got["AllowedOAuthFlowsUserPoolClient"] is False
    assert got["AuthSessionValidity"] == 3
    assert got.get("PreventUserExistenceErrors", "LEGACY") == "LEGACY"
    for absent in ("ReadAttributes", "WriteAttributes"):
        assert absent not in got, absent


def test_generated_secret(pool):
    made = pool.client(GenerateSecret=True)
    assert re.fullmatch(r"[a-z0-9]{50,52}", made["ClientSecret"])
    assert describe(pool, made["ClientId"])["ClientSecret"] == made["ClientSecret"]


def test_update_resets_and_keeps_the_secret(pool):
    made = pool.client(GenerateSecret=True, RefreshTokenValidity=5, PreventUserExistenceErrors="ENABLED",
                       ReadAttributes=["email"], AccessTokenValidity=10, TokenValidityUnits={"AccessToken": "minutes"})
    got = describe(pool, made["ClientId"])
    assert got["AccessTokenValidity"] == 10 and got["TokenValidityUnits"]["AccessToken"] == "minutes"
    pool.idp.update_user_pool_client(UserPoolId=pool.id, ClientId=made["ClientId"], ClientName="renamed")
    got = describe(pool, made["ClientId"])
    assert got["ClientName"] == "renamed" and got["RefreshTokenValidity"] == 30
    assert "ReadAttributes" not in got and got.get("PreventUserExistenceErrors", "LEGACY") == "LEGACY"
    assert got["ClientSecret"] == made["ClientSecret"]


def test_paged_completely(pool):
    made = {pool.client(ClientName=f"c{i}")["ClientId"] for i in range(6)} | {pool.client_id}
    pages = list(pool.idp.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 2}))
    found = [c["ClientId"] for p in pages for c in p["UserPoolClients"]]
    assert sorted(found) == sorted(made)
    assert set(pages[0]["UserPoolClients"][0]) == {"ClientId", "UserPoolId", "ClientName"}


def test_delete(pool, refused):
    pool.idp.delete_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id)
    with refused("ResourceNotFoundException", f"User pool client {pool.client_id} does not exist."):
        describe(pool)
    with refused("ResourceNotFoundException", f"User pool client {pool.client_id} does not exist."):
        pool.sign_up("ana")


def test_client_of_another_pool(pool, make_pool, refused):
    other = make_pool()
    with refused("ResourceNotFoundException", f"User pool client {other.client_id} does not exist."):
        describe(pool, other.client_id)


@pytest.mark.parametrize("settings, code, message", [
    ({"WriteAttributes": ["custom:none"]}, "InvalidParameterException", "Invalid write attributes specified while creating a client"),
    ({"ReadAttributes": ["custom:none"]}, "InvalidParameterException", None),
    ({"ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"]}, "InvalidParameterException", None),
    ({"AllowedOAuthFlows": ["code"]}, None, None),
    ({"CallbackURLs": ["http://app.example.com/cb"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
      "AllowedOAuthFlowsUserPoolClient": True}, "InvalidParameterException", None),
    ({"CallbackURLs": ["https://app.example.com/cb#x"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
      "AllowedOAuthFlowsUserPoolClient": True}, "InvalidParameterException", None),
    ({"AllowedOAuthFlows": ["code", "client_credentials"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": ["https://a.example.com"],
      "AllowedOAuthFlowsUserPoolClient": True, "GenerateSecret": True}, None, None),
    ({"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["shop/read"], "CallbackURLs": ["https://a.example.com"],
      "AllowedOAuthFlowsUserPoolClient": True}, "ScopeDoesNotExistException", None),
    ({"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "minutes"}}, "InvalidParameterException", None),
    ({"AccessTokenValidity": 25}, "InvalidParameterException", None),
    ({"RefreshTokenValidity": 30, "TokenValidityUnits": {"RefreshToken": "minutes"}}, "InvalidParameterException", None),
    ({"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
      "RefreshTokenRotation": {"Feature": "ENABLED"}}, "InvalidParameterException", None),
])
def test_refused_settings(pool, refused, settings, code, message):
    with refused(code, message) if code else pytest.raises(pool.idp.exceptions.ClientError) as e:
        pool.client(**settings)
    if not code:
        assert e.value.response["Error"]["Code"] in ("InvalidParameterException", "InvalidOAuthFlowException")


def test_flows_are_enforced(make_pool, refused):
    pool = make_pool(client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]})
    pool.user("ana")
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        pool.initiate("ana")
    with refused("InvalidParameterException"):
        pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "ana", "SRP_A": "abcd"})
    for flow in ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"):
        with refused("InvalidParameterException", "Auth flow not enabled for this client"):
            pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow=flow,
                                         AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})


def test_unset_flows_mean_srp_and_refresh(pool, refused):
    made = pool.idp.create_user_pool_client(UserPoolId=pool.id, ClientName="unset")["UserPoolClient"]["ClientId"]
    pool.user("ana")
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        pool.initiate("ana", client_id=made)
    answer = pool.idp.initiate_auth(ClientId=made, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "ana", "SRP_A": "abcdef01"})
    assert answer["ChallengeName"] == "PASSWORD_VERIFIER"


def test_legacy_flow_values(pool):
    made = pool.client(ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH"])["ClientId"]
    pool.user("ana")
    assert "AuthenticationResult" in pool.initiate("ana", client_id=made)
    answer = pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=made, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                          AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})
    assert "AuthenticationResult" in answer

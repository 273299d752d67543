"""Introspection, token exchange and registration as authlib and boto3 ask for them."""

import base64
import json

import pytest
from authlib.integrations.requests_client import OAuth2Session
from botocore.exceptions import ClientError

import world


@pytest.fixture(autouse=True)
def plain_http(monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def claims(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
def api(pool):
    """The pool with a resource server, and a person who has signed in to its client."""
    pool.idp.create_resource_server(UserPoolId=pool.id, Identifier="orders", Name="orders",
                                    Scopes=[{"ScopeName": "read", "ScopeDescription": "read"}])
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", MessageAction="SUPPRESS")
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password=world.PASSWORD, Permanent=True)
    pool.base = f"{pool.server.url}/{pool.id}"
    return pool


def sign_in(pool, client_id: str) -> dict:
    return pool.idp.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH",
                                  AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})["AuthenticationResult"]


def session(pool, client: dict, **options) -> OAuth2Session:
    return OAuth2Session(client["ClientId"], client["ClientSecret"], token_endpoint=f"{pool.base}/oauth2/token", **options)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_introspects_machine_tokens(api, method):
    robot = api.client(GenerateSecret=True, ExplicitAuthFlows=[], AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["client_credentials"],
                       AllowedOAuthScopes=["orders/read"])
    server = api.client(GenerateSecret=True)
    api.idp.tag_resource(ResourceArn=api.arn, Tags={"cognate:introspection:" + server["ClientId"]: "orders"})
    token = session(api, robot).fetch_token(f"{api.base}/oauth2/token", grant_type="client_credentials")["access_token"]
    asking = session(api, server, token_endpoint_auth_method=method)
    facts = asking.introspect_token(f"{api.base}/oauth2/introspect", token=token, token_type_hint="access_token").json()
    assert facts["active"] and facts["scope"] == "orders/read" and facts["client_id"] == robot["ClientId"]
    assert asking.introspect_token(f"{api.base}/oauth2/introspect", token=token + "x").json() == {"active": False}
    assert session(api, robot).introspect_token(f"{api.base}/oauth2/introspect", token=token).status_code == 403


@pytest.mark.parametrize("unsigned", [False, True])
def test_boto3_derives_tokens(api, unsigned):
    backend = api.client(GenerateSecret=True, AllowedOAuthScopes=["aws.cognito.signin.user.admin", "orders/read"],
                         ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION", "ALLOW_USER_PASSWORD_AUTH"])
    tokens = sign_in(api, api.client_id)
    idp = api.server.client(unsigned=unsigned)
    ask = {"ClientId": backend["ClientId"], "ClientSecret": backend["ClientSecret"], "SubjectToken": tokens["AccessToken"],
           "SubjectTokenType": "ACCESS_TOKEN"}
    out = idp.get_derived_token(**ask, Resources=["orders"], RequestedTokenType="ACCESS_TOKEN")
    said = claims(out["IssuedToken"])
    assert (out["IssuedTokenType"], out["TokenType"], out["Scopes"]) == ("ACCESS_TOKEN", "Bearer", ["aws.cognito.signin.user.admin"])
    assert (said["aud"], said["client_id"], said["origin_client_id"]) == ("orders", backend["ClientId"], api.client_id)
    assert api.server.client(unsigned=True).get_user(AccessToken=out["IssuedToken"])["Username"] == "ana"
    for bad, code in (({"Scopes": ["orders/read"]}, "InvalidParameterException"), ({"SubjectToken": "x"}, "NotAuthorizedException"),
                      ({"ClientSecret": "x" * 30}, "NotAuthorizedException"), ({"SubjectTokenProviderName": "Corp"}, "ResourceNotFoundException"),
                      ({"Audiences": ["a"], "Resources": ["orders"]}, "InvalidParameterException")):
        with pytest.raises(ClientError) as e:
            idp.get_derived_token(**(ask | bad))
        assert e.value.response["Error"]["Code"] == code, bad
    api.idp.admin_user_global_sign_out(UserPoolId=api.id, Username="ana")
    with pytest.raises(ClientError):
        api.server.client(unsigned=True).get_user(AccessToken=out["IssuedToken"])


def test_authlib_exchanges_tokens(api):
    backend = api.client(GenerateSecret=True, AllowedOAuthScopes=["aws.cognito.signin.user.admin"],
                         ExplicitAuthFlows=["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"])
    out = session(api, backend).fetch_token(
        f"{api.base}/oauth2/token", grant_type="urn:ietf:params:oauth:grant-type:token-exchange", audience="https://orders.example",
        subject_token=sign_in(api, api.client_id)["AccessToken"], subject_token_type="urn:ietf:params:oauth:token-type:access_token")
    assert out["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token" and "refresh_token" not in out
    assert claims(out["access_token"])["aud"] == "https://orders.example"


def test_a_client_registers_itself(api):
    api.idp.update_user_pool(UserPoolId=api.id, DcrConfiguration={
        "OpenDcrEnabled": True, "OpenDcrGrantTypes": ["client_credentials"], "AllowedScopes": ["orders/read"]})
    assert api.idp.describe_user_pool(UserPoolId=api.id)["UserPool"]["DcrConfiguration"]["EnableStatus"] == "Enabled"
    status, _, made = api.server.raw("", {"grant_types": ["client_credentials"], "client_name": "Robot (1)"},
                                     {"Content-Type": "application/json"}, path=f"/{api.id}/oauth2/register")
    assert status == 201 and made["client_name"] == "Robot 1" and made["scope"] == "orders/read"
    token = session(api, {"ClientId": made["client_id"], "ClientSecret": made["client_secret"]}).fetch_token(grant_type="client_credentials")
    assert claims(token["access_token"])["scope"] == "orders/read"
    described = api.idp.describe_user_pool_client(UserPoolId=api.id, ClientId=made["client_id"])["UserPoolClient"]
    assert described["ClientType"] == "DCR"
    listed = api.idp.list_user_pool_clients(UserPoolId=api.id, ClientType="DCR")["UserPoolClients"]
    assert [c["ClientId"] for c in listed] == [made["client_id"]]
    with pytest.raises(ClientError):
        api.idp.add_user_pool_client_secret(UserPoolId=api.id, ClientId=made["client_id"])
    api.idp.delete_user_pool_client(UserPoolId=api.id, ClientId=made["client_id"])


def test_boto3_keeps_cimd_policies(api):
    idp = api.idp
    app = api.client(AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid"],
                     CallbackURLs=["https://a.example"], SupportedIdentityProviders=["COGNITO"])
    made = idp.create_cimd_policy(UserPoolId=api.id, ClientId=app["ClientId"], PolicyName="agents", URLPatterns=["https://*.agents.example/*"])["CIMDPolicy"]
    assert (made["ClientId"], made["CacheDuration"], made["URLPatterns"]) == (app["ClientId"], 86400, ["https://*.agents.example/*"])
    ids = {"UserPoolId": api.id, "CIMDPolicyId": made["CIMDPolicyId"]}
    changed = idp.update_cimd_policy(**ids, ClientId=app["ClientId"], URLPatterns=["https://one.example/agent.json"], CacheDuration=172800)["CIMDPolicy"]
    assert (changed["PolicyName"], changed["CacheDuration"], changed["CreationDate"]) == ("agents", 172800, made["CreationDate"])
    assert idp.describe_cimd_policy(**ids)["CIMDPolicy"] == changed
    listed = idp.list_cimd_policies(UserPoolId=api.id, MaxResults=1)["CIMDPolicies"]
    assert [(p["CIMDPolicyId"], "URLPatterns" in p) for p in listed] == [(made["CIMDPolicyId"], False)]
    assert idp.list_client_metadata_urls(**ids)["ClientMetadataURLs"] == []
    discovery = api.server.get(f"/{api.id}/.well-known/openid-configuration")
    assert discovery["client_id_metadata_document_supported"] is True
    for operation, arguments, code in (
        (idp.update_client_metadata_url_state, {"URL": "https://one.example/agent.json", "Action": "REFRESH"}, "CachedCIMDURLDoesNotExistException"),
        (idp.update_cimd_policy, {"ClientId": app["ClientId"], "URLPatterns": ["https://one.example*"]}, "InvalidParameterException"),
        (idp.update_cimd_policy, {"ClientId": "none", "URLPatterns": ["https://one.example/*"]}, "ResourceNotFoundException"),
    ):
        with pytest.raises(ClientError) as e:
            operation(**ids, **arguments)
        assert e.value.response["Error"]["Code"] == code, arguments
    assert idp.delete_user_pool_client(UserPoolId=api.id, ClientId=app["ClientId"])
    assert "ClientId" not in idp.describe_cimd_policy(**ids)["CIMDPolicy"]
    idp.delete_cimd_policy(**ids)
    with pytest.raises(ClientError) as e:
        idp.describe_cimd_policy(**ids)
    assert e.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert "client_id_metadata_document_supported" not in api.server.get(f"/{api.id}/.well-known/openid-configuration")

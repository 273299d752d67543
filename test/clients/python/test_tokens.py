"""What the tokens say, how long they live, how they are renewed and revoked."""

import re
import time

import pytest

import tokens
import world

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def discovery(server, pool):
    return server.get(f"/{pool.id}/.well-known/openid-configuration")


def jwks(server, pool):
    return server.get(f"/{pool.id}/.well-known/jwks.json")


def test_keys_and_discovery(server, pool):
    keys = jwks(server, pool)["keys"]
    assert len(keys) == 2 and len({k["kid"] for k in keys}) == 2
    for k in keys:
        assert (k["kty"], k["alg"], k["use"], k["e"]) == ("RSA", "RS256", "sig", "AQAB") and len(k["kid"]) == 44
        assert tokens.public_key(k).key_size == 2048
    d = discovery(server, pool)
    assert d["issuer"].endswith("/" + pool.id) and d["jwks_uri"] == d["issuer"] + "/.well-known/jwks.json"
    assert d["id_token_signing_alg_values_supported"] == ["RS256"]


def test_claims(server, make_pool):
    pool = make_pool(Schema=[{"Name": "level", "AttributeDataType": "Number", "Mutable": True}],
                     client={"ReadAttributes": ["email", "email_verified", "name", "custom:level", "address"]})
    sub = world.mapping(pool.user("ana", email="ana@example.com", email_verified="true", name="Ana", custom__level="7",
                                  nickname="hidden", address="Here 1")["Attributes"])["sub"]
    for name, precedence, role in (("low", 9, "arn:aws:iam::000000000000:role/low"), ("high", 1, "arn:aws:iam::000000000000:role/high")):
        pool.idp.create_group(UserPoolId=pool.id, GroupName=name, Precedence=precedence, RoleArn=role)
        pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName=name)
    before = int(time.time())
    result = pool.sign_in("ana")
    keys = jwks(server, pool)
    one, access = tokens.verify(result["IdToken"], keys), tokens.verify(result["AccessToken"], keys)
    assert set(tokens.header(result["IdToken"])) == {"kid", "alg"}
    assert tokens.header(result["IdToken"])["kid"] != tokens.header(result["AccessToken"])["kid"]
    issuer = discovery(server, pool)["issuer"]
    for claims in (one, access):
        assert claims["iss"] == issuer and claims["sub"] == sub
        assert before <= claims["iat"] <= before + 60 and claims["exp"] == claims["iat"] + 3600
        assert isinstance(claims["auth_time"], int) and before <= claims["auth_time"] <= claims["iat"]
        assert sorted(claims["cognito:groups"]) == ["high", "low"]
        assert UUID.match(claims["jti"]) and UUID.match(claims["origin_jti"]) and UUID.match(claims["event_id"])
    assert one["event_id"] == access["event_id"] and one["origin_jti"] == access["origin_jti"] and one["jti"] != access["jti"]
    assert one["token_use"] == "id" and one["aud"] == pool.client_id and one["cognito:username"] == "ana"
    assert one["email"] == "ana@example.com" and one["email_verified"] is True and one["name"] == "Ana"
    assert one["custom:level"] == "7" and one["address"] == {"formatted": "Here 1"}
    assert "nickname" not in one and "client_id" not in one and "scope" not in one
    assert sorted(one["cognito:roles"]) == ["arn:aws:iam::000000000000:role/high", "arn:aws:iam::000000000000:role/low"]
    assert one["cognito:preferred_role"] == "arn:aws:iam::000000000000:role/high"
    assert access["token_use"] == "access" and access["client_id"] == pool.client_id and access["username"] == "ana"
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert not {"aud", "email", "name", "cognito:username", "cognito:roles", "version"} & set(access)
    assert result["RefreshToken"].count(".") == 4


def test_claims_without_groups(pool):
    pool.user("ana")
    result = pool.sign_in("ana")
    for token in (result["IdToken"], result["AccessToken"]):
        assert not {"cognito:groups", "cognito:roles", "cognito:preferred_role"} & set(tokens.claims(token))


def test_tied_precedence_has_no_preferred_role(pool):
    pool.user("ana")
    for name in ("a", "b"):
        pool.idp.create_group(UserPoolId=pool.id, GroupName=name, Precedence=1, RoleArn=f"arn:aws:iam::000000000000:role/{name}")
        pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName=name)
    assert "cognito:preferred_role" not in tokens.claims(pool.sign_in("ana")["IdToken"])


def test_lifetimes(make_pool, refused, clock):
    pool = make_pool(client={"AccessTokenValidity": 10, "IdTokenValidity": 20, "RefreshTokenValidity": 2,
                             "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"}})
    pool.user("ana")
    result = pool.sign_in("ana")
    assert result["ExpiresIn"] == 600
    one, access = tokens.claims(result["IdToken"]), tokens.claims(result["AccessToken"])
    assert access["exp"] - access["iat"] == 600 and one["exp"] - one["iat"] == 1200
    clock("11m")
    with refused("NotAuthorizedException", "Access Token has expired"):
        pool.idp.get_user(AccessToken=result["AccessToken"])
    assert pool.refresh(result["RefreshToken"])["AccessToken"]
    clock("2h")
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        pool.refresh(result["RefreshToken"])


def test_refresh(pool, clock):
    pool.user("ana", name="Ana")
    first = pool.sign_in("ana")
    clock("5m")
    pool.idp.admin_update_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(name="Anna"))
    answer = pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN", AuthParameters={"REFRESH_TOKEN": first["RefreshToken"]})
    assert answer["ChallengeParameters"] == {} and "RefreshToken" not in answer["AuthenticationResult"]
    old, new = tokens.claims(first["AccessToken"]), tokens.claims(answer["AuthenticationResult"]["AccessToken"])
    assert new["iat"] >= old["iat"] + 300 and new["jti"] != old["jti"]
    for same in ("sub", "auth_time", "origin_jti", "username", "scope"):
        assert new[same] == old[same], same
    assert tokens.claims(answer["AuthenticationResult"]["IdToken"])["name"] == "Anna"


def test_get_tokens_from_refresh_token(pool, make_pool, refused):
    pool.user("ana")
    first = pool.sign_in("ana")
    answer = pool.idp.get_tokens_from_refresh_token(RefreshToken=first["RefreshToken"], ClientId=pool.client_id)
    assert answer["AuthenticationResult"]["IdToken"] and "RefreshToken" not in answer["AuthenticationResult"]
    secret = make_pool(client={"GenerateSecret": True})
    secret.user("ana")
    first = secret.sign_in("ana")
    ask = lambda **x: secret.idp.get_tokens_from_refresh_token(RefreshToken=first["RefreshToken"], ClientId=secret.client_id, **x)
    with refused("NotAuthorizedException"):
        ask()
    with refused("NotAuthorizedException"):
        ask(ClientSecret="x" * 40)
    assert ask(ClientSecret=secret.secret)["AuthenticationResult"]


ROTATING = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}


def test_rotation_and_reuse(make_pool, refused):
    pool = make_pool(client=ROTATING)
    pool.user("ana")
    ask = lambda t: pool.idp.get_tokens_from_refresh_token(RefreshToken=t, ClientId=pool.client_id)["AuthenticationResult"]
    first = pool.sign_in("ana")["RefreshToken"]
    second = ask(first)["RefreshToken"]
    assert second != first
    third = ask(second)["RefreshToken"]
    with refused("RefreshTokenReuseException"):
        ask(first)
    assert third


def test_rotation_grace(make_pool, refused, clock):
    settings = ROTATING | {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 30}}
    pool = make_pool(client=settings)
    pool.user("ana")
    ask = lambda t: pool.idp.get_tokens_from_refresh_token(RefreshToken=t, ClientId=pool.client_id)["AuthenticationResult"]
    first = pool.sign_in("ana")["RefreshToken"]
    ask(first)
    assert ask(first)["AccessToken"]  # a retry within the grace period
    clock("31s")
    with refused("RefreshTokenReuseException"):
        ask(first)


def test_rotation_does_not_extend(make_pool, refused, clock):
    pool = make_pool(client=ROTATING | {"RefreshTokenValidity": 2, "AccessTokenValidity": 1, "IdTokenValidity": 1,
                                        "TokenValidityUnits": {"RefreshToken": "hours", "AccessToken": "hours", "IdToken": "hours"}})
    pool.user("ana")
    ask = lambda t: pool.idp.get_tokens_from_refresh_token(RefreshToken=t, ClientId=pool.client_id)["AuthenticationResult"]
    token = pool.sign_in("ana")["RefreshToken"]
    clock("90m")
    token = ask(token)["RefreshToken"]
    clock("31m")
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        ask(token)


def test_rotating_client_refuses_the_old_flow(make_pool, refused):
    pool = make_pool(client=ROTATING)
    pool.user("ana")
    token = pool.sign_in("ana")["RefreshToken"]
    with pytest.raises(pool.idp.exceptions.ClientError):
        pool.refresh(token)


def test_revoke(pool, refused):
    pool.user("ana")
    one, other = pool.sign_in("ana"), pool.sign_in("ana")
    pool.idp.revoke_token(Token=one["RefreshToken"], ClientId=pool.client_id)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        pool.refresh(one["RefreshToken"])
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        pool.idp.get_user(AccessToken=one["AccessToken"])
    pool.idp.get_user(AccessToken=other["AccessToken"])
    pool.refresh(other["RefreshToken"])
    pool.idp.revoke_token(Token=one["RefreshToken"], ClientId=pool.client_id)  # again changes nothing
    with refused("UnsupportedTokenTypeException"):
        pool.idp.revoke_token(Token=other["AccessToken"], ClientId=pool.client_id)


def test_revoked_with_tokens_of_later_refreshes(pool, refused):
    pool.user("ana")
    first = pool.sign_in("ana")
    later = pool.refresh(first["RefreshToken"])["AccessToken"]
    pool.idp.revoke_token(Token=first["RefreshToken"], ClientId=pool.client_id)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        pool.idp.get_user(AccessToken=later)


def test_revocation_off(make_pool, refused):
    pool = make_pool(client={"EnableTokenRevocation": False})
    pool.user("ana")
    result = pool.sign_in("ana")
    assert not {"origin_jti"} & set(tokens.claims(result["AccessToken"]))
    with refused("UnsupportedOperationException"):
        pool.idp.revoke_token(Token=result["RefreshToken"], ClientId=pool.client_id)


def test_revoke_needs_the_secret(make_pool, refused):
    pool = make_pool(client={"GenerateSecret": True})
    pool.user("ana")
    token = pool.sign_in("ana")["RefreshToken"]
    with refused("UnauthorizedException"):
        pool.idp.revoke_token(Token=token, ClientId=pool.client_id)
    with refused("UnauthorizedException"):
        pool.idp.revoke_token(Token=token, ClientId=pool.client_id, ClientSecret="x" * 40)
    pool.idp.revoke_token(Token=token, ClientId=pool.client_id, ClientSecret=pool.secret)


@pytest.mark.parametrize("by", ["user", "administrator"])
def test_global_sign_out(pool, refused, by):
    pool.user("ana")
    one, other = pool.sign_in("ana"), pool.sign_in("ana")
    if by == "user":
        pool.idp.global_sign_out(AccessToken=one["AccessToken"])
    else:
        pool.idp.admin_user_global_sign_out(UserPoolId=pool.id, Username="ana")
    for result in (one, other):
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            pool.refresh(result["RefreshToken"])
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            pool.idp.get_user(AccessToken=result["AccessToken"])
    pool.idp.get_user(AccessToken=pool.sign_in("ana")["AccessToken"])

"""Signing in: password and SRP flows, secrets, challenges, lock-out."""

import json

import pytest

import srp
import world

WRONG = ("NotAuthorizedException", "Incorrect username or password.")


def srp_first(pool, username, client, client_id=None, **extra):
    return pool.idp.initiate_auth(ClientId=client_id or pool.client_id, AuthFlow="USER_SRP_AUTH",
                                  AuthParameters={"USERNAME": username, "SRP_A": f"{client.A:x}"} | extra)


def srp_second(pool, first, responses, client_id=None, **extra):
    return pool.idp.respond_to_auth_challenge(
        ClientId=client_id or pool.client_id, ChallengeName="PASSWORD_VERIFIER", Session=first["Session"],
        ChallengeResponses=responses | extra)


def srp_sign_in(pool, username, password):
    client = srp.Client(pool.id, password)
    first = srp_first(pool, username, client)
    assert first["ChallengeName"] == "PASSWORD_VERIFIER" and "AuthenticationResult" not in first
    return srp_second(pool, first, client.answer(first["ChallengeParameters"]))


def test_password(pool, refused):
    pool.user("ana")
    answer = pool.initiate("ana")
    assert answer["ChallengeParameters"] == {} and "Session" not in answer and "ChallengeName" not in answer
    result = answer["AuthenticationResult"]
    assert set(result) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert result["ExpiresIn"] == 3600 and result["TokenType"] == "Bearer"
    with refused(*WRONG):
        pool.sign_in("ana", "Wrong-Password-9")
    with refused("UserNotFoundException", "User does not exist."):
        pool.sign_in("nobody")


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_admin_password(pool, refused, flow):
    pool.user("ana")
    ask = lambda pw: pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow=flow,
                                                  AuthParameters={"USERNAME": "ana", "PASSWORD": pw})
    assert ask(world.PASSWORD)["AuthenticationResult"]["IdToken"]
    with refused(*WRONG):
        ask("Wrong-Password-9")
    with refused("InvalidParameterException", "Initiate Auth method not supported"):
        pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow=flow, AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})


@pytest.mark.parametrize("password", ["Correct-Horse-1", "Pässwörd 漢字 1A!", "A1!" + "x" * 253, "aA1!:;\"'\\`~<>"])
def test_srp(pool, password):
    pool.user("ana", password)
    for _ in range(3):  # several runs, since the paddings depend on the random numbers
        assert srp_sign_in(pool, "ana", password)["AuthenticationResult"]["AccessToken"]


def test_srp_parameters(pool):
    pool.user("ana")
    p = srp_first(pool, "ana", srp.Client(pool.id, world.PASSWORD))["ChallengeParameters"]
    assert set(p) >= {"SRP_B", "SALT", "SECRET_BLOCK", "USER_ID_FOR_SRP", "USERNAME"}
    assert p["USER_ID_FOR_SRP"] == "ana" and int(p["SRP_B"], 16) % srp.N != 0 and int(p["SALT"], 16) > 0
    assert p["SRP_B"] == p["SRP_B"].lower() and p["SALT"] == p["SALT"].lower()


def test_srp_by_email_and_upper_case_hex(make_pool):
    pool = make_pool(UsernameAttributes=["email"])
    pool.user("ana@example.com")
    client = srp.Client(pool.id, world.PASSWORD)
    first = pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH",
                                   AuthParameters={"USERNAME": "ana@example.com", "SRP_A": f"{client.A:X}"})
    user = first["ChallengeParameters"]["USER_ID_FOR_SRP"]
    assert user == pool.get("ana@example.com")["Username"] != "ana@example.com"
    assert srp_second(pool, first, client.answer(first["ChallengeParameters"]))["AuthenticationResult"]


def test_srp_admin(pool):
    pool.user("ana")
    client = srp.Client(pool.id, world.PASSWORD)
    first = pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH",
                                         AuthParameters={"USERNAME": "ana", "SRP_A": f"{client.A:x}"})
    done = pool.idp.admin_respond_to_auth_challenge(
        UserPoolId=pool.id, ClientId=pool.client_id, ChallengeName="PASSWORD_VERIFIER", Session=first["Session"],
        ChallengeResponses=client.answer(first["ChallengeParameters"]))
    assert done["AuthenticationResult"]["AccessToken"]


def test_srp_without_session(pool):
    """Older clients leave the session out; the state may live in SECRET_BLOCK."""
    pool.user("ana")
    client = srp.Client(pool.id, world.PASSWORD)
    first = srp_first(pool, "ana", client)
    done = pool.idp.respond_to_auth_challenge(ClientId=pool.client_id, ChallengeName="PASSWORD_VERIFIER",
                                              ChallengeResponses=client.answer(first["ChallengeParameters"]))
    assert done["AuthenticationResult"]["AccessToken"]


def test_srp_then_new_password(pool):
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    second = srp_sign_in(pool, "ana", "Temporary-1")
    assert second["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert json.loads(second["ChallengeParameters"]["requiredAttributes"]) == []
    done = pool.idp.respond_to_auth_challenge(
        ClientId=pool.client_id, ChallengeName="NEW_PASSWORD_REQUIRED", Session=second["Session"],
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": world.PASSWORD})
    assert done["AuthenticationResult"]["AccessToken"]
    assert srp_sign_in(pool, "ana", world.PASSWORD)["AuthenticationResult"]


@pytest.mark.parametrize("a", ["0", "00", f"{srp.N:x}", f"{srp.N * 2:x}", "zz", "", "-1", "1" * 2000])
def test_srp_refuses_a_bad_a(pool, a):
    pool.user("ana")
    with pytest.raises(pool.idp.exceptions.ClientError) as e:
        first = pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "ana", "SRP_A": a})
        # S would be 0 for a multiple of N: prove with it, so that a server that lets A pass is caught here.
        p = first["ChallengeParameters"]
        client = srp.Client(pool.id, world.PASSWORD)
        client.key = lambda *_: srp.derive(int.from_bytes(srp.sha(srp.pad(int(a, 16)), srp.pad(int(p["SRP_B"], 16))), "big"), 0)
        srp_second(pool, first, client.answer(p))
    assert e.value.response["Error"]["Code"] in ("InvalidParameterException", "NotAuthorizedException")


def test_missing_parameters(pool, refused):
    ask = lambda flow, **p: pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow=flow, AuthParameters=p)
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        ask("USER_PASSWORD_AUTH", PASSWORD="x")
    with refused("InvalidParameterException", "Missing required parameter PASSWORD"):
        ask("USER_PASSWORD_AUTH", USERNAME="ana")
    with refused("InvalidParameterException", "Missing required parameter SRP_A"):
        ask("USER_SRP_AUTH", USERNAME="ana")
    with refused("InvalidParameterException", "Missing required parameter REFRESH_TOKEN"):
        ask("REFRESH_TOKEN_AUTH")
    with refused("InvalidParameterException", "Missing required parameter Session"):
        pool.idp.respond_to_auth_challenge(ClientId=pool.client_id, ChallengeName="NEW_PASSWORD_REQUIRED",
                                           ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": world.PASSWORD})


def test_secret_hash(make_pool, refused):
    pool = make_pool(client={"GenerateSecret": True}, AutoVerifiedAttributes=["email"])
    h = lambda name: world.secret_hash(pool.secret, pool.client_id, name)
    missing = f"Client {pool.client_id} is configured with secret but SECRET_HASH was not received"
    wrong = f"Unable to verify secret hash for client {pool.client_id}"
    up = lambda **x: pool.idp.sign_up(ClientId=pool.client_id, Username="ana", Password=world.PASSWORD,
                                      UserAttributes=world.attributes(email="ana@example.com"), **x)
    with refused("NotAuthorizedException", missing):
        up()
    with refused("NotAuthorizedException", wrong):
        up(SecretHash=h("bob"))
    up(SecretHash=h("ana"))
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=pool.code("ana@example.com"), SecretHash=h("ana"))
    ask = lambda **x: pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_PASSWORD_AUTH",
                                             AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD} | x)
    with refused("NotAuthorizedException", missing):
        ask()
    with refused("NotAuthorizedException", wrong):
        ask(SECRET_HASH="AAAA")
    tokens = ask(SECRET_HASH=h("ana"))["AuthenticationResult"]
    with refused("NotAuthorizedException"):
        pool.refresh(tokens["RefreshToken"])
    assert pool.refresh(tokens["RefreshToken"], SECRET_HASH=h("ana"))["AccessToken"]
    with refused("NotAuthorizedException"):
        pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")
    pool.idp.forgot_password(ClientId=pool.client_id, Username="ana", SecretHash=h("ana"))
    with refused("NotAuthorizedException", missing):
        pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                     AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})


def test_srp_with_secret(make_pool, refused):
    pool = make_pool(client={"GenerateSecret": True}, UsernameAttributes=["email"])
    pool.user("ana@example.com")
    h = lambda name: world.secret_hash(pool.secret, pool.client_id, name)
    client = srp.Client(pool.id, world.PASSWORD)
    first = srp_first(pool, "ana@example.com", client, SECRET_HASH=h("ana@example.com"))
    answer = client.answer(first["ChallengeParameters"])
    with refused("NotAuthorizedException", f"Client {pool.client_id} is configured with secret but SECRET_HASH was not received"):
        srp_second(pool, first, answer)
    first = srp_first(pool, "ana@example.com", client, SECRET_HASH=h("ana@example.com"))
    answer = client.answer(first["ChallengeParameters"])
    tokens = srp_second(pool, first, answer, SECRET_HASH=h(answer["USERNAME"]))["AuthenticationResult"]
    username = answer["USERNAME"]
    assert pool.refresh(tokens["RefreshToken"], SECRET_HASH=h(username))["AccessToken"]


def test_several_secrets(make_pool):
    pool = make_pool(client={"GenerateSecret": True})
    pool.user("ana")
    assert pool.sign_in("ana")["AccessToken"]


def test_lockout(pool, refused, clock):
    pool.user("ana")
    for _ in range(5):
        with refused(*WRONG):
            pool.sign_in("ana", "Wrong-Password-9")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        pool.sign_in("ana")  # the right password waits too
    clock("2s")
    pool.sign_in("ana")
    with refused(*WRONG):
        pool.sign_in("ana", "Wrong-Password-9")


def test_lockout_grows_and_covers_srp(pool, refused, clock):
    pool.user("ana")
    for _ in range(5):
        client = srp.Client(pool.id, "Wrong-Password-9")
        first = srp_first(pool, "ana", client)
        with refused(*WRONG):
            srp_second(pool, first, client.answer(first["ChallengeParameters"]))
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        pool.sign_in("ana")
    clock("2s")
    with refused(*WRONG):
        pool.sign_in("ana", "Wrong-Password-9")
    clock("1s")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        pool.sign_in("ana")
    clock("16m")
    pool.sign_in("ana")


def test_challenge_of_another_kind(pool, refused):
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    first = pool.initiate("ana", "Temporary-1")
    with pytest.raises(pool.idp.exceptions.ClientError) as e:
        pool.idp.respond_to_auth_challenge(ClientId=pool.client_id, ChallengeName="SMS_MFA", Session=first["Session"],
                                           ChallengeResponses={"USERNAME": "ana", "SMS_MFA_CODE": "123456"})
    assert e.value.response["Error"]["Code"] in ("CodeMismatchException", "NotAuthorizedException", "InvalidParameterException")


def test_client_metadata_is_accepted(pool):
    pool.user("ana")
    answer = pool.idp.initiate_auth(
        ClientId=pool.client_id, AuthFlow="USER_PASSWORD_AUTH", ClientMetadata={"origin": "test"},
        AnalyticsMetadata={"AnalyticsEndpointId": "x"}, UserContextData={"EncodedData": "x"},
        AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD, "UNKNOWN": "ignored"})
    assert answer["AuthenticationResult"]

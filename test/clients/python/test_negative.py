"""Every proof with its counterexample: what is wrong, used, late, foreign or forged must not get in."""

import json

import pytest

import srp
import tokens
import world
from test_signin import WRONG, srp_first, srp_second

DENIED = "NotAuthorizedException"


@pytest.fixture
def ana(make_pool):
    pool = make_pool(AutoVerifiedAttributes=["email"])
    pool.user("ana", email="ana@example.com", email_verified="true")
    return pool


def temporary(pool):
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="new", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    return pool.initiate("new", "Temporary-1")["Session"]


def answer_new_password(pool, session, client_id=None, username="new"):
    return pool.idp.respond_to_auth_challenge(
        ClientId=client_id or pool.client_id, ChallengeName="NEW_PASSWORD_REQUIRED", Session=session,
        ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": world.PASSWORD})


def test_wrong_password(ana, refused):
    for word in ("Wrong-Password-9", world.PASSWORD.lower(), world.PASSWORD + "1", world.PASSWORD[:-1]):
        with refused(*WRONG):
            ana.sign_in("ana", word)


@pytest.mark.parametrize("change", [
    {"PASSWORD_CLAIM_SIGNATURE": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"PASSWORD_CLAIM_SIGNATURE": "AAAA"}, {"PASSWORD_CLAIM_SIGNATURE": "no base64!"}, {"TIMESTAMP": "Wed Jan 7 03:04:05 UTC 2026"},
    {"USERNAME": "bob"},
])
def test_wrong_srp_proof(ana, change):
    ana.user("bob")
    client = srp.Client(ana.id, world.PASSWORD)
    first = srp_first(ana, "ana", client)
    with pytest.raises(ana.idp.exceptions.ClientError) as e:
        srp_second(ana, first, client.answer(first["ChallengeParameters"]) | change)
    assert e.value.response["Error"]["Code"] in (DENIED, "InvalidParameterException")


def test_wrong_srp_password(ana, refused):
    client = srp.Client(ana.id, "Wrong-Password-9")
    first = srp_first(ana, "ana", client)
    with refused(*WRONG):
        srp_second(ana, first, client.answer(first["ChallengeParameters"]))


def test_srp_proof_of_another_run(ana):
    """A signature made for one run does not fit another, nor does another run's block."""
    one, two = srp.Client(ana.id, world.PASSWORD), srp.Client(ana.id, world.PASSWORD)
    first, second = srp_first(ana, "ana", one), srp_first(ana, "ana", two)
    answer = one.answer(first["ChallengeParameters"])
    with pytest.raises(ana.idp.exceptions.ClientError) as e:
        srp_second(ana, second, answer)
    assert e.value.response["Error"]["Code"] == DENIED


def test_srp_answer_twice(ana, refused):
    client = srp.Client(ana.id, world.PASSWORD)
    first = srp_first(ana, "ana", client)
    answer = client.answer(first["ChallengeParameters"])
    assert srp_second(ana, first, answer)["AuthenticationResult"]
    with refused(DENIED):
        srp_second(ana, first, answer)
    with refused(DENIED):  # nor without the session, by the block alone
        ana.idp.respond_to_auth_challenge(ClientId=ana.client_id, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=answer)


def test_session_twice(ana, refused):
    session = temporary(ana)
    assert answer_new_password(ana, session)["AuthenticationResult"]
    with refused(DENIED, "Invalid session for the user, session can only be used once."):
        answer_new_password(ana, session)


def test_session_late(ana, refused, clock):
    session = temporary(ana)
    clock("3m5s")
    with refused(DENIED, "Invalid session for the user, session is expired."):
        answer_new_password(ana, session)


def test_session_lives_as_long_as_the_client_says(make_pool, refused, clock):
    pool = make_pool(client={"AuthSessionValidity": 10})
    session = temporary(pool)
    clock("9m")
    assert answer_new_password(pool, session)["AuthenticationResult"]
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="new", Password="Temporary-1", Permanent=False)
    session = pool.initiate("new", "Temporary-1")["Session"]
    clock("10m5s")
    with refused(DENIED, "Invalid session for the user, session is expired."):
        answer_new_password(pool, session)


def test_session_elsewhere(ana, make_pool, refused):
    other = make_pool()
    other.idp.admin_create_user(UserPoolId=other.id, Username="new", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    sibling = ana.client()["ClientId"]
    session = temporary(ana)
    ana.idp.admin_create_user(UserPoolId=ana.id, Username="eve", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    for attempt in (lambda: answer_new_password(other, session), lambda: answer_new_password(ana, session, client_id=sibling),
                    lambda: answer_new_password(ana, session, username="eve")):
        with refused(DENIED):
            attempt()
    assert ana.get("eve")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


@pytest.mark.parametrize("spoil", [
    lambda s: s[:-1], lambda s: s[:40], lambda s: s + "A", lambda s: s[:50] + ("A" if s[50] != "A" else "B") + s[51:], lambda s: "A" * len(s),
    lambda s: s[: len(s) // 2] * 2])
def test_session_spoilt(ana, refused, spoil):
    with refused(DENIED):
        answer_new_password(ana, spoil(temporary(ana)))


def test_session_after_the_user_changed(ana, refused):
    """A challenge answered after the account was disabled or deleted opens nothing."""
    session = temporary(ana)
    ana.idp.admin_disable_user(UserPoolId=ana.id, Username="new")
    with refused(DENIED):
        answer_new_password(ana, session)
    ana.idp.admin_enable_user(UserPoolId=ana.id, Username="new")
    session = ana.initiate("new", "Temporary-1")["Session"]
    ana.idp.admin_delete_user(UserPoolId=ana.id, Username="new")
    with pytest.raises(ana.idp.exceptions.ClientError):
        answer_new_password(ana, session)


def test_code_twice(ana, refused):
    ana.idp.forgot_password(ClientId=ana.client_id, Username="ana")
    code = ana.code("ana@example.com")
    use = lambda: ana.idp.confirm_forgot_password(ClientId=ana.client_id, Username="ana", ConfirmationCode=code, Password="Fresh-Password-2")
    use()
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        use()


def test_code_of_another_kind_and_user(ana, refused):
    ana.user("bob", email="bob@example.com", email_verified="true")
    ana.idp.forgot_password(ClientId=ana.client_id, Username="bob")
    code = ana.code("bob@example.com")
    token = ana.sign_in("bob")["AccessToken"]
    with pytest.raises(ana.idp.exceptions.ClientError):
        ana.idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    with pytest.raises(ana.idp.exceptions.ClientError):
        ana.idp.confirm_forgot_password(ClientId=ana.client_id, Username="ana", ConfirmationCode=code, Password="Fresh-Password-2")
    ana.sign_in("ana")


def test_codes_cannot_be_guessed(ana):
    """After a handful of wrong guesses the right code is of no use either."""
    ana.idp.forgot_password(ClientId=ana.client_id, Username="ana")
    code = ana.code("ana@example.com")
    guess = lambda c: ana.idp.confirm_forgot_password(ClientId=ana.client_id, Username="ana", ConfirmationCode=c, Password="Fresh-Password-2")
    for i in range(25):
        with pytest.raises(ana.idp.exceptions.ClientError) as e:
            guess(f"{(int(code) + 1 + i) % 1_000_000:06d}")
    assert e.value.response["Error"]["Code"] in ("LimitExceededException", "TooManyFailedAttemptsException", "ExpiredCodeException")
    with pytest.raises(ana.idp.exceptions.ClientError):
        guess(code)
    ana.sign_in("ana")


def forgeries(good, keys):
    """Access tokens that must not be taken for the good one."""
    head, body, signature = good.split(".")
    jwk = keys["keys"][0]
    public = json.dumps(jwk).encode()
    yield "changed claim", tokens.tamper(good, username="admin")
    yield "changed expiry", tokens.tamper(good, exp=tokens.claims(good)["exp"] + 9999)
    yield "own key", tokens.forge_rsa(good)
    yield "symmetric", tokens.forge_hmac(good, public)
    yield "symmetric, modulus", tokens.forge_hmac(good, tokens.unb64(jwk["n"]))
    for alg in ("none", "None", "NONE", "", "RS512", "PS256", "ES256"):
        yield "alg " + alg, tokens.forge_none(good, alg)
    yield "no signature", head + "." + body + "."
    yield "cut", good[:-5]
    yield "cut to two parts", head + "." + body
    yield "one more part", good + ".AAAA"
    yield "signature of zeros", head + "." + body + "." + tokens.b64(b"\0" * 256)
    yield "signature flipped", head + "." + body + "." + ("A" if signature[0] != "A" else "B") + signature[1:]
    yield "padded", good + "=="
    yield "dots", "..."
    yield "many dots", "." * 10_000
    yield "not base64", "***." + body + "." + signature
    yield "other key id", tokens.b64(json.dumps(tokens.header(good) | {"kid": keys["keys"][1]["kid"]}).encode()) + "." + body + "." + signature
    yield "key inside", tokens.b64(json.dumps(tokens.header(good) | {"jwk": jwk}).encode()) + "." + body + "." + signature


def test_forged_access_tokens(ana, server):
    good = ana.sign_in("ana")["AccessToken"]
    keys = server.get(f"/{ana.id}/.well-known/jwks.json")
    wrong = []
    for name, token in forgeries(good, keys):
        for operation, extra in (("GetUser", {}), ("DeleteUserAttributes", {"UserAttributeNames": ["name"]}), ("GlobalSignOut", {})):
            status, _, body = server.raw(operation, {"AccessToken": token} | extra)
            if status != 400 or body["__type"] not in (DENIED, "InvalidParameterException"):
                wrong.append((name, operation, status, body))
    assert not wrong
    ana.idp.get_user(AccessToken=good)


def test_tokens_of_the_wrong_kind(ana, refused, server):
    result = ana.sign_in("ana")
    for token in (result["IdToken"], result["RefreshToken"]):
        status, _, body = server.raw("GetUser", {"AccessToken": token})
        assert (status, body["__type"]) == (400, DENIED), body
    for token in (result["IdToken"], result["AccessToken"]):
        with refused(DENIED, "Invalid Refresh Token."):
            ana.refresh(token)


def test_refresh_token_elsewhere(ana, make_pool, refused):
    other = make_pool()
    sibling = ana.client()["ClientId"]
    token = ana.sign_in("ana")["RefreshToken"]
    for client_id in (other.client_id, sibling):
        with refused(DENIED, "Invalid Refresh Token."):
            ana.idp.initiate_auth(ClientId=client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token})
        with refused(DENIED):
            ana.idp.get_tokens_from_refresh_token(ClientId=client_id, RefreshToken=token)
        with pytest.raises(ana.idp.exceptions.ClientError):
            ana.idp.revoke_token(ClientId=client_id, Token=token)
    assert ana.refresh(token)["AccessToken"]


@pytest.mark.parametrize("spoil", [
    lambda t: t[:-1], lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: "x", lambda t: t.split(".")[0] + "....",
    lambda t: ".".join(t.split(".")[:4]), lambda t: t[:80] + ("A" if t[80] != "A" else "B") + t[81:]])
def test_refresh_token_spoilt(ana, refused, spoil):
    with refused(DENIED, "Invalid Refresh Token."):
        ana.refresh(spoil(ana.sign_in("ana")["RefreshToken"]))


def test_refresh_after_sign_out_disable_and_delete(ana, refused):
    result = ana.sign_in("ana")
    ana.idp.global_sign_out(AccessToken=result["AccessToken"])
    with refused(DENIED, "Refresh Token has been revoked"):
        ana.refresh(result["RefreshToken"])
    result = ana.sign_in("ana")
    ana.idp.admin_disable_user(UserPoolId=ana.id, Username="ana")
    with refused(DENIED):
        ana.refresh(result["RefreshToken"])
    ana.idp.admin_enable_user(UserPoolId=ana.id, Username="ana")
    with refused(DENIED):  # enabling again does not bring the old session back
        ana.refresh(result["RefreshToken"])
    result = ana.sign_in("ana")
    ana.idp.admin_delete_user(UserPoolId=ana.id, Username="ana")
    with refused(DENIED):
        ana.refresh(result["RefreshToken"])


def test_disabled_user(ana, refused):
    client = srp.Client(ana.id, world.PASSWORD)
    first = srp_first(ana, "ana", client)
    ana.idp.admin_disable_user(UserPoolId=ana.id, Username="ana")
    with refused(DENIED, "User is disabled."):
        ana.sign_in("ana")
    with refused(DENIED):
        srp_second(ana, first, client.answer(first["ChallengeParameters"]))
    with refused(DENIED):
        again = srp_first(ana, "ana", client)
        srp_second(ana, again, client.answer(again["ChallengeParameters"]))
    with refused(DENIED):
        ana.idp.admin_initiate_auth(UserPoolId=ana.id, ClientId=ana.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                    AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})


def test_pools_do_not_see_each_other(ana, make_pool, refused):
    other = make_pool()
    with refused("UserNotFoundException", "User does not exist."):
        other.get("ana")
    with refused("ResourceNotFoundException"):
        ana.idp.admin_initiate_auth(UserPoolId=other.id, ClientId=ana.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                    AuthParameters={"USERNAME": "ana", "PASSWORD": world.PASSWORD})

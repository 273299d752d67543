"""PreventUserExistenceErrors: unknown, known and disabled users answer alike where the setting covers it."""

import re

import pytest

import srp
import world
from test_signin import WRONG, srp_first, srp_second

HIDING = {"PreventUserExistenceErrors": "ENABLED"}


@pytest.fixture
def pool(make_pool):
    p = make_pool(client=HIDING, AutoVerifiedAttributes=["email"])
    p.user("ana", email="ana@example.com", email_verified="true")
    return p


def outcome(call):
    """Status, code, message and member names: what an outsider can compare."""
    status, headers, body = call()
    return status, body.get("__type"), body.get("message"), sorted(body), headers.get("x-amzn-ErrorType")


def test_password(pool, server):
    ask = lambda name: lambda: server.raw("InitiateAuth", {
        "ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": name, "PASSWORD": "Wrong-Password-9"}})
    assert outcome(ask("ana")) == outcome(ask("nobody")) == (400, *WRONG, ["__type", "message"], "NotAuthorizedException:")


def test_many_attempts(pool, server):
    """Locking known users only would tell them from unknown ones."""
    ask = lambda name: lambda: server.raw("InitiateAuth", {
        "ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": name, "PASSWORD": "Wrong-Password-9"}})
    known = [outcome(ask("ana")) for _ in range(7)]
    unknown = [outcome(ask("nobody")) for _ in range(7)]
    assert known == unknown


def test_disabled_looks_unknown(pool, server):
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username="ana")
    ask = lambda name, word: lambda: server.raw("InitiateAuth", {
        "ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": name, "PASSWORD": word}})
    assert outcome(ask("ana", "Wrong-Password-9")) == outcome(ask("nobody", "Wrong-Password-9"))


def test_srp_is_simulated(pool, refused):
    client = srp.Client(pool.id, "Wrong-Password-9")
    one, two = srp_first(pool, "nobody", client), srp_first(pool, "nobody", client)
    known = srp_first(pool, "ana", client)
    a, b, k = one["ChallengeParameters"], two["ChallengeParameters"], known["ChallengeParameters"]
    assert set(a) == set(k) and one["ChallengeName"] == "PASSWORD_VERIFIER"
    assert a["SALT"] == b["SALT"] and a["USER_ID_FOR_SRP"] == b["USER_ID_FOR_SRP"] and a["SRP_B"] != b["SRP_B"]
    assert (a["USER_ID_FOR_SRP"], k["USER_ID_FOR_SRP"]) == ("nobody", "ana")
    assert len(a["SECRET_BLOCK"]) == len(k["SECRET_BLOCK"]) or abs(len(a["SECRET_BLOCK"]) - len(k["SECRET_BLOCK"])) < 128
    other = srp_first(pool, "nobody-else", client)["ChallengeParameters"]
    assert other["SALT"] != a["SALT"] and other["USER_ID_FOR_SRP"] != a["USER_ID_FOR_SRP"]
    for first in (one, known):
        with refused(*WRONG):
            srp_second(pool, first, client.answer(first["ChallengeParameters"]))


def test_admin_flow(pool, refused):
    with refused(*WRONG):
        pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                     AuthParameters={"USERNAME": "nobody", "PASSWORD": world.PASSWORD})


def test_forgotten_password(pool, refused):
    known = pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")["CodeDeliveryDetails"]
    one = pool.idp.forgot_password(ClientId=pool.client_id, Username="nobody")["CodeDeliveryDetails"]
    two = pool.idp.forgot_password(ClientId=pool.client_id, Username="nobody")["CodeDeliveryDetails"]
    assert set(known) == set(one) and one == two
    form = {"EMAIL": r".\*\*\*@.\*\*\*", "SMS": r"\+\*{7}\d{4}"}[one["DeliveryMedium"]]  # some users have a verified number
    assert re.fullmatch(form, one["Destination"])
    for name in ("ana", "nobody"):
        with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
            pool.idp.confirm_forgot_password(ClientId=pool.client_id, Username=name, ConfirmationCode="000000", Password="Fresh-Password-2")


def test_confirm_forgotten_password_never_requested(pool, refused):
    pool.user("bob", email="bob@example.com", email_verified="true")
    for name in ("bob", "nobody"):
        with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
            pool.idp.confirm_forgot_password(ClientId=pool.client_id, Username=name, ConfirmationCode="000000", Password="Fresh-Password-2")


def test_resend(pool):
    pool.sign_up("bob", email="bob@example.com")
    known = pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="bob")["CodeDeliveryDetails"]
    unknown = pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="nobody")["CodeDeliveryDetails"]
    assert set(known) == set(unknown) and unknown["DeliveryMedium"] == "EMAIL"


def test_confirm_sign_up(pool):
    pool.sign_up("bob", email="bob@example.com")
    for name in ("bob", "nobody"):
        with pytest.raises(pool.idp.exceptions.CodeMismatchException):
            pool.idp.confirm_sign_up(ClientId=pool.client_id, Username=name, ConfirmationCode="wrong")


def test_sign_up_still_tells_taken_names(pool, refused):
    with refused("UsernameExistsException", "User already exists"):
        pool.sign_up("ana")

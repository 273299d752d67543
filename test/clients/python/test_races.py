"""Things that may happen once happen once, also when many ask at the same moment."""

import concurrent.futures
import time

import pytest
from botocore.exceptions import ClientError

import world

CROWD = 24


def rush(call):
    """Runs the call CROWD times at once; returns the answers and the refusal codes."""
    def attempt(i):
        try:
            return call(i), None
        except ClientError as e:
            return None, e.response["Error"]["Code"]
    with concurrent.futures.ThreadPoolExecutor(CROWD) as workers:
        outcomes = list(workers.map(attempt, range(CROWD)))
    return [a for a, c in outcomes if c is None], [c for _, c in outcomes if c is not None]


def test_one_user_per_name(make_pool):
    pool = make_pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    done, refused = rush(lambda i: pool.sign_up("ana@example.com" if i % 2 else "Ana@Example.com"))
    assert len(done) == 1 and set(refused) == {"UsernameExistsException"}
    assert len(pool.idp.list_users(UserPoolId=pool.id)["Users"]) == 1


def test_one_owner_per_alias(make_pool):
    pool = make_pool(AliasAttributes=["email"])
    for i in range(CROWD):
        pool.idp.admin_create_user(UserPoolId=pool.id, Username=f"u{i}", MessageAction="SUPPRESS")
    done, refused = rush(lambda i: pool.idp.admin_update_user_attributes(
        UserPoolId=pool.id, Username=f"u{i}", UserAttributes=world.attributes(email="one@example.com", email_verified="true")))
    assert len(done) == 1 and set(refused) == {"AliasExistsException"}


def test_session_once(pool):
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    session = pool.initiate("ana", "Temporary-1")["Session"]
    done, refused = rush(lambda i: pool.idp.respond_to_auth_challenge(
        ClientId=pool.client_id, ChallengeName="NEW_PASSWORD_REQUIRED", Session=session,
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": f"Fresh-Password-{i}"}))
    assert len(done) == 1 and set(refused) == {"NotAuthorizedException"}


def test_code_once(make_pool):
    pool = make_pool(AutoVerifiedAttributes=["email"])
    pool.user("ana", email="ana@example.com", email_verified="true")
    pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")
    code = pool.code("ana@example.com")
    done, refused = rush(lambda i: pool.idp.confirm_forgot_password(
        ClientId=pool.client_id, Username="ana", ConfirmationCode=code, Password=f"Fresh-Password-{i}"))
    assert len(done) == 1, refused
    assert set(refused) <= {"ExpiredCodeException", "LimitExceededException"}


def test_refresh_token_once(make_pool):
    pool = make_pool(client={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
                             "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}})
    pool.user("ana")
    token = pool.sign_in("ana")["RefreshToken"]
    done, refused = rush(lambda i: pool.idp.get_tokens_from_refresh_token(ClientId=pool.client_id, RefreshToken=token))
    assert len(done) == 1, refused
    assert set(refused) <= {"RefreshTokenReuseException", "NotAuthorizedException"}


def test_guesses_are_counted_together(pool):
    """Guessing in parallel must not buy more tries than guessing in a row."""
    pool.user("ana")
    _, refused = rush(lambda i: pool.initiate("ana", f"Wrong-Password-{i}"))
    assert len(refused) == CROWD and set(refused) == {"NotAuthorizedException"}
    with pytest.raises(ClientError) as e:
        pool.sign_in("ana")
    assert e.value.response["Error"]["Message"] == "Password attempts exceeded"


def test_group_membership_is_idempotent(pool):
    pool.user("ana")
    pool.idp.create_group(UserPoolId=pool.id, GroupName="g")
    done, refused = rush(lambda i: pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="g"))
    assert len(done) == CROWD, refused
    assert len(pool.idp.list_users_in_group(UserPoolId=pool.id, GroupName="g")["Users"]) == 1


def test_updates_do_not_get_lost(pool):
    pool.user("ana")
    names = ["name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender", "zoneinfo", "locale"]
    done, refused = rush(lambda i: pool.idp.admin_update_user_attributes(
        UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(**{names[i % len(names)]: "x"})))
    assert len(done) == CROWD, refused
    assert set(names) <= set(pool.attrs("ana"))


def test_pools_deleted_while_their_keys_are_made(idp):
    """Signing keys are made behind CreateUserPool; a pool that is gone by then must hold nobody up."""
    slowest = 0
    for _ in range(60):
        began = time.monotonic()
        pool = idp.create_user_pool(PoolName="short-lived")["UserPool"]["Id"]
        idp.delete_user_pool(UserPoolId=pool)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 4, slowest

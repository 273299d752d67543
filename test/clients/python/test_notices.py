"""Notices of changes, which a pool asks for by a tag."""

import pytest

import world
from server import Server
from test_factors import totp

ON = {"cognate:change-notices": "on"}
NEW = "Another-Horse-2"
MAIL, NEXT = "ana@example.com", "ana.new@example.org"


def notices(pool, to) -> list:
    """What was told at an address, oldest first."""
    return [m for m in reversed(pool.server.messages(to, pool.id)) if m["trigger"].startswith("Cognate_")]


def kinds(pool, to) -> list:
    return [m["trigger"].removeprefix("Cognate_") for m in notices(pool, to)]


def change(pool):
    """Takes an account over: password, software token, address."""
    token = pool.sign_in("ana")["AccessToken"]
    pool.idp.change_password(AccessToken=token, PreviousPassword=world.PASSWORD, ProposedPassword=NEW)
    seed = pool.idp.associate_software_token(AccessToken=token)["SecretCode"]
    pool.idp.verify_software_token(AccessToken=token, UserCode=totp(seed), FriendlyDeviceName="http://evil.example")
    for _ in range(2):  # the second one changes nothing
        pool.idp.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(email=NEXT))
    return token


@pytest.fixture
def shop(make_pool):
    """Makes a pool with software tokens and one user."""
    def make(verified="true", **settings):
        pool = make_pool(client={"ClientName": "web shop"}, AutoVerifiedAttributes=["email"], **settings)
        pool.idp.set_user_pool_mfa_config(
            UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
        pool.user("ana", email=MAIL, email_verified=verified)
        return pool
    return make


def test_takeover_is_told(shop):
    pool = shop(UserPoolTags=ON)
    token = change(pool)
    # The first one is of the password that an administrator set when the account was made.
    assert kinds(pool, MAIL) == ["PasswordChanged", "PasswordChanged", "SoftwareTokenAdded", "MFAPreferenceChanged", "EmailChanged"]
    assert kinds(pool, NEXT) == []
    first, _, made, preferred, moved = notices(pool, MAIL)
    assert "Changed by: an administrator" in first["body"] and "IP address" not in first["body"]
    assert moved["subject"] == "Your e-mail address was changed" and moved["code"] == "" and moved["username"] == "ana"
    for line in ("It is a***@e*** now.", "Account: ana", "Application: web shop", "IP address: 127.0.0.1"):
        assert line in moved["body"]
    assert "authenticator app (preferred)" in preferred["body"]
    assert not [m for m in notices(pool, MAIL) if NEXT in m["body"] or "evil" in m["body"] or NEW in m["body"]]
    # Codes are found all the same, and the new address counts once it is verified.
    pool.idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=pool.code(NEXT))
    pool.idp.admin_delete_software_token(UserPoolId=pool.id, Username="ana")
    assert kinds(pool, NEXT) == ["SoftwareTokenRemoved"]
    assert pool.code(NEXT).isdigit()


def test_nobody_is_told(shop):
    for pool in shop(), shop(UserPoolTags={"cognate:change-notices": "off"}), shop(verified="false", UserPoolTags=ON):
        change(pool)
        assert kinds(pool, MAIL) + kinds(pool, NEXT) == []


def test_tag(shop, refused):
    pool = shop()
    with refused("InvalidParameterException", "The tag cognate:change-notices must be on or off; not yes"):
        pool.idp.tag_resource(ResourceArn=pool.arn, Tags={"cognate:change-notices": "yes"})
    pool.idp.tag_resource(ResourceArn=pool.arn, Tags=ON)
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password=NEW, Permanent=True)
    assert kinds(pool, MAIL) == ["PasswordChanged"]
    pool.idp.untag_resource(ResourceArn=pool.arn, TagKeys=list(ON))
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password=world.PASSWORD, Permanent=True)
    assert kinds(pool, MAIL) == ["PasswordChanged"]


def test_seed_file(tmp_path):
    path = tmp_path / "seed.yaml"
    path.write_text("""
pools:
  - id: us-east-1_Seeded001
    name: seeded
    settings: {UserPoolTags: {cognate:change-notices: on}}
    users:
      - {username: ana, password: Correct-Horse-1, attributes: {email: ana@example.com, email_verified: "true"}}
""")
    server = Server("--ephemeral", "--seed", str(path))
    try:
        assert server.messages(MAIL, "us-east-1_Seeded001") == []
        server.client().admin_set_user_password(UserPoolId="us-east-1_Seeded001", Username="ana", Password=NEW, Permanent=True)
        assert [m["trigger"] for m in server.messages(MAIL, "us-east-1_Seeded001")] == ["Cognate_PasswordChanged"]
    finally:
        server.stop()

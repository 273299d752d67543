"""Inputs that people reported from Amazon Cognito, each for its kind: what the service answers to them."""

import base64
import json
import os
import threading

import botocore.session
import pycognito.aws_srp
import pytest

import srp
import world
from tokens import claims

CUSTOM = {"Schema": [
    {"Name": "role", "AttributeDataType": "String", "Mutable": True},
    {"Name": "note", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True},
]}
FREE = "A client attempted to write unauthorized attribute"
TRACKED = {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}}


def own(idp, token) -> dict:
    return world.mapping(idp.get_user(AccessToken=token)["UserAttributes"])


# Default permissions -----------------------------------------------------------------------------------------------


def test_client_without_lists(make_pool, idp, refused):
    """A client without lists reads and writes every attribute of the pool, custom ones too."""
    pool = make_pool(client={}, **CUSTOM)
    described = idp.describe_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id)["UserPoolClient"]
    assert "ReadAttributes" not in described and "WriteAttributes" not in described

    pool.sign_up("ana", email="ana@example.com", custom__role="admin")
    idp.admin_confirm_sign_up(UserPoolId=pool.id, Username="ana")
    tokens = pool.sign_in("ana")
    assert claims(tokens["IdToken"])["custom:role"] == "admin" and own(idp, tokens["AccessToken"])["custom:role"] == "admin"
    idp.update_user_attributes(AccessToken=tokens["AccessToken"], UserAttributes=world.attributes(custom__role="user", nickname="an"))
    assert pool.attrs("ana")["custom:role"] == "user"
    assert claims(pool.refresh(tokens["RefreshToken"])["IdToken"])["custom:role"] == "user"
    idp.delete_user_attributes(AccessToken=tokens["AccessToken"], UserAttributeNames=["custom:role"])
    assert "custom:role" not in pool.attrs("ana")

    # What only developers see and what the service vouches for stays closed.
    idp.admin_update_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(dev__custom__note="vip"))
    tokens = pool.sign_in("ana")
    assert pool.attrs("ana")["dev:custom:note"] == "vip"
    assert not [n for n in own(idp, tokens["AccessToken"]) if n.startswith("dev:")]
    assert not [n for n in claims(tokens["IdToken"]) if n.startswith("dev:")]
    for name, value in {"dev:custom:note": "x", "email_verified": "true", "phone_number_verified": "false"}.items():
        with refused("NotAuthorizedException", FREE):
            idp.update_user_attributes(AccessToken=tokens["AccessToken"], UserAttributes=[{"Name": name, "Value": value}])


def test_client_with_lists(make_pool, idp, refused):
    """An explicit list is all that a client reads or writes."""
    pool = make_pool(client={"ReadAttributes": ["email"], "WriteAttributes": ["email"]}, **CUSTOM)
    described = idp.describe_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id)["UserPoolClient"]
    assert described["ReadAttributes"] == ["email"] and described["WriteAttributes"] == ["email"]
    with refused("NotAuthorizedException", FREE):
        pool.sign_up("ana", custom__role="admin")
    pool.user("ana", email="ana@example.com", custom__role="admin")
    tokens = pool.sign_in("ana")
    assert set(own(idp, tokens["AccessToken"])) == {"sub", "email"}
    assert "custom:role" not in claims(tokens["IdToken"])
    # An update without the lists opens them.
    idp.update_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id, ExplicitAuthFlows=world.FLOWS)
    assert claims(pool.sign_in("ana")["IdToken"])["custom:role"] == "admin"


# Devices -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def handset(make_pool, server, monkeypatch):
    """A pool, and pycognito with a device of ana's that it has confirmed. pycognito speaks to AWS's own host in ConfirmDevice."""
    send = pycognito.aws_srp.requests.post
    monkeypatch.setattr(pycognito.aws_srp.requests, "post", lambda url, **kw: send(server.url + "/", **kw))
    pool = make_pool(**TRACKED)
    pool.user("ana")

    def client(**device):
        return pycognito.aws_srp.AWSSRP("ana", world.PASSWORD, pool.id, pool.client_id, client=server.client(unsigned=True), **device)

    first = client()
    tokens = first.authenticate_user()
    answer, password = first.confirm_device(tokens, "laptop")
    assert answer.status_code == 200, answer.text
    return pool, lambda: client(device_key=first.device_key, device_group_key=first.device_group_key, device_password=password)


def test_pycognito_device(handset):
    """pycognito answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER without the Session."""
    pool, client = handset
    for _ in range(3):
        tokens = client().authenticate_user()["AuthenticationResult"]
        assert "NewDeviceMetadata" not in tokens and claims(tokens["AccessToken"])["device_key"] == client().device_key
    wrong = client()
    wrong.device_password = "wrong"
    with pytest.raises(pool.idp.exceptions.NotAuthorizedException):
        wrong.authenticate_user()


def test_pycognito_devices_together(handset):
    """Sign-ins of one device at the same time all come through."""
    _, client = handset
    outcome = []

    def one():
        try:
            outcome.append("AccessToken" in client().authenticate_user()["AuthenticationResult"])
        except Exception as e:  # told by the assertion
            outcome.append(e)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert outcome == [True] * 6


def test_device_answer_of_a_stranger(handset, idp, refused):
    """Without a sign-in that waits for this device of this user there is nothing to answer, whoever is named."""
    pool, client = handset
    mine, other = client(), pool.client()["ClientId"]
    missing = ("InvalidParameterException", "Missing required parameter Session")
    begin = lambda client_id, name, key: idp.respond_to_auth_challenge(
        ClientId=client_id, ChallengeName="DEVICE_SRP_AUTH",
        ChallengeResponses={"USERNAME": name, "DEVICE_KEY": key, "SRP_A": f"{mine.large_a_value:x}"})
    with refused(*missing):
        begin(pool.client_id, "ana", mine.device_key)
    first = pool.initiate("ana", DEVICE_KEY=mine.device_key)
    assert first["ChallengeName"] == "DEVICE_SRP_AUTH"
    for who in [(pool.client_id, "bob", mine.device_key), (other, "ana", mine.device_key), (pool.client_id, "ana", "us-east-1_" + "0" * 36)]:
        with refused(*missing):
            begin(*who)
    assert begin(pool.client_id, "ana", mine.device_key)["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
    with refused(*missing):
        begin(pool.client_id, "ana", mine.device_key)
    with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
        idp.respond_to_auth_challenge(
            ClientId=pool.client_id, ChallengeName="DEVICE_SRP_AUTH", Session=first["Session"],
            ChallengeResponses={"USERNAME": "ana", "DEVICE_KEY": mine.device_key, "SRP_A": f"{mine.large_a_value:x}"})


def test_long_device_salt(make_pool, idp):
    """Salts of 32 bytes, as clients send that hash the hexadecimal digits of theirs, are kept and told as they were."""
    pool = make_pool(**TRACKED)
    pool.user("ana")
    tokens = pool.sign_in("ana")
    device = tokens["NewDeviceMetadata"]
    salt = os.urandom(16).hex().encode()
    password = base64.b64encode(os.urandom(40)).decode()
    idp.confirm_device(
        AccessToken=tokens["AccessToken"], DeviceKey=device["DeviceKey"],
        DeviceSecretVerifierConfig=srp.device_verifier(device["DeviceGroupKey"], device["DeviceKey"], password, salt))
    client = pycognito.aws_srp.AWSSRP(
        "ana", world.PASSWORD, pool.id, pool.client_id, client=idp, device_key=device["DeviceKey"],
        device_group_key=device["DeviceGroupKey"], device_password=password)
    assert client.authenticate_user()["AuthenticationResult"]["AccessToken"]


# Recovery ----------------------------------------------------------------------------------------------------------


def test_recovery_not_by_the_second_factor(make_pool, idp, refused):
    """A mailbox or phone that is the second factor does not replace the first one too."""
    pool = make_pool(
        AutoVerifiedAttributes=["email"], AccountRecoverySetting={"RecoveryMechanisms": [
            {"Name": "verified_email", "Priority": 1}, {"Name": "verified_phone_number", "Priority": 2}]},
        EmailConfiguration={"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com"})
    idp.set_user_pool_mfa_config(UserPoolId=pool.id, EmailMfaConfiguration={}, MfaConfiguration="OPTIONAL")
    both = {"email_verified": "true", "phone_number": "+14155550123", "phone_number_verified": "true"}
    pool.user("ana", email="ana@example.com", **both)
    pool.user("bob", email="bob@example.com", email_verified="true")
    forgot = lambda name: idp.forgot_password(ClientId=pool.client_id, Username=name)["CodeDeliveryDetails"]
    assert forgot("ana")["DeliveryMedium"] == "EMAIL"
    for name in ("ana", "bob"):
        idp.admin_set_user_mfa_preference(UserPoolId=pool.id, Username=name, EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
    assert forgot("ana") == {"Destination": "+*******0123", "DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    with refused("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number"):
        forgot("bob")
    idp.admin_reset_user_password(UserPoolId=pool.id, Username="ana")
    assert pool.code("+14155550123")


# Texts -------------------------------------------------------------------------------------------------------------


def test_verification_texts(pool, idp, refused):
    pool.user("ana")
    token = pool.sign_in("ana")["AccessToken"]
    for name, text in {
        "name": "Invalid attribute name. Only phone_number and email can be verified.",
        "email": "User does not have a valid registered email address",
        "phone_number": "User does not have a valid registered phone number",
    }.items():
        with refused("InvalidParameterException", text):
            idp.get_user_attribute_verification_code(AccessToken=token, AttributeName=name)
    with refused("InvalidParameterException", "Error while parsing filter."):
        idp.list_users(UserPoolId=pool.id, Filter="foo")


def test_schema_texts(make_pool, idp, refused):
    required = lambda name: {"Name": name, "AttributeDataType": "String", "Required": True, "Mutable": True}
    pool = make_pool(Schema=[required("name"), required("phone_number"), required("address"),
                             {"Name": "tier", "AttributeDataType": "String", "Mutable": True, "StringAttributeConstraints": {"MinLength": "3", "MaxLength": "5"}}])
    start = "Attributes did not conform to the schema: "
    unknown = start + "Type for attribute {custom:x} could not be determined"
    line = lambda name: f"{name}: The attribute {name} is required"
    with refused("InvalidParameterException", unknown):
        pool.sign_up("ana", custom__x="1")
    with refused("InvalidParameterException", unknown):
        idp.admin_create_user(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(custom__x="1"))
    with refused("InvalidParameterException", start + ", ".join(map(line, ["name.formatted", "phoneNumbers", "addresses"]))):
        pool.sign_up("ana")
    with refused("InvalidParameterException", start + line("addresses")):
        pool.sign_up("ana", name="Ana", phone_number="+14155550123")
    pool.user("ana", name="Ana", phone_number="+14155550123", address="1 Main St", custom__tier="gold")
    token = pool.sign_in("ana")["AccessToken"]
    for name, value, text in [
        ("custom:x", "1", "user.custom:x: Attribute does not exist in the schema.\n"),
        ("custom:tier", "x", "user.custom:tier: String must be no shorter than 3 characters\n"),
        ("custom:tier", "golden", "user.custom:tier: String must be no longer than 5 characters\n"),
        ("name", "", "user.name: Required attribute cannot be deleted.\n"),
    ]:
        with refused("InvalidParameterException", text):
            idp.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": name, "Value": value}])


# Operations --------------------------------------------------------------------------------------------------------


def test_every_operation_of_the_sdk(server):
    """No operation that the SDK knows is unknown here; those that are not built say so."""
    names = botocore.session.get_session().get_service_model("cognito-idp").operation_names
    assert len(names) >= 153
    for name in names:
        status, _, body = server.raw(name, {}, signed=True)
        kind = json.dumps(body)
        assert "UnknownOperation" not in kind and status < 500, (name, status, kind)

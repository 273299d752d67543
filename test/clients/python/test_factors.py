"""Second factors, USER_AUTH and devices through the operations of administrators."""

import base64
import hashlib
import hmac
import json
import struct
import time

import pytest

import srp
import world

FLOWS = world.FLOWS + ["ALLOW_USER_AUTH"]
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com"}
PHONE, MAIL = "+15550100", "ana@example.com"
BAD_CODE = ("CodeMismatchException", "Invalid code or auth state for the user.")
USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")


def totp(secret: str, steps: int = 0) -> str:
    """RFC 6238, `steps` of 30 seconds from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def other(code: str) -> str:
    return "".join(str((int(d) + 1) % 10) for d in code)


@pytest.fixture
def mfa_pool(make_pool):
    """Makes a pool with an MFA mode and SMS, TOTP and e-mail as its factors."""
    def make(mode="OPTIONAL", first=("PASSWORD",), **settings):
        pool = make_pool(client={"ExplicitAuthFlows": FLOWS}, SmsConfiguration=SMS, EmailConfiguration=SES,
                         Policies={"SignInPolicy": {"AllowedFirstAuthFactors": list(first)}}, **settings)
        if mode != "OFF":
            pool.idp.set_user_pool_mfa_config(
                UserPoolId=pool.id, MfaConfiguration=mode, SoftwareTokenMfaConfiguration={"Enabled": True},
                SmsMfaConfiguration={"SmsConfiguration": SMS}, EmailMfaConfiguration={})
        return pool
    return make


def start(pool, name="ana", flow="ADMIN_USER_PASSWORD_AUTH", session=None, **extra):
    parameters = {"USERNAME": name} | ({"PASSWORD": world.PASSWORD} if flow.startswith("ADMIN") else {}) | extra
    more = {"Session": session} if session else {}
    return pool.idp.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow=flow, AuthParameters=parameters, **more)


def answer(pool, asked, name="ana", challenge=None, **responses):
    return pool.idp.admin_respond_to_auth_challenge(
        UserPoolId=pool.id, ClientId=pool.client_id, ChallengeName=challenge or asked["ChallengeName"], Session=asked["Session"],
        ChallengeResponses={"USERNAME": name} | responses)


def prefer(pool, name="ana", **settings):
    pool.idp.admin_set_user_mfa_preference(UserPoolId=pool.id, Username=name, **settings)


ON, PREFERRED = {"Enabled": True, "PreferredMfa": False}, {"Enabled": True, "PreferredMfa": True}


def test_preferences(mfa_pool, refused):
    pool = mfa_pool()
    pool.user("ana", phone_number=PHONE)
    assert "UserMFASettingList" not in pool.get("ana")
    with refused("InvalidParameterException", "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"):
        prefer(pool, SoftwareTokenMfaSettings=ON)
    prefer(pool, SMSMfaSettings=PREFERRED)
    user = pool.get("ana")
    assert (user["UserMFASettingList"], user["PreferredMfaSetting"]) == (["SMS_MFA"], "SMS_MFA")
    factors = pool.idp.admin_get_user_auth_factors(UserPoolId=pool.id, Username="ana")
    assert factors["UserMFASettingList"] == ["SMS_MFA"] and "PASSWORD" in factors["ConfiguredUserAuthFactors"]
    prefer(pool, SMSMfaSettings={"Enabled": False, "PreferredMfa": False})
    assert "UserMFASettingList" not in pool.get("ana")


def test_sms_and_email(mfa_pool, refused):
    pool = mfa_pool()
    pool.user("ana", phone_number=PHONE, email=MAIL)
    for settings, name, to, medium in (
            ({"SMSMfaSettings": PREFERRED}, "SMS_MFA", PHONE, "SMS"), ({"EmailMfaSettings": PREFERRED}, "EMAIL_OTP", MAIL, "EMAIL")):
        prefer(pool, **settings)
        asked = start(pool)
        assert asked["ChallengeName"] == name and "AuthenticationResult" not in asked
        assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == medium
        assert asked["ChallengeParameters"]["USER_ID_FOR_SRP"] == "ana"
        code = pool.code(to)
        key = f"{name}_CODE"
        with refused(*BAD_CODE):
            answer(pool, asked, **{key: other(code)})
        with refused("NotAuthorizedException", "Invalid session for the user."):
            answer(pool, asked, name="bob", **{key: code})
        done = answer(pool, asked, **{key: code})
        assert done["AuthenticationResult"]["RefreshToken"] and "Session" not in done
        assert pool.refresh(done["AuthenticationResult"]["RefreshToken"])["AccessToken"]  # a refresh asks nothing
        with refused(*USED):
            answer(pool, asked, **{key: code})
    assert pool.attrs("ana")["phone_number_verified"] == "true"
    prefer(pool, SMSMfaSettings=ON, EmailMfaSettings=ON)
    asked = start(pool)
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
    assert answer(pool, asked, ANSWER="EMAIL_OTP")["ChallengeName"] == "EMAIL_OTP"


def test_totp_set_up_and_deleted(mfa_pool, refused):
    pool = mfa_pool("ON")
    pool.user("ana")
    asked = start(pool)
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    with refused("NotAuthorizedException", "Invalid session for the user."):
        answer(pool, asked)
    made = pool.idp.associate_software_token(Session=asked["Session"])
    verified = pool.idp.verify_software_token(Session=made["Session"], UserCode=totp(made["SecretCode"]), FriendlyDeviceName="phone")
    assert verified["Status"] == "SUCCESS"
    assert answer(pool, verified, challenge="MFA_SETUP")["AuthenticationResult"]["AccessToken"]
    asked = start(pool)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA" and asked["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"
    with refused("CodeMismatchException", "Invalid code received for user"):
        answer(pool, asked, SOFTWARE_TOKEN_MFA_CODE=other(totp(made["SecretCode"], 1)))
    code = totp(made["SecretCode"], 1)
    assert answer(pool, asked, SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    with refused("ExpiredCodeException", "Your software token has already been used once."):
        answer(pool, start(pool), SOFTWARE_TOKEN_MFA_CODE=code)
    pool.idp.admin_delete_software_token(UserPoolId=pool.id, Username="ana")
    assert start(pool)["ChallengeName"] == "MFA_SETUP"


def test_new_password_then_factor(mfa_pool):
    pool = mfa_pool()
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword=world.PASSWORD, MessageAction="SUPPRESS",
                               UserAttributes=world.attributes(phone_number=PHONE))
    prefer(pool, SMSMfaSettings=PREFERRED)
    asked = start(pool)
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    asked = answer(pool, asked, NEW_PASSWORD="Another-Horse-2")
    assert asked["ChallengeName"] == "SMS_MFA"
    assert answer(pool, asked, SMS_MFA_CODE=pool.code(PHONE))["AuthenticationResult"]


def test_choice(mfa_pool, refused):
    pool = mfa_pool("OFF", first=("PASSWORD", "EMAIL_OTP", "SMS_OTP"))
    pool.user("ana", phone_number=PHONE, email=MAIL)
    everything = ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    asked = start(pool, flow="USER_AUTH")
    assert (asked["ChallengeName"], asked["AvailableChallenges"]) == ("SELECT_CHALLENGE", everything)
    assert answer(pool, asked, ANSWER="PASSWORD", PASSWORD=world.PASSWORD)["AuthenticationResult"]
    for name, to, digits in (("EMAIL_OTP", MAIL, 8), ("SMS_OTP", PHONE, 6)):
        asked = start(pool, flow="USER_AUTH", PREFERRED_CHALLENGE=name)
        assert (asked["ChallengeName"], asked["AvailableChallenges"]) == (name, everything)
        code = pool.code(to)
        assert len(code) == digits
        with refused(*BAD_CODE):
            answer(pool, asked, **{f"{name}_CODE": other(code)})
        assert answer(pool, asked, **{f"{name}_CODE": code})["AuthenticationResult"]
    assert start(pool, flow="USER_AUTH", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=world.PASSWORD)["AuthenticationResult"]
    client = srp.Client(pool.id, world.PASSWORD)
    asked = start(pool, flow="USER_AUTH", PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=f"{client.A:x}")
    assert answer(pool, asked, **client.answer(asked["ChallengeParameters"]))["AuthenticationResult"]
    asked = start(pool, "nobody", flow="USER_AUTH", PREFERRED_CHALLENGE="PASSWORD")
    simulated = asked["AvailableChallenges"]  # nobody may have no password, as some users have none
    assert set(simulated) <= set(everything)
    assert asked["ChallengeName"] == ("PASSWORD" if "PASSWORD" in simulated else "SELECT_CHALLENGE")


def test_devices(mfa_pool, refused):
    pool = mfa_pool(DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False})
    pool.user("ana", phone_number=PHONE)
    result = start(pool)["AuthenticationResult"]
    key, group = result["NewDeviceMetadata"]["DeviceKey"], result["NewDeviceMetadata"]["DeviceGroupKey"]
    salt = 0x0123456789ABCDEF0123456789ABCDEF
    verifier = pow(srp.G, srp.private(group, key, "device-password", salt), srp.N)
    confirmed = pool.idp.confirm_device(
        AccessToken=result["AccessToken"], DeviceKey=key, DeviceName="phone", DeviceSecretVerifierConfig={
            "Salt": base64.b64encode(srp.pad(salt)).decode(), "PasswordVerifier": base64.b64encode(srp.pad(verifier)).decode()})
    assert confirmed["UserConfirmationNecessary"] is False
    prefer(pool, SMSMfaSettings=PREFERRED)
    assert start(pool)["ChallengeName"] == "SMS_MFA"
    with refused("ResourceNotFoundException", "Device does not exist."):
        start(pool, DEVICE_KEY="us-east-1_00000000-0000-4000-8000-000000000000")
    asked = start(pool, DEVICE_KEY=key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    client = srp.Client("_" + group, "device-password")
    asked = answer(pool, asked, DEVICE_KEY=key, SRP_A=f"{client.A:x}")
    parameters = asked["ChallengeParameters"]
    assert asked["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER" and parameters["DEVICE_KEY"] == key
    proof = client.answer(parameters | {"USER_ID_FOR_SRP": key})
    done = answer(pool, asked, **(proof | {"USERNAME": "ana", "DEVICE_KEY": key}))["AuthenticationResult"]
    assert "NewDeviceMetadata" not in done
    assert pool.refresh(done["RefreshToken"], DEVICE_KEY=key)["AccessToken"]
    device = pool.idp.admin_get_device(UserPoolId=pool.id, Username="ana", DeviceKey=key)["Device"]
    assert world.mapping(device["DeviceAttributes"])["device_name"] == "phone"
    pool.idp.admin_update_device_status(UserPoolId=pool.id, Username="ana", DeviceKey=key, DeviceRememberedStatus="not_remembered")
    assert start(pool, DEVICE_KEY=key)["ChallengeName"] == "SMS_MFA"
    pool.idp.admin_forget_device(UserPoolId=pool.id, Username="ana", DeviceKey=key)
    assert pool.idp.admin_list_devices(UserPoolId=pool.id, Username="ana")["Devices"] == []
    with refused("ResourceNotFoundException", "Device does not exist."):
        start(pool, DEVICE_KEY=key)

"""What administrators do to users."""

import json

import pytest

import world


def challenge(pool, username, password):
    return pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_PASSWORD_AUTH",
                                  AuthParameters={"USERNAME": username, "PASSWORD": password})


def test_invitation(make_pool):
    pool = make_pool()
    made = pool.idp.admin_create_user(
        UserPoolId=pool.id, Username="ana", DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=world.attributes(email="ana@example.com", email_verified="True"))["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD" and made["Enabled"] is True and made["Username"] == "ana"
    got = world.mapping(made["Attributes"])
    assert got["email_verified"] == "true" and got["sub"]
    message = pool.server.message("ana@example.com", pool.id)
    assert message["subject"] == "Your temporary password" and "ana" in message["body"] and message["code"] in message["body"]
    answer = challenge(pool, "ana", message["code"])
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_own_invitation_text(make_pool):
    pool = make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": False, "InviteMessageTemplate": {
        "EmailMessage": "Dear {username}, {####}", "EmailSubject": "Welcome", "SMSMessage": "{username} {####}"}})
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", DesiredDeliveryMediums=["EMAIL"], TemporaryPassword="Temporary-1",
                               UserAttributes=world.attributes(email="ana@example.com"))
    message = pool.server.message("ana@example.com", pool.id)
    assert (message["subject"], message["body"]) == ("Welcome", "Dear ana, Temporary-1")


def test_suppress_and_resend(make_pool, refused):
    pool = make_pool()
    create = lambda **extra: pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", DesiredDeliveryMediums=["EMAIL"], **extra)
    create(MessageAction="SUPPRESS", UserAttributes=world.attributes(email="ana@example.com"))
    assert not pool.server.messages("ana@example.com", pool.id)
    with refused("UsernameExistsException", "User account already exists"):
        create()
    create(MessageAction="RESEND")
    first = pool.code("ana@example.com")
    create(MessageAction="RESEND")
    second = pool.code("ana@example.com", 2)
    with refused("NotAuthorizedException"):
        challenge(pool, "ana", first)
    assert challenge(pool, "ana", second)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password=world.PASSWORD, Permanent=True)
    with refused("UnsupportedUserStateException"):
        create(MessageAction="RESEND")


def test_new_password_challenge(make_pool, refused):
    pool = make_pool(Schema=[{"Name": "given_name", "Required": True, "Mutable": True, "AttributeDataType": "String"},
                             {"Name": "email", "Required": True, "Mutable": True, "AttributeDataType": "String"}])
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS",
                               UserAttributes=world.attributes(email="ana@example.com"))

    def answer(**responses):
        first = challenge(pool, "ana", "Temporary-1")
        parameters = first["ChallengeParameters"]
        assert json.loads(parameters["requiredAttributes"]) == ["userAttributes.given_name"]
        assert json.loads(parameters["userAttributes"])["email"] == "ana@example.com"
        assert parameters["USER_ID_FOR_SRP"] == "ana"
        return pool.idp.respond_to_auth_challenge(
            ClientId=pool.client_id, ChallengeName="NEW_PASSWORD_REQUIRED", Session=first["Session"],
            ChallengeResponses={"USERNAME": "ana"} | {k.replace("__", "."): v for k, v in responses.items()})

    with refused("InvalidParameterException", "Invalid attributes given, given_name is missing"):
        answer(NEW_PASSWORD=world.PASSWORD)
    with refused("NotAuthorizedException", "Cannot modify an already provided email"):
        answer(NEW_PASSWORD=world.PASSWORD, userAttributes__given_name="Ana", userAttributes__email="eve@example.com")
    with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        answer(NEW_PASSWORD="Ab1!", userAttributes__given_name="Ana")
    done = answer(NEW_PASSWORD=world.PASSWORD, userAttributes__given_name="Ana")
    assert "ChallengeName" not in done and "Session" not in done and done["AuthenticationResult"]["AccessToken"]
    assert pool.get("ana")["UserStatus"] == "CONFIRMED" and pool.attrs("ana")["given_name"] == "Ana"
    pool.sign_in("ana")


def test_temporary_password_expires(make_pool, refused, clock):
    pool = make_pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 1}})
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")
    clock("25h")
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        challenge(pool, "ana", "Temporary-1")
    assert pool.get("ana")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_confirm(pool, refused):
    pool.sign_up("ana")
    with refused("UserNotConfirmedException", "User is not confirmed."):
        pool.sign_in("ana")
    pool.idp.admin_confirm_sign_up(UserPoolId=pool.id, Username="ana")
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        pool.idp.admin_confirm_sign_up(UserPoolId=pool.id, Username="ana")
    pool.sign_in("ana")


def test_set_password(pool, refused):
    pool.sign_up("ana")
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password="Fresh-Password-2", Permanent=True)
    assert pool.get("ana")["UserStatus"] == "CONFIRMED"
    pool.sign_in("ana", "Fresh-Password-2")
    pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="ana", Password="Temporary-3", Permanent=False)
    assert pool.get("ana")["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert challenge(pool, "ana", "Temporary-3")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_reset_password(make_pool, refused):
    pool = make_pool(AutoVerifiedAttributes=["email"])
    pool.user("ana", email="ana@example.com", email_verified="true")
    pool.idp.admin_reset_user_password(UserPoolId=pool.id, Username="ana")
    assert pool.get("ana")["UserStatus"] == "RESET_REQUIRED"
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        pool.sign_in("ana")
    pool.idp.confirm_forgot_password(ClientId=pool.client_id, Username="ana", ConfirmationCode=pool.code("ana@example.com"),
                                     Password="Fresh-Password-2")
    assert pool.get("ana")["UserStatus"] == "CONFIRMED"
    pool.sign_in("ana", "Fresh-Password-2")
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="bob", MessageAction="SUPPRESS")
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        pool.idp.admin_reset_user_password(UserPoolId=pool.id, Username="bob")


def test_disable_and_enable(pool, refused):
    pool.user("ana")
    tokens = pool.sign_in("ana")
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username="ana")
    assert pool.get("ana")["Enabled"] is False
    with refused("NotAuthorizedException", "User is disabled."):
        pool.sign_in("ana")
    with refused("NotAuthorizedException"):
        pool.idp.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException"):
        pool.refresh(tokens["RefreshToken"])
    pool.idp.admin_enable_user(UserPoolId=pool.id, Username="ana")
    pool.sign_in("ana")


def test_attributes(make_pool, refused):
    pool = make_pool(AutoVerifiedAttributes=["email"], Schema=[{"Name": "note", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True}])
    pool.user("ana")
    update = lambda **kv: pool.idp.admin_update_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(**kv))
    update(email="ana@example.com", email_verified="true", dev__custom__note="x")
    got = pool.attrs("ana")
    assert got["email_verified"] == "true" and got["dev:custom:note"] == "x"
    assert not pool.server.messages("ana@example.com", pool.id)
    update(email="new@example.com")
    assert pool.attrs("ana")["email_verified"] == "false"
    assert pool.server.message("new@example.com", pool.id)
    pool.idp.admin_delete_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributeNames=["dev:custom:note"])
    assert "dev:custom:note" not in pool.attrs("ana")
    with refused("InvalidParameterException"):
        pool.idp.admin_delete_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributeNames=["custom:none"])
    with refused("InvalidParameterException", "Invalid email address format."):
        update(email="nothing")


def test_verified_alias_is_unique(make_pool, refused):
    pool = make_pool(AliasAttributes=["email"])
    pool.user("ana", email="a@example.com", email_verified="true")
    pool.user("bob")
    with refused("AliasExistsException"):
        pool.idp.admin_update_user_attributes(UserPoolId=pool.id, Username="bob",
                                              UserAttributes=world.attributes(email="a@example.com", email_verified="true"))
    assert "email" not in pool.attrs("bob")
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="eve", MessageAction="SUPPRESS", ForceAliasCreation=True,
                               UserAttributes=world.attributes(email="a@example.com", email_verified="true"))
    assert pool.get("a@example.com")["Username"] == "eve"
    assert pool.attrs("ana").get("email_verified", "false") == "false"


def test_delete(pool, refused):
    pool.user("ana")
    pool.idp.create_group(UserPoolId=pool.id, GroupName="g")
    pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="g")
    pool.idp.admin_delete_user(UserPoolId=pool.id, Username="ana")
    assert pool.idp.list_users_in_group(UserPoolId=pool.id, GroupName="g")["Users"] == []
    with refused("UserNotFoundException", "User does not exist."):
        pool.idp.admin_delete_user(UserPoolId=pool.id, Username="ana")


def test_get_by_other_names(make_pool):
    pool = make_pool()
    sub = world.mapping(pool.user("ana")["Attributes"])["sub"]
    assert pool.get(sub)["Username"] == "ana"
    user = pool.get("ana")
    assert "UserMFASettingList" not in user and "PreferredMfaSetting" not in user
    assert user["UserCreateDate"] <= user["UserLastModifiedDate"]


@pytest.mark.parametrize("operation, extra", [
    ("admin_get_user", {}), ("admin_confirm_sign_up", {}), ("admin_disable_user", {}), ("admin_enable_user", {}),
    ("admin_delete_user", {}), ("admin_reset_user_password", {}), ("admin_user_global_sign_out", {}),
    ("admin_set_user_password", {"Password": world.PASSWORD}),
    ("admin_update_user_attributes", {"UserAttributes": [{"Name": "name", "Value": "x"}]}),
    ("admin_delete_user_attributes", {"UserAttributeNames": ["name"]}), ("admin_list_groups_for_user", {}),
])
def test_unknown_user_and_pool(pool, refused, operation, extra):
    with refused("UserNotFoundException", "User does not exist."):
        getattr(pool.idp, operation)(UserPoolId=pool.id, Username="nobody", **extra)
    with refused("ResourceNotFoundException", "User pool us-east-1_Missing00 does not exist."):
        getattr(pool.idp, operation)(UserPoolId="us-east-1_Missing00", Username="nobody", **extra)


def test_case_insensitive_pool(make_pool, refused):
    pool = make_pool(UsernameConfiguration={"CaseSensitive": False})
    pool.user("Ana")
    assert pool.get("ANA")["Username"] == "ana"
    pool.sign_in("aNa")
    with refused("UsernameExistsException", "User account already exists"):
        pool.idp.admin_create_user(UserPoolId=pool.id, Username="ANA")

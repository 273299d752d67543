"""What people do themselves: sign up, confirm, recover, change passwords and attributes, leave."""

import pytest

import world

MAIL = {"AutoVerifiedAttributes": ["email"]}
LIMIT = "Attempt limit exceeded, please try after some time."


def test_sign_up_and_confirm(make_pool):
    pool = make_pool(**MAIL)
    answer = pool.sign_up("ana", email="tony@test.example", name="Ana")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {"Destination": "t***@t***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    assert pool.get("ana")["UserStatus"] == "UNCONFIRMED"
    assert pool.attrs("ana")["sub"] == answer["UserSub"]
    code = pool.code("tony@test.example")
    assert len(code) == 6 and code.isdigit()
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=code)
    user = pool.get("ana")
    assert user["UserStatus"] == "CONFIRMED" and user["Enabled"] is True
    assert world.mapping(user["UserAttributes"])["email_verified"] == "true"
    assert pool.sign_in("ana")["TokenType"] == "Bearer"


def test_sign_up_without_verification_sends_nothing(pool, make_pool):
    answer = pool.sign_up("ana", email="ana@example.com")
    assert answer["UserConfirmed"] is False and "CodeDeliveryDetails" not in answer
    assert "CodeDeliveryDetails" not in make_pool(**MAIL).sign_up("ana")


def test_sign_up_mail_text(make_pool):
    pool = make_pool(**MAIL)
    pool.sign_up("ana", email="ana@example.com")
    message = pool.server.message("ana@example.com", pool.id)
    assert message["subject"] == "Your verification code" and message["medium"] == "EMAIL"
    assert message["body"].strip() == f"Your verification code is {message['code']}."
    assert message["username"] == "ana" and message["userPoolId"] == pool.id


def test_sign_up_own_template(make_pool):
    pool = make_pool(EmailVerificationSubject="Hi {username}", EmailVerificationMessage="Use {####}, {username}.", **MAIL)
    pool.sign_up("ana", email="ana@example.com")
    message = pool.server.message("ana@example.com", pool.id)
    assert message["body"].startswith(f"Use {message['code']}")


def test_sign_up_phone(make_pool):
    pool = make_pool(AutoVerifiedAttributes=["phone_number", "email"],
                     SmsConfiguration={"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"})
    answer = pool.sign_up("ana", email="ana@example.com", phone_number="+14325551234")
    assert answer["CodeDeliveryDetails"] == {"Destination": "+*******1234", "DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    assert not pool.server.messages("ana@example.com", pool.id)
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=pool.code("+14325551234"))
    got = pool.attrs("ana")
    assert got["phone_number_verified"] == "true" and got.get("email_verified", "false") == "false"


@pytest.mark.parametrize("word, rule", [
    ("Aa1!", "Password not long enough"),
    ("AAAAAA1!", "Password must have lowercase characters"),
    ("aaaaaa1!", "Password must have uppercase characters"),
    ("Aaaaaaa!", "Password must have numeric characters"),
    ("Aaaaaaa1", "Password must have symbol characters"),
])
def test_password_policy(pool, refused, word, rule):
    with refused("InvalidPasswordException", "Password did not conform with policy: " + rule):
        pool.sign_up("ana", word)
    with refused("InvalidPasswordException", "Password did not conform with password policy: " + rule):
        pool.idp.admin_create_user(UserPoolId=pool.id, Username="ana", TemporaryPassword=word)
    pool.user("bob")
    with refused("InvalidPasswordException", "Password did not conform with policy: " + rule):
        pool.idp.admin_set_user_password(UserPoolId=pool.id, Username="bob", Password=word)


@pytest.mark.parametrize("settings, username, attrs, code, message", [
    ({"UsernameAttributes": ["email"]}, "ana", {}, "InvalidParameterException", "Username should be an email."),
    ({"UsernameAttributes": ["email", "phone_number"]}, "ana", {}, "InvalidParameterException", "Username should be either an email or a phone number."),
    ({"UsernameAttributes": ["phone_number"]}, "ana", {}, "InvalidParameterException", None),
    ({"AliasAttributes": ["email"]}, "ana@example.com", {}, "InvalidParameterException", "Username cannot be of email format, since user pool is configured for email alias."),
    ({}, "ana", {"email": "nothing"}, "InvalidParameterException", "Invalid email address format."),
    ({}, "ana", {"phone_number": "0123"}, "InvalidParameterException", "Invalid phone number format."),
    ({}, "ana", {"custom:x": "1"}, "InvalidParameterException", "Attributes did not conform to the schema: Type for attribute {custom:x} could not be determined"),
    ({"Schema": [{"Name": "email", "Required": True, "AttributeDataType": "String"}]}, "ana", {}, "InvalidParameterException",
     "Attributes did not conform to the schema: emails: The attribute emails is required"),
    ({}, "ana", {"email_verified": "true"}, "NotAuthorizedException", "A client attempted to write unauthorized attribute"),
    ({}, "ana", {"birthdate": "2001"}, "InvalidParameterException", None),
    ({"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}, "ana", {}, "NotAuthorizedException", "SignUp is not permitted for this user pool"),
])
def test_sign_up_refusals(make_pool, refused, settings, username, attrs, code, message):
    pool = make_pool(**settings)
    with refused(code, message):
        pool.sign_up(username, **attrs)
    assert pool.idp.list_users(UserPoolId=pool.id)["Users"] == []


def test_taken_names(make_pool, refused):
    pool = make_pool()
    pool.sign_up("ana")
    with refused("UsernameExistsException", "User already exists"):
        pool.sign_up("ana")
    pool.user("ANA")  # case-sensitive by default
    mail = make_pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    mail.sign_up("ana@example.com")
    with refused("UsernameExistsException", "An account with the given email already exists."):
        mail.sign_up("Ana@Example.com")


def test_email_as_username(make_pool):
    pool = make_pool(UsernameAttributes=["email"], **MAIL)
    sub = pool.sign_up("ana@example.com")["UserSub"]
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana@example.com", ConfirmationCode=pool.code("ana@example.com"))
    user = pool.get("ana@example.com")
    assert user["Username"] == sub and world.mapping(user["UserAttributes"])["email"] == "ana@example.com"
    assert pool.idp.get_user(AccessToken=pool.sign_in("ana@example.com")["AccessToken"])["Username"] == sub


def test_aliases(make_pool, refused):
    pool = make_pool(AliasAttributes=["email", "preferred_username"], **MAIL)
    pool.sign_up("ana", email="ana@example.com")
    with refused("UserNotFoundException", "User does not exist."):
        pool.sign_in("ana@example.com")  # not verified yet
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=pool.code("ana@example.com"))
    token = pool.sign_in("ana@example.com")["AccessToken"]
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(preferred_username="annie"))
    assert pool.idp.get_user(AccessToken=pool.sign_in("annie")["AccessToken"])["Username"] == "ana"
    # A second account with the same address may be made, but not confirmed, until it takes the alias by force.
    pool.sign_up("bob", email="ana@example.com")
    code = pool.code("ana@example.com", 2)
    with refused("AliasExistsException", "An account with the email already exists."):
        pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="bob", ConfirmationCode=code)
    pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="bob")
    code = pool.code("ana@example.com", 3)
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="bob", ConfirmationCode=code, ForceAliasCreation=True)
    assert pool.idp.get_user(AccessToken=pool.sign_in("ana@example.com")["AccessToken"])["Username"] == "bob"
    assert pool.attrs("ana").get("email_verified", "false") == "false"


def test_confirm_refusals(make_pool, refused, clock):
    pool = make_pool(**MAIL)
    confirm = lambda name, code: pool.idp.confirm_sign_up(ClientId=pool.client_id, Username=name, ConfirmationCode=code)
    with refused("UserNotFoundException", "Username/client id combination not found."):
        confirm("nobody", "123456")
    pool.sign_up("ana", email="ana@example.com")
    code = pool.code("ana@example.com")
    wrong = "000000" if code != "000000" else "111111"
    with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
        confirm("ana", wrong)
    clock("24h1m")
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        confirm("ana", code)
    answer = pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    fresh = pool.code("ana@example.com", 2)
    confirm("ana", fresh)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        confirm("ana", fresh)
    with refused("InvalidParameterException", "User is already confirmed."):
        pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")


def test_newest_code_wins(make_pool, refused):
    pool = make_pool(**MAIL)
    pool.sign_up("ana", email="ana@example.com")
    first = pool.code("ana@example.com")
    pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")
    second = pool.code("ana@example.com", 2)
    if first != second:
        with refused("CodeMismatchException"):
            pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=first)
    pool.idp.confirm_sign_up(ClientId=pool.client_id, Username="ana", ConfirmationCode=second)


def test_resend_limit(make_pool, refused):
    pool = make_pool(**MAIL)
    pool.sign_up("ana", email="ana@example.com")
    for _ in range(5):
        pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")
    with refused("LimitExceededException", LIMIT):
        pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")


def test_resend_without_verification(pool, refused):
    pool.sign_up("ana", email="ana@example.com")
    with refused("NotAuthorizedException", "Cannot resend codes. Auto verification not turned on."):
        pool.idp.resend_confirmation_code(ClientId=pool.client_id, Username="ana")


def test_forgotten_password(make_pool, refused, clock):
    pool = make_pool(**MAIL)
    pool.user("ana", email="ana@example.com", email_verified="true")
    answer = pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")
    assert answer["CodeDeliveryDetails"] == {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    code = pool.code("ana@example.com")
    finish = lambda c, pw="Fresh-Password-2": pool.idp.confirm_forgot_password(
        ClientId=pool.client_id, Username="ana", ConfirmationCode=c, Password=pw)
    with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
        finish("000000" if code != "000000" else "111111")
    with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        finish(code, "Ab1!")
    assert pool.get("ana")["UserStatus"] == "CONFIRMED"
    pool.sign_in("ana")  # the old password works until the new one is set
    finish(code)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        pool.sign_in("ana")
    pool.sign_in("ana", "Fresh-Password-2")
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        finish(code, "Other-Password-3")
    pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")
    code = pool.code("ana@example.com", 2)
    clock("61m")
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        finish(code)


def test_forgotten_password_refusals(make_pool, refused):
    pool = make_pool()
    with refused("UserNotFoundException", "Username/client id combination not found."):
        pool.idp.forgot_password(ClientId=pool.client_id, Username="nobody")
    pool.user("ana", email="ana@example.com")
    with refused("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number"):
        pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")
    pool.idp.admin_create_user(UserPoolId=pool.id, Username="bob", MessageAction="SUPPRESS",
                               UserAttributes=world.attributes(email="bob@example.com", email_verified="true"))
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        pool.idp.forgot_password(ClientId=pool.client_id, Username="bob")
    pool.user("eve", email="eve@example.com", email_verified="true")
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username="eve")
    with refused("NotAuthorizedException", "User is disabled."):
        pool.idp.forgot_password(ClientId=pool.client_id, Username="eve")
    closed = make_pool(AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]})
    closed.user("ana", email="ana@example.com", email_verified="true")
    with refused("NotAuthorizedException", "Contact administrator to reset password."):
        closed.idp.forgot_password(ClientId=closed.client_id, Username="ana")


def test_recovery_order(make_pool):
    both = dict(email="ana@example.com", email_verified="true", phone_number="+14325551234", phone_number_verified="true")
    legacy = make_pool()
    legacy.user("ana", **both)
    assert legacy.idp.forgot_password(ClientId=legacy.client_id, Username="ana")["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    pool = make_pool(AccountRecoverySetting={"RecoveryMechanisms": [
        {"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"}]})
    pool.user("ana", **both)
    assert pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


def test_forgot_limit(make_pool, refused):
    pool = make_pool(**MAIL)
    pool.user("ana", email="ana@example.com", email_verified="true")
    with refused("LimitExceededException", LIMIT):
        for _ in range(21):
            pool.idp.forgot_password(ClientId=pool.client_id, Username="ana")


def test_change_password(pool, refused):
    pool.user("ana")
    token = pool.sign_in("ana")["AccessToken"]
    change = lambda old, new: pool.idp.change_password(AccessToken=token, PreviousPassword=old, ProposedPassword=new)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        change("Wrong-Password-9", "Fresh-Password-2")
    with refused("InvalidPasswordException"):
        change(world.PASSWORD, "short")
    change(world.PASSWORD, "Fresh-Password-2")
    with refused("NotAuthorizedException", "Incorrect username or password."):
        pool.sign_in("ana")
    pool.sign_in("ana", "Fresh-Password-2")
    pool.idp.get_user(AccessToken=token)  # the tokens live on


def test_password_history(make_pool, refused):
    pool = make_pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}})
    pool.user("ana", "Password-A")
    token = pool.sign_in("ana", "Password-A")["AccessToken"]
    change = lambda old, new: pool.idp.change_password(AccessToken=token, PreviousPassword=old, ProposedPassword=new)
    with refused("PasswordHistoryPolicyViolationException"):
        change("Password-A", "Password-A")
    change("Password-A", "Password-B")
    with refused("PasswordHistoryPolicyViolationException"):
        change("Password-B", "Password-A")
    change("Password-B", "Password-C")
    change("Password-C", "Password-A")


def test_own_attributes(make_pool, refused):
    pool = make_pool(**MAIL)
    pool.user("ana", email="ana@example.com", email_verified="true", name="Ana")
    token = pool.sign_in("ana")["AccessToken"]
    got = pool.idp.get_user(AccessToken=token)
    assert got["Username"] == "ana" and got["UserAttributes"][0]["Name"] == "sub"
    answer = pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(email="new@other.example", name="Anna"))
    assert answer["CodeDeliveryDetailsList"] == [{"Destination": "n***@o***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}]
    now = pool.attrs("ana")
    assert now["email"] == "new@other.example" and now["email_verified"] == "false" and now["name"] == "Anna"
    verify = lambda c: pool.idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=c)
    code = pool.code("new@other.example")
    with refused("CodeMismatchException"):
        verify("000000" if code != "000000" else "111111")
    verify(code)
    assert pool.attrs("ana")["email_verified"] == "true"
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        verify(code)
    details = pool.idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    assert details["CodeDeliveryDetails"]["AttributeName"] == "email"
    verify(pool.code("new@other.example", 2))
    pool.idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(nickname="a"))
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(nickname=""))
    assert not {"name", "nickname"} & set(pool.attrs("ana"))
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(email_verified="true"))


def test_value_stays_until_verified(make_pool):
    pool = make_pool(UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]}, **MAIL)
    pool.user("ana", email="ana@example.com", email_verified="true")
    token = pool.sign_in("ana")["AccessToken"]
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(email="new@example.com"))
    assert (pool.attrs("ana")["email"], pool.attrs("ana")["email_verified"]) == ("ana@example.com", "true")
    pool.idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=pool.code("new@example.com"))
    assert (pool.attrs("ana")["email"], pool.attrs("ana")["email_verified"]) == ("new@example.com", "true")


def test_client_permissions(make_pool, refused):
    pool = make_pool(client={"ReadAttributes": ["email"], "WriteAttributes": ["nickname"]})
    pool.user("ana", email="ana@example.com", name="Ana")
    token = pool.sign_in("ana")["AccessToken"]
    assert set(world.mapping(pool.idp.get_user(AccessToken=token)["UserAttributes"])) == {"sub", "email"}
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(name="Eve"))
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        pool.sign_up("bob", email="bob@example.com")
    pool.idp.update_user_attributes(AccessToken=token, UserAttributes=world.attributes(nickname="a"))


def test_immutable_attribute(make_pool, refused):
    pool = make_pool(Schema=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": False}])
    pool.user("ana", custom__tenant="one")
    with refused("InvalidParameterException", "user.custom:tenant: Attribute cannot be updated.\n"):
        pool.idp.admin_update_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(custom__tenant="two"))
    assert pool.attrs("ana")["custom:tenant"] == "one"


def test_delete_own_account(pool, refused):
    pool.user("ana")
    tokens = pool.sign_in("ana")
    pool.idp.delete_user(AccessToken=tokens["AccessToken"])
    with refused("UserNotFoundException", "User does not exist."):
        pool.get("ana")
    with refused("UserNotFoundException", "User does not exist."):
        pool.sign_in("ana")
    with pytest.raises(pool.idp.exceptions.ClientError):
        pool.idp.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException"):
        pool.refresh(tokens["RefreshToken"])
    pool.user("ana")  # the name is free again

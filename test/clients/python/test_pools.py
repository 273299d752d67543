"""User pools: defaults, echo, update semantics, rules across members, tags, MFA settings, schema, paging."""

import pytest

import world
from tokens import claims

STANDARD = {
    "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "zoneinfo", "locale", "address", "email", "phone_number", "email_verified",
    "phone_number_verified", "birthdate", "updated_at"}
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}


def describe(idp, pool_id):
    return idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]


def test_defaults(idp, pool):
    p = describe(idp, pool.id)
    region, name = p["Id"].split("_")
    assert region == "us-east-1" and len(name) == 9 and name.isalnum()
    assert p["Arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{p['Id']}"
    assert p["Name"] == "test"
    assert p["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 8, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True,
        "RequireSymbols": True, "TemporaryPasswordValidityDays": 7}
    assert p["DeletionProtection"] == "INACTIVE"
    assert p["LambdaConfig"] == {}
    assert p["MfaConfiguration"] == "OFF"
    assert p["EstimatedNumberOfUsers"] == 0
    assert p["EmailConfiguration"] == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    assert p["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7}
    assert p["VerificationMessageTemplate"] == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}
    assert p["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": []}
    for absent in ("AccountRecoverySetting", "AliasAttributes", "UsernameAttributes", "AutoVerifiedAttributes",
                   "DeviceConfiguration", "SmsConfiguration", "UsernameConfiguration", "UserPoolAddOns", "Domain",
                   "CustomDomain", "Status"):
        assert absent not in p, absent
    schema = {a["Name"]: a for a in p["SchemaAttributes"]}
    assert STANDARD <= set(schema) and not {n for n in schema if ":" in n}
    assert p["SchemaAttributes"][0]["Name"] == "sub"
    assert schema["sub"]["Required"] is True and schema["sub"]["Mutable"] is False
    assert schema["email"]["StringAttributeConstraints"] == {"MinLength": "0", "MaxLength": "2048"}
    assert schema["birthdate"]["StringAttributeConstraints"] == {"MinLength": "10", "MaxLength": "10"}
    assert schema["email_verified"]["AttributeDataType"] == "Boolean"
    assert schema["updated_at"]["NumberAttributeConstraints"] == {"MinValue": "0"}
    assert p["CreationDate"] == p["LastModifiedDate"]


def test_settings_are_echoed(make_pool, idp):
    settings = dict(
        PoolName="echo",
        Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireUppercase": False, "RequireLowercase": True,
                                     "RequireNumbers": False, "RequireSymbols": False, "PasswordHistorySize": 3,
                                     "TemporaryPasswordValidityDays": 2}},
        UsernameAttributes=["email"], AutoVerifiedAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        UserPoolTags={"team": "auth"}, DeletionProtection="INACTIVE",
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False},
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        EmailVerificationSubject="Hello", EmailVerificationMessage="Code {####}",
        Schema=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": True,
                 "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "20"}},
                {"Name": "email", "Required": True, "Mutable": True, "AttributeDataType": "String"}])
    p = describe(idp, make_pool(**settings).id)
    assert p["UsernameAttributes"] == ["email"] and p["AutoVerifiedAttributes"] == ["email"]
    assert p["UsernameConfiguration"] == {"CaseSensitive": False}
    assert p["Policies"]["PasswordPolicy"] == settings["Policies"]["PasswordPolicy"]
    for name in ("AccountRecoverySetting", "DeviceConfiguration", "UserAttributeUpdateSettings", "UserPoolTags"):
        assert p[name] == settings[name], name
    assert p["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert p["EmailVerificationSubject"] == "Hello" and p["EmailVerificationMessage"] == "Code {####}"
    assert p["VerificationMessageTemplate"]["EmailSubject"] == "Hello"
    custom = [a for a in p["SchemaAttributes"] if a["Name"] == "custom:tenant"]
    assert custom == [{"Name": "custom:tenant", "AttributeDataType": "String", "DeveloperOnlyAttribute": False,
                       "Mutable": True, "Required": False,
                       "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "20"}}]
    assert [a["Required"] for a in p["SchemaAttributes"] if a["Name"] == "email"] == [True]


def test_update_resets_what_is_left_out(make_pool, idp):
    pool = make_pool(AutoVerifiedAttributes=["email"], UserPoolTags={"a": "1"},
                     Policies={"PasswordPolicy": {"MinimumLength": 20}}, AliasAttributes=["email"])
    idp.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    idp.update_user_pool(UserPoolId=pool.id, PoolName="renamed")
    p = describe(idp, pool.id)
    assert p["Name"] == "renamed"
    assert p["Policies"]["PasswordPolicy"]["MinimumLength"] == 20 and p["MfaConfiguration"] == "ON"
    assert "AutoVerifiedAttributes" not in p and p["UserPoolTags"] == {}
    assert p["AliasAttributes"] == ["email"]
    assert p["LastModifiedDate"] >= p["CreationDate"]


def test_partial_password_policy(make_pool, idp):
    pool = make_pool(Policies={"PasswordPolicy": {"MinimumLength": 10, "RequireNumbers": True}})
    policy = describe(idp, pool.id)["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == 10 and policy["RequireNumbers"] is True
    assert policy["RequireSymbols"] is False and policy["TemporaryPasswordValidityDays"] == 7


def test_deletion_protection(make_pool, idp, refused):
    pool = make_pool(DeletionProtection="ACTIVE")
    with refused("InvalidParameterException", "The user pool cannot be deleted because deletion protection is activated. "
                                              "Deletion protection must be inactivated first."):
        idp.delete_user_pool(UserPoolId=pool.id)
    idp.update_user_pool(UserPoolId=pool.id, DeletionProtection="INACTIVE")
    idp.delete_user_pool(UserPoolId=pool.id)
    with refused("ResourceNotFoundException", f"User pool {pool.id} does not exist."):
        describe(idp, pool.id)


def test_deleted_pool_takes_everything_along(make_pool, idp, refused):
    pool = make_pool()
    pool.user("ana")
    tokens = pool.sign_in("ana")
    idp.delete_user_pool(UserPoolId=pool.id)
    with refused("ResourceNotFoundException", f"User pool client {pool.client_id} does not exist."):
        pool.sign_in("ana")
    with refused("ResourceNotFoundException", f"User pool {pool.id} does not exist."):
        idp.list_users(UserPoolId=pool.id)
    with pytest.raises(Exception):
        idp.get_user(AccessToken=tokens["AccessToken"])


def test_list_is_paged_completely(make_pool, idp):
    made = {make_pool(PoolName=f"page-{i}").id for i in range(7)}
    pages = list(idp.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["UserPools"]) <= 2 for page in pages)
    found = [p["Id"] for page in pages for p in page["UserPools"]]
    assert len(found) == len(set(found)) and made <= set(found)
    item = pages[0]["UserPools"][0]
    assert "Arn" not in item and {"Id", "Name", "LambdaConfig", "CreationDate", "LastModifiedDate"} <= set(item)


def test_list_refuses_a_foreign_token(idp, refused):
    with refused("InvalidParameterException"):
        idp.list_user_pools(MaxResults=5, NextToken="Zm9yZ2Vk")


@pytest.mark.parametrize("settings, message", [
    ({"MfaConfiguration": "ON"}, "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"),
    ({"AutoVerifiedAttributes": ["phone_number"]}, "SMS configuration is required when phone_number is selected for auto verification"),
    ({"UsernameAttributes": ["email"], "AliasAttributes": ["email"]}, None),
    ({"Schema": [{"Name": "x", "AttributeDataType": "String", "Required": True}]}, "Required custom attributes are not supported currently."),
    ({"Schema": [{"Name": "x"}]}, "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."),
    ({"Schema": [{"Name": "x", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "9", "MaxLength": "3"}}]}, None),
    ({"Schema": [{"Name": "email", "AttributeDataType": "Number"}]}, "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"),
])
def test_refused_settings(idp, refused, settings, message):
    with refused("InvalidParameterException", message):
        idp.create_user_pool(PoolName="bad", **settings)


def test_reserved_tags(idp, pool):
    for call in (lambda: idp.create_user_pool(PoolName="bad", UserPoolTags={"aws:x": "1"}),
                 lambda: idp.tag_resource(ResourceArn=pool.arn, Tags={"aws:x": "1"})):
        with pytest.raises(idp.exceptions.ClientError) as e:
            call()
        assert e.value.response["Error"]["Code"] in ("InvalidParameterException", "UserPoolTaggingException")


def test_custom_attributes(pool, idp, refused):
    idp.add_custom_attributes(UserPoolId=pool.id, CustomAttributes=[
        {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}, "Mutable": True},
        {"Name": "joined", "AttributeDataType": "DateTime", "Mutable": True},
        {"Name": "note", "AttributeDataType": "String", "DeveloperOnlyAttribute": True, "Mutable": True}])
    schema = {a["Name"]: a for a in describe(idp, pool.id)["SchemaAttributes"]}
    assert schema["custom:level"]["NumberAttributeConstraints"] == {"MinValue": "1", "MaxValue": "9"}
    assert "custom:joined" in schema and "dev:custom:note" in schema
    with refused("InvalidParameterException", "custom:level: Existing attribute already has name custom:level."):
        idp.add_custom_attributes(UserPoolId=pool.id, CustomAttributes=[{"Name": "level", "AttributeDataType": "Number"}])
    with refused("ResourceNotFoundException", "User pool us-east-1_Missing00 does not exist."):
        idp.add_custom_attributes(UserPoolId="us-east-1_Missing00", CustomAttributes=[{"Name": "a", "AttributeDataType": "String"}])


def test_tags(pool, idp, refused):
    idp.tag_resource(ResourceArn=pool.arn, Tags={"a": "1", "b": "2"})
    idp.tag_resource(ResourceArn=pool.arn, Tags={"b": "3"})
    assert idp.list_tags_for_resource(ResourceArn=pool.arn)["Tags"] == {"a": "1", "b": "3"}
    idp.untag_resource(ResourceArn=pool.arn, TagKeys=["a", "nothing"])
    assert idp.list_tags_for_resource(ResourceArn=pool.arn)["Tags"] == {"b": "3"}
    assert describe(idp, pool.id)["UserPoolTags"] == {"b": "3"}
    with refused("ResourceNotFoundException"):
        idp.list_tags_for_resource(ResourceArn=pool.arn[:-9] + "Missing00")


def test_mfa_settings(pool, idp, refused):
    assert idp.get_user_pool_mfa_config(UserPoolId=pool.id)["MfaConfiguration"] == "OFF"
    with refused("InvalidParameterException", "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."):
        idp.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OFF", SoftwareTokenMfaConfiguration={"Enabled": True})
    with refused("InvalidParameterException", "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."):
        idp.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="ON")
    answer = idp.set_user_pool_mfa_config(
        UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    assert answer["MfaConfiguration"] == "OPTIONAL" and answer["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    got = idp.get_user_pool_mfa_config(UserPoolId=pool.id)
    assert got["SoftwareTokenMfaConfiguration"] == {"Enabled": True} and "SmsMfaConfiguration" not in got
    assert describe(idp, pool.id)["MfaConfiguration"] == "OPTIONAL"
    idp.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OFF")
    assert idp.get_user_pool_mfa_config(UserPoolId=pool.id)["MfaConfiguration"] == "OFF"


def test_mfa_settings_with_sms(make_pool, idp):
    pool = make_pool(SmsConfiguration=SMS, AutoVerifiedAttributes=["phone_number"], MfaConfiguration="OPTIONAL")
    got = idp.get_user_pool_mfa_config(UserPoolId=pool.id)
    assert got["MfaConfiguration"] == "OPTIONAL"
    assert got["SmsMfaConfiguration"]["SmsConfiguration"]["SnsCallerArn"] == SMS["SnsCallerArn"]


def test_passkey_settings_keep(pool, idp):
    idp.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OFF", WebAuthnConfiguration={
        "RelyingPartyId": "app.example.com", "UserVerification": "required"})
    got = idp.get_user_pool_mfa_config(UserPoolId=pool.id)["WebAuthnConfiguration"]
    assert got["RelyingPartyId"] == "app.example.com" and got["UserVerification"] == "required"


def test_user_count(pool, idp):
    for name in ("a", "b", "c"):
        pool.user(name)
    assert describe(idp, pool.id)["EstimatedNumberOfUsers"] == 3


def test_regions(server, idp, pool, refused):
    """A client works in the Region that it signs for; sign-in finds pools in all of them."""
    west = server.client(region="eu-west-1")
    other = world.Pool(server, west)
    try:
        assert other.id.startswith("eu-west-1_") and other.arn == f"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{other.id}"

        def listed(client):
            return [p["Id"] for page in client.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 2}) for p in page["UserPools"]]

        assert listed(west) == [other.id]
        assert pool.id in listed(idp) and other.id not in listed(idp)
        for operation in ("describe_user_pool", "list_users", "delete_user_pool"):
            with refused("ResourceNotFoundException", f"User pool {other.id} does not exist."):
                getattr(idp, operation)(UserPoolId=other.id)
        with refused("ResourceNotFoundException", f"User pool {pool.id} does not exist."):
            describe(west, pool.id)
        west.admin_create_user(UserPoolId=other.id, Username="ana", MessageAction="SUPPRESS")
        west.admin_set_user_password(UserPoolId=other.id, Username="ana", Password="Passw0rd!", Permanent=True)
        for region in ("eu-west-1", "us-east-1", "ap-south-1"):
            answer = server.client(unsigned=True, region=region).initiate_auth(
                ClientId=other.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ana", "PASSWORD": "Passw0rd!"})
            access = answer["AuthenticationResult"]["AccessToken"]
            assert claims(access)["iss"].endswith("/" + other.id)
            assert server.client(unsigned=True, region=region).get_user(AccessToken=access)["Username"] == "ana"
    finally:
        other.delete()

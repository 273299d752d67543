"""IAM through boto3 and the AWS CLI: entities and their policies, and that policies really bound what keys may do."""

import json
import subprocess
import sys
import tempfile
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import REGION, Server, environment, free_port

ROOT = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
ACCOUNT = "123456789012"


def document(*statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def client(server, service, key, secret, token=None, region=REGION):
    return boto3.client(service, endpoint_url=server.url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
                        aws_session_token=token, config=Config(retries={"total_max_attempts": 1}))


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as e:
        call(*args, **kwargs)
    error = e.value.response["Error"]
    return error["Code"], error["Message"], e.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def production():
    with tempfile.TemporaryDirectory(prefix="cognate-iam-") as folder:
        port = free_port()
        s = Server("--public-url", f"http://127.0.0.1:{port}", "--data", folder, "--region", REGION, "--account", ACCOUNT,
                   port=port, command="serve", env={"COGNATE_ROOT_ACCESS_KEY_ID": ROOT[0], "COGNATE_ROOT_ACCESS_KEY_SECRET": ROOT[1]})
        yield s
        s.stop()


@pytest.fixture
def iam(production):
    return client(production, "iam", *ROOT, region="eu-west-1")  # IAM has no Region


def user(production, iam, name):
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_role_as_terraform_makes_it(iam):
    trust = document({"Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
                      "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:x"}}})
    role = iam.create_role(RoleName="tf", AssumeRolePolicyDocument=trust, Description="d", Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/tf" and role["MaxSessionDuration"] == 3600
    got = iam.get_role(RoleName="tf")["Role"]
    assert got["AssumeRolePolicyDocument"] == json.loads(trust) and got["Tags"] == [{"Key": "a", "Value": "b"}]  # botocore decodes it
    iam.put_role_policy(RoleName="tf", PolicyName="in", PolicyDocument=document(allow("s3:*")))
    assert iam.get_role_policy(RoleName="tf", PolicyName="in")["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    iam.attach_role_policy(RoleName="tf", PolicyArn="arn:aws:iam::aws:policy/AmazonCognitoReadOnly")
    assert [p["PolicyName"] for p in iam.list_attached_role_policies(RoleName="tf")["AttachedPolicies"]] == ["AmazonCognitoReadOnly"]
    iam.update_assume_role_policy(RoleName="tf", PolicyDocument=trust.replace("us-east-1:x", "us-east-1:y"))
    iam.update_role(RoleName="tf", MaxSessionDuration=7200)
    assert iam.list_instance_profiles_for_role(RoleName="tf")["InstanceProfiles"] == []
    assert refusal(iam.delete_role, RoleName="tf") == ("DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
    iam.detach_role_policy(RoleName="tf", PolicyArn="arn:aws:iam::aws:policy/AmazonCognitoReadOnly")
    iam.delete_role_policy(RoleName="tf", PolicyName="in")
    iam.delete_role(RoleName="tf")
    assert refusal(iam.get_role, RoleName="tf") == ("NoSuchEntity", "The role with name tf cannot be found.", 404)


def test_paginators(iam):
    for i in range(7):
        iam.create_group(GroupName=f"page{i}", Path="/page/")
    pages = list(iam.get_paginator("list_groups").paginate(PathPrefix="/page/", PaginationConfig={"PageSize": 3}))
    assert [len(p["Groups"]) for p in pages] == [3, 3, 1]
    names = [p["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 4}) for p in page["Policies"]]
    assert len(names) == len(set(names)) and "AdministratorAccess" in names
    for i in range(7):
        iam.delete_group(GroupName=f"page{i}")


def test_a_user_may_what_policies_say(production, iam):
    idp = client(production, "cognito-idp", *ROOT)
    mine = idp.create_user_pool(PoolName="mine", UserPoolTags={"team": "blue"})["UserPool"]
    other = idp.create_user_pool(PoolName="other")["UserPool"]
    keys = user(production, iam, "ops")
    arn = f"arn:aws:iam::{ACCOUNT}:user/ops"
    theirs = client(production, "cognito-idp", *keys)
    assert client(production, "sts", *keys).get_caller_identity()["Arn"] == arn
    assert refusal(theirs.list_user_pools, MaxResults=1) == (
        "AccessDeniedException", f"User: {arn} is not authorized to perform: cognito-idp:ListUserPools because no identity-based policy allows the cognito-idp:ListUserPools action", 400)
    iam.put_user_policy(UserName="ops", PolicyName="p", PolicyDocument=document(
        allow("cognito-idp:*", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}), allow("cognito-idp:ListUserPools")))
    assert theirs.describe_user_pool(UserPoolId=mine["Id"])["UserPool"]["Name"] == "mine"
    assert len(theirs.list_user_pools(MaxResults=10)["UserPools"]) >= 2
    for call, args in ((theirs.describe_user_pool, {}), (theirs.admin_get_user, {"Username": "x"}), (theirs.delete_user_pool, {})):
        code, message, _ = refusal(call, UserPoolId=other["Id"], **args)
        assert code == "AccessDeniedException" and f"on resource: {other['Arn']} because" in message
    code, message, _ = refusal(theirs.describe_user_pool, UserPoolId="us-east-1_none00000")
    assert code == "AccessDeniedException"  # who may not look is not told that there is nothing
    code, message, _ = refusal(theirs.create_user_pool, PoolName="new")
    assert code == "AccessDeniedException"
    code, message, _ = refusal(theirs.create_group, UserPoolId=mine["Id"], GroupName="g", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/admin")
    assert (code, "iam:PassRole on resource: arn:aws:iam::123456789012:role/admin because" in message) == ("AccessDeniedException", True)
    theirs.create_group(UserPoolId=mine["Id"], GroupName="g")
    code, message, status = refusal(client(production, "iam", *keys).list_roles)
    assert (code, status) == ("AccessDenied", 403) and f"iam:ListRoles on resource: arn:aws:iam::{ACCOUNT}:role/" in message
    code, message, status = refusal(client(production, "iam", *keys).create_user, UserName="evil")
    assert code == "AccessDenied" and f"iam:CreateUser on resource: arn:aws:iam::{ACCOUNT}:user/evil" in message
    iam.delete_access_key(UserName="ops", AccessKeyId=keys[0])
    assert refusal(theirs.list_user_pools, MaxResults=1)[0] == "UnrecognizedClientException"
    for pool in (mine, other):
        idp.delete_user_pool(UserPoolId=pool["Id"])


def test_own_keys(production, iam):
    keys = user(production, iam, "self")
    iam.put_user_policy(UserName="self", PolicyName="p", PolicyDocument=document(allow(["iam:*AccessKey*", "iam:GetUser"], f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")))
    theirs = client(production, "iam", *keys)
    assert theirs.get_user()["User"]["UserName"] == "self"
    assert [k["AccessKeyId"] for k in theirs.list_access_keys()["AccessKeyMetadata"]] == [keys[0]]
    second = theirs.create_access_key()["AccessKey"]
    theirs.update_access_key(AccessKeyId=keys[0], Status="Inactive")
    assert refusal(theirs.get_user) == ("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    again = client(production, "iam", second["AccessKeyId"], second["SecretAccessKey"])
    again.delete_access_key(AccessKeyId=keys[0])
    assert refusal(again.create_access_key, UserName="ops2")[0] == "AccessDenied"
    assert refusal(client(production, "iam", second["AccessKeyId"], "wrong").get_user)[0] == "SignatureDoesNotMatch"


def test_dev_evaluates_its_own_keys():
    s = Server("--ephemeral")
    try:
        iam = client(s, "iam", "anything", "anything")
        iam.create_user(UserName="u")
        key = iam.create_access_key(UserName="u")["AccessKey"]
        theirs = client(s, "cognito-idp", key["AccessKeyId"], key["SecretAccessKey"])
        assert refusal(theirs.list_user_pools, MaxResults=1)[0] == "AccessDeniedException"
        assert refusal(client(s, "cognito-idp", key["AccessKeyId"], "wrong").list_user_pools, MaxResults=1)[0] == "InvalidSignatureException"
        iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/AmazonCognitoPowerUser")
        theirs.list_user_pools(MaxResults=1)
        iam.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"])
        assert refusal(theirs.list_user_pools, MaxResults=1)[0] == "UnrecognizedClientException"  # never anybody's again
    finally:
        s.stop()


def test_cli(production, tmp_path):
    env = environment(AWS_ACCESS_KEY_ID=ROOT[0], AWS_SECRET_ACCESS_KEY=ROOT[1], AWS_DEFAULT_REGION=REGION,
                      AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"))

    def aws(*args):
        done = subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", production.url, "--output", "json", "iam", *args],
                              env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr

    arn = aws("create-policy", "--policy-name", "cli", "--policy-document", document(allow("s3:GetObject")))["Policy"]["Arn"]
    assert aws("get-policy-version", "--policy-arn", arn, "--version-id", "v1")["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:GetObject"
    assert "NoSuchEntity" in aws("get-role", "--role-name", "none")
    provider = aws("create-open-id-connect-provider", "--url", "https://id.example.com", "--client-id-list", "app")["OpenIDConnectProviderArn"]
    assert provider in [p["Arn"] for p in aws("list-open-id-connect-providers")["OpenIDConnectProviderList"]]
    assert aws("get-account-summary")["SummaryMap"]["Policies"] == 1
    aws("delete-open-id-connect-provider", "--open-id-connect-provider-arn", provider)
    aws("delete-policy", "--policy-arn", arn)


def test_virtual_mfa_device(production, iam):
    import base64
    import hashlib
    import hmac
    import struct

    iam.create_user(UserName="mfa")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial = device["SerialNumber"]
    assert serial == f"arn:aws:iam::{ACCOUNT}:mfa/phone" and device["QRCodePNG"].startswith(b"\x89PNG")
    seed = base64.b32decode(device["Base32StringSeed"])

    def code(step):
        digest = hmac.new(seed, struct.pack(">Q", step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"

    now = int(time.time()) // 30
    wrong = refusal(iam.enable_mfa_device, UserName="mfa", SerialNumber=serial, AuthenticationCode1="000000", AuthenticationCode2="000001")
    assert wrong == ("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403)
    iam.enable_mfa_device(UserName="mfa", SerialNumber=serial, AuthenticationCode1=code(now - 1), AuthenticationCode2=code(now))
    assert [d["SerialNumber"] for d in iam.list_mfa_devices(UserName="mfa")["MFADevices"]] == [serial]
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial)[0] == "DeleteConflict"
    iam.deactivate_mfa_device(UserName="mfa", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.delete_user(UserName="mfa")


def test_simulator_says_what_enforcement_does(production, iam):
    """The simulator answers for a user as the server then decides, and names the statement in the document."""
    key, secret = user(production, iam, "simulated")
    pools = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/*"
    iam.put_user_policy(UserName="simulated", PolicyName="p", PolicyDocument=document(
        allow("cognito-idp:List*"), {"Effect": "Deny", "Action": "cognito-idp:ListUserPools", "Resource": "*",
                                     "Condition": {"StringEquals": {"aws:username": "somebody-else"}}},
        allow("cognito-idp:DescribeUserPool", pools, Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}})))
    arn = f"arn:aws:iam::{ACCOUNT}:user/simulated"

    def simulate(**more):
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["cognito-idp:ListUserPools", "cognito-idp:CreateUserPool"], **more)
        return {r["EvalActionName"]: r for r in answer["EvaluationResults"]}

    results = simulate()
    assert results["cognito-idp:ListUserPools"]["EvalDecision"] == "allowed"
    assert results["cognito-idp:CreateUserPool"]["EvalDecision"] == "implicitDeny"
    [statement] = results["cognito-idp:ListUserPools"]["MatchedStatements"]
    text = iam.get_user_policy(UserName="simulated", PolicyName="p")["PolicyDocument"]
    assert text["Statement"][0]["Action"] == "cognito-idp:List*" and statement["StartPosition"]["Line"] == 1
    assert statement["SourcePolicyId"] == "user_simulated_p"
    mine = client(production, "cognito-idp", key, secret)
    mine.list_user_pools(MaxResults=5)
    assert refusal(mine.create_user_pool, PoolName="x")[0] == "AccessDeniedException"

    stop = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert simulate(PolicyInputList=[stop])["cognito-idp:ListUserPools"]["EvalDecision"] == "explicitDeny"
    bound = simulate(PermissionsBoundaryPolicyInputList=[document(allow("s3:*"))])["cognito-idp:ListUserPools"]
    assert bound["EvalDecision"] == "implicitDeny"
    assert bound["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}

    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"]
    assert keys == ["aws:username", "aws:ResourceTag/team", "aws:PrincipalTag/team"]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[document(allow("a:Two"))], ActionNames=["a:One", "a:Two", "a:Three"], PaginationConfig={"PageSize": 2})
    assert [r["EvalDecision"] for p in pages for r in p["EvaluationResults"]] == ["implicitDeny", "allowed", "implicitDeny"]
    code, message, status = refusal(iam.simulate_custom_policy, PolicyInputList=["{"], ActionNames=["a:One"])
    assert (code, status) == ("InvalidInput", 400) and "Syntax errors in policy." in message

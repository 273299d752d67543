"""Temporary credentials through boto3 and the AWS CLI: roles, sessions, tokens of user pools, and what they may do in every service."""

import json
import subprocess
import sys

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from server import REGION, environment
from test_iam import ACCOUNT, ROOT, allow, client, document, iam, production, refusal, user  # noqa: F401

TRUST = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})


def keys(credentials):
    return credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]


@pytest.fixture(scope="module")
def operator(production):
    root = client(production, "iam", *ROOT)
    mine = user(production, root, "operator")
    root.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=document(allow("sts:*"), allow("cognito-idp:*")))
    return mine


def test_role_session(production, iam, operator):
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(allow("cognito-idp:ListUserPools")))
    sts = client(production, "sts", *operator)
    out = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reader", RoleSessionName="me", DurationSeconds=900)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me"
    assert out["AssumedRoleUser"]["Arn"] == arn
    session = keys(out["Credentials"])
    assert client(production, "sts", *session).get_caller_identity()["Arn"] == arn
    theirs = client(production, "cognito-idp", *session)
    theirs.list_user_pools(MaxResults=1)
    code, message, _ = refusal(theirs.create_user_pool, PoolName="x")
    assert (code, message) == ("AccessDeniedException", f"User: {arn} is not authorized to perform: cognito-idp:CreateUserPool"
                               " because no identity-based policy allows the cognito-idp:CreateUserPool action")
    for broken in ((session[0], session[1], session[2][:-8] + "AAAAAAA="), (session[0], session[1], None), (session[0], session[1], "x" * 400)):
        assert refusal(client(production, "cognito-idp", *broken).list_user_pools, MaxResults=1)[0] == "UnrecognizedClientException"
        assert refusal(client(production, "sts", *broken).get_caller_identity)[0] == "InvalidClientTokenId"
    assert refusal(client(production, "cognito-idp", session[0], "wrong", session[2]).list_user_pools, MaxResults=1)[0] == "InvalidSignatureException"
    assert refusal(client(production, "cognito-idp", operator[0], operator[1], session[2]).list_user_pools, MaxResults=1)[0] == "UnrecognizedClientException"
    assert refusal(sts.assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="me") == (
        "AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:user/operator is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/none", 403)
    assert refusal(client(production, "sts", *ROOT).assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reader", RoleSessionName="me")[1] == "Roles may not be assumed by root accounts."
    iam.delete_role_policy(RoleName="reader", PolicyName="p")
    iam.delete_role(RoleName="reader")
    assert refusal(theirs.list_user_pools, MaxResults=1)[0] == "AccessDeniedException"
    client(production, "sts", *session).get_caller_identity()  # which nothing denies


def test_botocore_refreshes_by_itself(production, iam, operator):
    iam.create_role(RoleName="fetched", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="fetched", PolicyArn="arn:aws:iam::aws:policy/AmazonCognitoReadOnly")
    core = botocore.session.get_session()
    core.set_credentials(*operator)
    fetcher = AssumeRoleCredentialFetcher(
        lambda service, **args: core.create_client(service, endpoint_url=production.url, region_name=REGION, **args),
        core.get_credentials(), f"arn:aws:iam::{ACCOUNT}:role/fetched")
    other = botocore.session.get_session()
    other._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    boto3.Session(botocore_session=other).client("cognito-idp", endpoint_url=production.url, region_name=REGION).list_user_pools(MaxResults=1)


def test_sessions_of_users(production, operator):
    sts = client(production, "sts", *operator)
    session = keys(sts.get_session_token(DurationSeconds=900)["Credentials"])
    client(production, "cognito-idp", *session).list_user_pools(MaxResults=1)
    assert refusal(client(production, "iam", *session).list_users)[::2] == ("InvalidClientTokenId", 403)
    assert refusal(client(production, "sts", *session).get_session_token)[:2] == ("AccessDenied", "Cannot call GetSessionToken with session credentials")
    out = sts.get_federation_token(Name="bob", Policy=document(allow("cognito-idp:ListUserPools"), allow("s3:*")), DurationSeconds=900)
    bob = keys(out["Credentials"])
    assert out["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob" and 0 < out["PackedPolicySize"] <= 100
    client(production, "cognito-idp", *bob).list_user_pools(MaxResults=1)
    code, message, _ = refusal(client(production, "cognito-idp", *bob).create_user_pool, PoolName="x")
    assert code == "AccessDeniedException" and message.endswith("because no session policy allows the cognito-idp:CreateUserPool action")
    assert refusal(client(production, "iam", *bob).list_users)[0] == "InvalidClientTokenId"
    assert client(production, "sts", *operator).get_access_key_info(AccessKeyId=bob[0])["Account"] == ACCOUNT


def test_token_of_a_user_pool(production, iam, tmp_path):
    idp = client(production, "cognito-idp", *ROOT)
    pool = idp.create_user_pool(PoolName="web")["UserPool"]["Id"]
    app = idp.create_user_pool_client(UserPoolId=pool, ClientName="a", ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"])["UserPoolClient"]["ClientId"]
    idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Passw0rd!", Permanent=True)
    tokens = idp.admin_initiate_auth(UserPoolId=pool, ClientId=app, AuthFlow="ADMIN_NO_SRP_AUTH",
                                     AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!"})["AuthenticationResult"]
    name = f"cognito-idp.{REGION}.amazonaws.com/{pool}"
    provider = iam.create_open_id_connect_provider(Url="https://" + name, ClientIDList=[app])["OpenIDConnectProviderArn"]
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=document({
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {name + ":aud": app}}}))
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=document(allow("cognito-idp:DescribeUserPool", f"arn:aws:cognito-idp:*:*:userpool/{pool}")))
    (tmp_path / "token").write_text(tokens["IdToken"])
    env = environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"), AWS_ROLE_ARN=f"arn:aws:iam::{ACCOUNT}:role/web", AWS_DEFAULT_REGION=REGION,
                      AWS_ENDPOINT_URL=production.url, AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"))

    def aws(*args):  # the CLI exchanges the token by itself
        done = subprocess.run([sys.executable, "-m", "awscli", "--output", "json", *args], env=env, cwd=tmp_path, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr

    assert f"assumed-role/web/" in aws("sts", "get-caller-identity")["Arn"]
    assert aws("cognito-idp", "describe-user-pool", "--user-pool-id", pool)["UserPool"]["Name"] == "web"
    assert "AccessDenied" in aws("cognito-idp", "delete-user-pool", "--user-pool-id", pool)
    anybody = boto3.client("sts", endpoint_url=production.url, region_name=REGION, config=Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}))
    assert refusal(anybody.assume_role_with_web_identity, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/web", RoleSessionName="web", WebIdentityToken=tokens["AccessToken"])[::2] == (
        "InvalidIdentityToken", 400)
    assert refusal(anybody.assume_role_with_web_identity, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="web", WebIdentityToken=tokens["IdToken"]) == (
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
    assert refusal(anybody.assume_role_with_saml, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/web", PrincipalArn=f"arn:aws:iam::{ACCOUNT}:saml-provider/x",
                   SAMLAssertion="QUFBQQ==")[0] == "InvalidIdentityToken"

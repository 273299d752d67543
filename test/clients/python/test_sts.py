"""STS, the first service of the Query protocol: who a caller is, and what other protocols' unknown calls are told."""

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import REGION, Server, environment, free_port

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
VERSION = "Version=2011-06-15"


def client(server, service="sts", key="a", secret="b", region=REGION):
    return boto3.client(service, endpoint_url=server.url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
                        config=Config(retries={"total_max_attempts": 1}))


def error(call):
    with pytest.raises(ClientError) as e:
        call()
    return e.value.response["Error"]["Code"], e.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def dev():
    s = Server("--ephemeral")
    yield s
    s.stop()


def test_dev(dev, tmp_path):
    who = client(dev, region="eu-west-1").get_caller_identity()
    assert (who["Account"], who["UserId"], who["Arn"]) == ("000000000000", "000000000000", "arn:aws:iam::000000000000:root")
    assert who["ResponseMetadata"]["RequestId"] == who["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    env = environment(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
                      AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"))
    done = subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", dev.url, "--output", "json", "sts", "get-caller-identity"],
                          env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["Arn"] == who["Arn"], done.stderr


def test_unbuilt_and_unknown(dev):
    assert error(lambda: client(dev, "iam").create_login_profile(UserName="bob", Password="x")) == ("UnsupportedOperation", 400)
    assert error(lambda: client(dev).get_web_identity_token(Audience=["a"], SigningAlgorithm="RS256")) == (
        "OutboundWebIdentityFederationDisabledException", 403)
    assert error(lambda: client(dev, "ses").list_identities()) == ("InvalidAction", 400)
    assert error(lambda: client(dev, "cognito-sync").list_identity_pool_usage()) == ("UnknownOperationException", 404)
    assert error(lambda: client(dev, "dynamodb").list_tables()) == ("UnknownOperationException", 400)


def post(server, form, accept=""):
    request = urllib.request.Request(server.url + "/", data=form.encode(), headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def test_no_page_presigns_in_dev(dev):
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen(client(dev).generate_presigned_url("get_caller_identity", HttpMethod="GET"))
    assert e.value.code == 403 and b"<Code>InvalidClientTokenId</Code>" in e.value.read()


def test_without_credentials(dev):
    status, body = post(dev, "Action=GetCallerIdentity&" + VERSION)
    assert status == 403 and "<Type>Sender</Type><Code>MissingAuthenticationToken</Code>" in body
    status, body = post(dev, "Action=GetCallerIdentity&" + VERSION, "application/json")
    assert status == 403 and json.loads(body)["Error"]["Code"] == "MissingAuthenticationToken"


def test_serve():
    with tempfile.TemporaryDirectory(prefix="cognate-sts-") as folder:
        port = free_port()
        s = Server("--public-url", f"http://127.0.0.1:{port}", "--data", folder, "--region", REGION, "--account", "123456789012",
                   port=port, command="serve", env={"COGNATE_ROOT_ACCESS_KEY_ID": KEY, "COGNATE_ROOT_ACCESS_KEY_SECRET": SECRET})
        try:
            for region in (REGION, "eu-west-1", "ap-south-1"):  # STS takes any Region
                assert client(s, key=KEY, secret=SECRET, region=region).get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
            link = client(s, key=KEY, secret=SECRET).generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
            with urllib.request.urlopen(link) as answer:
                assert b"<Arn>arn:aws:iam::123456789012:root</Arn>" in answer.read()
            for broken in (link.replace("GetCallerIdentity", "GetSessionToken"), link.replace("X-Amz-Expires=60", "X-Amz-Expires=61")):
                with pytest.raises(urllib.error.HTTPError) as e:
                    urllib.request.urlopen(broken)
                assert e.value.code == 403 and b"<Code>SignatureDoesNotMatch</Code>" in e.value.read()
            assert error(client(s, key=KEY, secret="wrong").get_caller_identity) == ("SignatureDoesNotMatch", 403)
            assert error(client(s, key="AKIAUNKNOWNUNKNOWNUN").get_caller_identity) == ("InvalidClientTokenId", 403)
        finally:
            s.stop()

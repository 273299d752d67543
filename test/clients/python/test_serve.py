"""`cognate serve`: signatures are verified, dev tools are absent, and what is missing is said at the start."""

import datetime
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from server import REGION, Server, binary, environment, free_port

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def production():
    with tempfile.TemporaryDirectory(prefix="cognate-serve-") as folder:
        port = free_port()
        s = Server("--public-url", f"http://127.0.0.1:{port}", "--data", folder, "--region", REGION, "--account", "123456789012",
                   port=port, command="serve", env={"COGNATE_ROOT_ACCESS_KEY_ID": KEY, "COGNATE_ROOT_ACCESS_KEY_SECRET": SECRET})
        yield s
        s.stop()


def code(call):
    with pytest.raises(ClientError) as e:
        call()
    return e.value.response["Error"]["Code"]


def test_root_key_signs(production):
    idp = production.client(key=KEY, secret=SECRET)
    pool = idp.create_user_pool(PoolName="signed +=,.@-")["UserPool"]
    assert pool["Arn"].startswith(f"arn:aws:cognito-idp:{REGION}:123456789012:userpool/")
    assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["Name"] == "signed +=,.@-"
    idp.delete_user_pool(UserPoolId=pool["Id"])


def test_wrong_signers(production):
    ask = lambda **kw: code(lambda: production.client(**kw).list_user_pools(MaxResults=1))
    assert ask(key=KEY, secret="wrong") == "InvalidSignatureException"
    assert ask(key="AKIAUNKNOWNUNKNOWNUN", secret=SECRET) == "UnrecognizedClientException"
    assert ask(key=KEY, secret=SECRET, token="forged") in ("UnrecognizedClientException", "InvalidSignatureException")
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region."):
        production.client(key=KEY, secret=SECRET, region="eu-west-1").list_user_pools(MaxResults=1)
    assert ask(unsigned=True) == "MissingAuthenticationTokenException"


def signed(production, body: bytes, at=None):
    """A request signed by botocore itself, to be spoilt before it is sent."""
    request = botocore.awsrequest.AWSRequest("POST", production.url + "/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"})
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), "cognito-idp", REGION)
    if at is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(request)
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        signer._inject_signature_to_request(request, signature)
    return request.prepare()


def send(production, prepared, body=None, **headers):
    h = {k: (v.decode() if isinstance(v, bytes) else v) for k, v in prepared.headers.items()} | headers
    request = urllib.request.Request(prepared.url, data=body or prepared.body, headers=h, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as r:
            return r.status, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def test_tampered_requests(production):
    body = b'{"MaxResults":1}'
    assert send(production, signed(production, body))[0] == 200
    for change in ({"body": b'{"MaxResults":2}'}, {"X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteUserPool"},
                   {"X-Amz-Date": "20200101T000000Z"}, {"Host": "other.example"}):
        status, answer = send(production, signed(production, body), **change)
        assert status in (400, 403) and b"UserPools" not in answer, change
    prepared = signed(production, body)
    value = prepared.headers["Authorization"]
    value = value.decode() if isinstance(value, bytes) else value
    for spoilt in (value[:-1] + ("0" if value[-1] != "0" else "1"), value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), "AWS4-HMAC-SHA256",
                   value.replace("cognito-idp", "s3"), value.split("Signature=")[0] + "Signature=", "Bearer x"):
        status, answer = send(production, prepared, Authorization=spoilt)
        assert status in (400, 403) and b"UserPools" not in answer, spoilt


@pytest.mark.parametrize("minutes, ok", [(0, True), (-4, True), (4, True), (-20, False), (20, False), (-60 * 24 * 2, False)])
def test_clock_skew(production, minutes, ok):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    status, answer = send(production, signed(production, b'{"MaxResults":1}', at))
    assert (status == 200) == ok, answer
    if not ok:
        assert b"InvalidSignatureException" in answer or b"RequestExpired" in answer or b"SignatureDoesNotMatch" in answer


def test_cli_signs(production, tmp_path):
    run = lambda secret: subprocess.run(
        [sys.executable, "-m", "awscli", "--endpoint-url", production.url, "cognito-idp", "list-user-pools", "--max-results", "5"],
        env=environment(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION=REGION, AWS_EC2_METADATA_DISABLED="true",
                        AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none")),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    good, bad = run(SECRET), run("wrong")
    assert good.returncode == 0 and "UserPools" in good.stdout, good.stderr
    assert bad.returncode != 0 and "InvalidSignatureException" in bad.stderr


def test_users_sign_in_without_keys(production):
    admin, anyone = production.client(key=KEY, secret=SECRET), production.client(unsigned=True)
    pool = admin.create_user_pool(PoolName="p")["UserPool"]["Id"]
    client = admin.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=[
        "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
    anyone.sign_up(ClientId=client, Username="ana", Password="Correct-Horse-1")
    admin.admin_confirm_sign_up(UserPoolId=pool, Username="ana")
    answer = anyone.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ana", "PASSWORD": "Correct-Horse-1"})
    assert anyone.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])["Username"] == "ana"


@pytest.mark.parametrize("method, path", [("GET", "/_cognate/inbox"), ("GET", "/_cognate/clock"), ("POST", "/_cognate/clock"),
                                          ("POST", "/_cognate/snapshots/x"), ("GET", "/_cognate/metrics")])
def test_no_dev_tools(production, method, path):
    request = urllib.request.Request(production.url + path, data=b"{}" if method == "POST" else None, method=method)
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen(request, timeout=30)
    assert e.value.code in (400, 403, 404, 405)


def test_nothing_secret_in_the_log(production):
    test_users_sign_in_without_keys(production)
    log = production.output()
    assert SECRET not in log and "Correct-Horse-1" not in log and "eyJ" not in log


def refused_start(*args):
    done = subprocess.run([binary(), "serve", *args], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    return done.stderr + done.stdout


def test_missing_settings_are_named(tmp_path):
    text = refused_start()
    for flag in ("--listen", "--public-url", "--region", "--account"):
        assert flag in text, flag
    text = refused_start("--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1", "--region", REGION, "--account", "123456789012")
    assert "--data" in text and "--database" in text
    text = refused_start("--listen", "127.0.0.1:0", "--public-url", "not a url", "--region", "mars", "--account", "12", "--data", str(tmp_path))
    for wrong in ("--public-url", "--region", "--account"):
        assert wrong in text, text
    text = refused_start("--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1", "--region", REGION, "--account", "123456789012",
                         "--data", str(tmp_path), "--regions", "eu-west-1,mars")
    assert "mars" in text and f"must contain {REGION}" in text

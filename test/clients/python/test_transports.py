"""Messages that leave by AWS services: every request is checked by botocore's own models of SES, SNS and End User
Messaging and its signature recomputed by botocore, in place of the services, which cannot run here. Also the KMS API with
boto3, and confirmation links from the mail to the confirmed user."""

import http.server
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from server import REGION, Server

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AWS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


class Fake(http.server.ThreadingHTTPServer):
    """One AWS service: refuses the first request, checks all, keeps what was sent."""

    def __init__(self, service: str, operation: str, refusal: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        model = botocore.session.get_session().get_service_model(service)
        self.signing_name, self.operation = model.signing_name, model.operation_model(operation)
        self.protocol, self.target = model.metadata["protocol"], model.metadata.get("targetPrefix", "") + "." + operation
        self.json_version, self.api_version = model.metadata.get("jsonVersion"), model.api_version
        self.got, self.wrong, self.refusal = [], [], refusal
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait(self, count: int) -> list:
        deadline = time.monotonic() + 30
        while len(self.got) < count and not self.wrong and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.wrong, self.wrong
        assert len(self.got) == count
        return self.got


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.check(body)
            params = self.params(body)
            report = ParamValidator().validate(params, self.server.operation.input_shape)
            assert not report.has_errors(), report.generate_report()
            unknown = set(params) - set(self.server.operation.input_shape.members)
            assert not unknown, unknown
        except Exception as e:  # reported in the test's own thread
            self.server.wrong.append(f"{type(e).__name__}: {e}\n{body!r}")
            return self.answer(400, b"{}")
        if self.server.refusal:
            refusal, self.server.refusal = self.server.refusal, b""
            return self.answer(500, refusal)
        self.server.got.append(params)
        self.answer(200, b"{}")

    def answer(self, status: int, body: bytes):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def check(self, body: bytes):
        """Path, method, headers of the protocol, and the signature as botocore makes it."""
        op = self.server.operation
        assert self.path == op.http["requestUri"] and op.http["method"] == "POST", self.path
        if self.server.protocol == "json":
            assert self.headers["X-Amz-Target"] == self.server.target
            assert self.headers["Content-Type"] == "application/x-amz-json-" + self.server.json_version
        sent = self.headers["Authorization"]
        region = re.search(rf"Credential={KEY}/\d+/([^/]+)/{self.server.signing_name}/aws4_request", sent).group(1)
        signed = re.search(r"SignedHeaders=([^,]+)", sent).group(1).split(";")
        request = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", data=body)
        for name in signed:
            request.headers[name] = self.headers[name]
        auth = botocore.auth.SigV4Auth(Credentials(KEY, SECRET), self.server.signing_name, region)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        canonical = auth.canonical_request(request)
        signature = auth.signature(auth.string_to_sign(request, canonical), request)
        assert sent.endswith("Signature=" + signature), (sent, canonical)
        self.server.region = region

    def params(self, body: bytes) -> dict:
        if self.server.protocol != "query":
            return json.loads(body)
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        assert form.pop("Action") == self.server.operation.name and form.pop("Version") == self.server.api_version
        out, attributes = {}, {}
        for name, value in form.items():
            entry = re.fullmatch(r"MessageAttributes\.entry\.(\d+)\.(Name|Value\.(?:DataType|StringValue))", name)
            if entry:
                attributes.setdefault(entry.group(1), {})[entry.group(2)] = value
            else:
                out[name] = value
        out["MessageAttributes"] = {
            a.pop("Name"): {k.removeprefix("Value."): v for k, v in a.items()} for a in attributes.values()
        }
        return out


def sign_up_pool(s: Server, attribute: str, **settings) -> tuple:
    idp = s.client()
    pool = idp.create_user_pool(PoolName="mail", AutoVerifiedAttributes=[attribute], **settings)["UserPool"]["Id"]
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]["ClientId"]
    return idp, pool, client


def sign_up(idp, client: str, name: str, attribute: str, value: str):
    idp.sign_up(ClientId=client, Username=name, Password="Passw0rd!", UserAttributes=[{"Name": attribute, "Value": value}])


def test_ses():
    fake = Fake("sesv2", "SendEmail", b'{"message":"later"}')
    s = Server("--ephemeral", "--email-via", "ses", "--ses-from", "Cognate <no-reply@cognate.example>", "--ses-endpoint", fake.url, env=AWS)
    try:
        idp, _, client = sign_up_pool(s, "email")
        sign_up(idp, client, "ana", "email", "ana@example.com")
        mail = fake.wait(1)[0]
        assert mail["FromEmailAddress"] == '"Cognate" <no-reply@cognate.example>' and fake.region == REGION
        assert mail["Destination"] == {"ToAddresses": ["ana@example.com"]}
        code = re.search(r"\d{6}", mail["Content"]["Simple"]["Body"]["Text"]["Data"]).group()
        idp.confirm_sign_up(ClientId=client, Username="ana", ConfirmationCode=code)
        identity = "arn:aws:ses:eu-west-1:000000000000:identity/pool.example"
        idp, _, client = sign_up_pool(s, "email", EmailConfiguration={
            "EmailSendingAccount": "DEVELOPER", "SourceArn": identity, "From": "Pool <a@pool.example>",
            "ReplyToEmailAddress": "help@pool.example", "ConfigurationSet": "set-1",
        })
        sign_up(idp, client, "bob", "email", "bob@example.com")
        mail = fake.wait(2)[1]
        assert fake.region == "eu-west-1" and mail["FromEmailAddressIdentityArn"] == identity
        assert mail["FromEmailAddress"] == '"Pool" <a@pool.example>' and mail["ReplyToAddresses"] == ["<help@pool.example>"]
        assert mail["ConfigurationSetName"] == "set-1"
    finally:
        s.stop()
        fake.shutdown()


@pytest.mark.parametrize("via,service,operation,endpoint", [
    ("sns", "sns", "Publish", "AWS_ENDPOINT_URL_SNS"),
    ("end-user-messaging", "pinpoint-sms-voice-v2", "SendTextMessage", "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"),
])
def test_sms(via, service, operation, endpoint):
    fake = Fake(service, operation, b"<ErrorResponse><Error><Code>InternalError</Code></Error></ErrorResponse>")
    s = Server("--ephemeral", "--sms-via", via, "--sms-origination", "+15559990000", env=AWS | {endpoint: fake.url})
    try:
        role = "arn:aws:iam::000000000000:role/sms"
        idp, _, client = sign_up_pool(s, "phone_number", SmsConfiguration={"SnsCallerArn": role, "SnsRegion": "eu-west-1"})
        sign_up(idp, client, "ana", "phone_number", "+15550001111")
        sms = fake.wait(1)[0]
        assert fake.region == "eu-west-1"
        assert sms.get("PhoneNumber", sms.get("DestinationPhoneNumber")) == "+15550001111"
        code = re.search(r"\d{6}", sms.get("Message", sms.get("MessageBody"))).group()
        idp.confirm_sign_up(ClientId=client, Username="ana", ConfirmationCode=code)
    finally:
        s.stop()
        fake.shutdown()


def test_kms(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text("keys:\n- {id: codes, aliases: [alias/codes]}\n- {id: other}\n")
    s = Server("--ephemeral", "--seed", str(seed))
    try:
        kms = boto3.client("kms", endpoint_url=s.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b",
                           config=Config(retries={"total_max_attempts": 1}))
        arn = f"arn:aws:kms:{REGION}:000000000000:key/codes"
        assert kms.describe_key(KeyId="alias/codes")["KeyMetadata"]["Arn"] == arn
        made = kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext={"a": "1"})
        opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "1"})
        assert opened["Plaintext"] == made["Plaintext"] and opened["KeyId"] == arn
        for error, call in {
            "InvalidCiphertextException": lambda: kms.decrypt(CiphertextBlob=made["CiphertextBlob"]),
            "IncorrectKeyException": lambda: kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "1"}, KeyId="other"),
            "NotFoundException": lambda: kms.encrypt(KeyId="nobody", Plaintext=b"x"),
            "ValidationException": lambda: kms.generate_data_key(KeyId=arn),
        }.items():
            with pytest.raises(ClientError) as e:
                call()
            assert e.value.response["Error"]["Code"] == error
            assert isinstance(e.value, getattr(kms.exceptions, error, ClientError))
    finally:
        s.stop()


def test_confirmation_link():
    s = Server("--ephemeral")
    try:
        idp, pool, client = sign_up_pool(s, "email", VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK", "EmailMessageByLink": "Hello, {##confirm & go##}!", "EmailSubjectByLink": "Confirm",
        })
        sign_up(idp, client, "a&b+c", "email", "ana@example.com")
        query = urllib.parse.urlencode({"format": "json", "to": "ana@example.com", "userPoolId": pool})
        with urllib.request.urlopen(f"{s.url}/_cognate/inbox?{query}") as r:
            text = json.load(r)["messages"][0]["body"]
        link = re.search(r"\((http[^)]+)\)", text).group(1)
        assert link.startswith(f"{s.url.replace('127.0.0.1', 'localhost')}/{pool}/confirmUser/?client_id={client}&")
        request = urllib.request.Request(link.replace("localhost", "127.0.0.1"), headers={"Sec-Purpose": "prefetch"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
        with urllib.request.urlopen(link.replace("localhost", "127.0.0.1")) as r:
            assert "Your account is confirmed" in r.read().decode()
            assert r.headers["Content-Security-Policy"].startswith("default-src 'none'")
        user = idp.admin_get_user(UserPoolId=pool, Username="a&b+c")
        assert user["UserStatus"] == "CONFIRMED"
        assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
        with urllib.request.urlopen(link.replace("localhost", "127.0.0.1")) as r:  # mail scanners open links, too
            assert "Your account is confirmed" in r.read().decode()
        with pytest.raises(urllib.error.HTTPError) as wrong:
            urllib.request.urlopen(link.replace("localhost", "127.0.0.1")[:-1] + "x")
        assert wrong.value.code == 400 and "This link is not valid" in wrong.value.read().decode()
    finally:
        s.stop()

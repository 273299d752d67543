"""SDKs send again by themselves what the server could not do in time or turned away."""

import http.server
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

from server import REGION, Server


def patient(url, service="cognito-idp", mode="legacy"):
    """A client as programs make it, with the retries of that mode."""
    return boto3.client(service, region_name=REGION, endpoint_url=url, aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
                        aws_secret_access_key="secret", config=Config(retries={"mode": mode}))


def test_locked_database_is_retried(tmp_path):
    """Another process holds the file for longer than one request waits: the SDK comes again and the caller sees nothing."""
    s = Server("--data", str(tmp_path / "data"))
    try:
        idp = patient(s.url)
        other = sqlite3.connect(tmp_path / "data" / "cognate.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        answers = []
        idp.meta.events.register("response-received.cognito-idp.CreateUserPool",
                                 lambda response_dict, **_: answers.append(response_dict["status_code"]))
        threading.Timer(7.5, lambda: other.execute("ROLLBACK")).start()
        began = time.monotonic()
        made = idp.create_user_pool(PoolName="patient")
        assert made["UserPool"]["Id"]
        assert answers[0] == 503 and answers[-1] == 200
        assert time.monotonic() - began < 20
    finally:
        s.stop()


def test_deleted_data_folder_is_refused(tmp_path):
    """Nothing is acknowledged into a file without a name."""
    s = Server("--data", str(tmp_path / "data"))
    try:
        for name in os.listdir(tmp_path / "data"):
            if name.startswith("cognate.db"):
                os.remove(tmp_path / "data" / name)
        idp = s.client()
        with pytest.raises(idp.exceptions.ClientError) as refused:
            idp.create_user_pool(PoolName="lost")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"
        time.sleep(1.2)
        with pytest.raises(urllib.error.HTTPError) as ready:
            urllib.request.urlopen(s.url + "/_cognate/ready")
        assert ready.value.code == 503
    finally:
        s.stop()


UNAVAILABLE = b'{"__type":"ServiceUnavailableException","message":"The service is temporarily unavailable"}'
BUSY = b'{"__type":"TooManyRequestsException","message":"Too many requests"}'
QUERY = (b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>ServiceUnavailable</Code>'
         b"<Message>The service is temporarily unavailable</Message></Error><RequestId>r</RequestId></ErrorResponse>")


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize("service, call, body, kind", [
    ("cognito-idp", lambda c: c.list_user_pools(MaxResults=1), UNAVAILABLE, "application/x-amz-json-1.1"),
    ("cognito-idp", lambda c: c.list_user_pools(MaxResults=1), BUSY, "application/x-amz-json-1.1"),
    ("sts", lambda c: c.get_caller_identity(), QUERY, "text/xml"),
])
def test_botocore_retries(server, service, call, body, kind, mode):
    """What the server answers with 503, in the forms that the room tests hold it to, is sent again in every retry mode."""
    tries = []

    class Front(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            tries.append(1)
            if len(tries) == 1:
                status, answer, as_kind = 503, body, kind
            else:
                request = urllib.request.Request(server.url, data=sent, headers=dict(self.headers))
                with urllib.request.urlopen(request) as r:
                    status, answer, as_kind = r.status, r.read(), r.headers["Content-Type"]
            self.send_response(status)
            self.send_header("Content-Type", as_kind)
            self.send_header("Content-Length", str(len(answer)))
            if status == 503:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        call(patient(f"http://127.0.0.1:{front.server_port}", service, mode))
        assert len(tries) == 2
    finally:
        front.shutdown()

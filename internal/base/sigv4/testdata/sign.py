"""Signs the requests given as JSON lines on stdin with botocore and answers the
headers as JSON lines. Part of the tests of package sigv4."""
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    job = json.loads(line)
    stamp = datetime.datetime.fromtimestamp(job["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: stamp.replace(tzinfo=None)
    cls = botocore.auth.S3SigV4Auth if job["s3"] else botocore.auth.SigV4Auth
    request = AWSRequest(
        method=job["method"], url=job["url"], headers=job["headers"], data=job["body"].encode())
    cls(Credentials(job["key"], job["secret"], job["token"] or None), job["service"], job["region"]).add_auth(request)
    json.dump(dict(request.headers.items()), sys.stdout)
    print(flush=True)

"""Holds this suite's own SRP client to published numbers before it judges a server."""

import base64
import hashlib

import srp

POOL, USER, WORD = "us-east-1_AbCdEf123", "2c5d5d5e-1111-4222-8333-444455556666", "Password1!"
STAMP = "Wed Jan 7 03:04:05 UTC 2026"
BLOCK = base64.b64encode(b"\x5a" * 64).decode()


def test_vector():
    a, b = int.from_bytes(b"\xa1" * 128, "big"), int.from_bytes(b"\xb2" * 128, "big")
    salt = int.from_bytes(b"\xc3" * 16, "big")
    assert f"{srp.K:x}" == "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
    x = srp.private("AbCdEf123", USER, WORD, salt)
    assert f"{x:x}" == "3366dcc3d7bba554d63e67c9086f332e5c8845294827eac0d58666ef6df0c63"
    v = pow(srp.G, x, srp.N)
    assert hashlib.sha256(srp.pad(v)).hexdigest() == "fe5cabf6ddce57b7065e4c4ab47db2cbc0c07e5e279a57fe6718fa59e1a542f7"
    client = srp.Client(POOL, WORD, a)
    assert hashlib.sha256(srp.pad(client.A)).hexdigest() == "4f28fcc7e14712fc7eab743cbd192e458799241dda4ac02676feb909b6429e47"
    big_b = (srp.K * v + pow(srp.G, b, srp.N)) % srp.N
    assert hashlib.sha256(srp.pad(big_b)).hexdigest() == "cb35f1bdbd6de606e750561368efef1356d2a52646b73a3bc89c8d70f8dc6781"
    assert client.key(USER, salt, big_b).hex() == "17fa306bbf9183919145ce0fd03e72b7"
    answer = client.answer({"USER_ID_FOR_SRP": USER, "SALT": f"{salt:x}", "SRP_B": f"{big_b:x}", "SECRET_BLOCK": BLOCK}, STAMP)
    assert answer["PASSWORD_CLAIM_SIGNATURE"] == "BPvrxaqEP8p4WlJrtFJEIZijhvvgcKG/F5WXgfaew14="


def test_pad():
    assert srp.pad(0x7F) == b"\x7f" and srp.pad(0x80) == b"\x00\x80" and srp.pad(0x100) == b"\x01\x00"
    assert len(srp.pad(srp.N)) == 385

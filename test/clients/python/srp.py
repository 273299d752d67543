"""A client of Cognito's SRP-6a that shares no code with the server, after the description of the protocol: 3072-bit
group of RFC 5054, SHA-256, integers as minimal big-endian bytes with a sign byte, and a 16-byte key by HKDF."""

import base64
import datetime
import hashlib
import hmac
import secrets

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
G = 2


def pad(i: int) -> bytes:
    """Two's-complement big-endian bytes of a non-negative integer, as short as possible."""
    return i.to_bytes(i.bit_length() // 8 + 1, "big")


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


K = int.from_bytes(sha(pad(N), pad(G)), "big")


def private(pool_name: str, user: str, password: str, salt: int) -> int:
    """x, the exponent made of salt, pool, user and password."""
    return int.from_bytes(sha(pad(salt), sha(pool_name.encode(), user.encode(), b":", password.encode())), "big")


def device_verifier(group: str, device: str, password: str, salt: bytes) -> dict:
    """The DeviceSecretVerifierConfig of a device: group and key stand for pool and user."""
    number = int.from_bytes(salt, "big")
    verifier = pow(G, private(group, device, password, number), N)
    return {"Salt": base64.b64encode(pad(number)).decode(), "PasswordVerifier": base64.b64encode(pad(verifier)).decode()}


def derive(u: int, s: int) -> bytes:
    prk = hmac.new(pad(u), pad(s), hashlib.sha256).digest()
    return hmac.new(prk, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]


def timestamp(at: datetime.datetime | None = None) -> str:
    """English names and a day of the month without leading zero, whatever the locale."""
    at = at or datetime.datetime.now(datetime.timezone.utc)
    day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][at.weekday()]
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][at.month - 1]
    return f"{day} {month} {at.day} {at:%H:%M:%S} UTC {at.year}"


class Client:
    """One run of the protocol: make it, send `A`, then answer the PASSWORD_VERIFIER parameters."""

    def __init__(self, pool_id: str, password: str, a: int | None = None):
        self.pool_name = pool_id.split("_", 1)[1]
        self.password = password
        self.a = a or secrets.randbits(1024)
        self.A = pow(G, self.a, N)

    def key(self, user: str, salt: int, b_public: int) -> bytes:
        if b_public % N == 0:
            raise ValueError("B is a multiple of N")
        u = int.from_bytes(sha(pad(self.A), pad(b_public)), "big")
        x = private(self.pool_name, user, self.password, salt)
        s = pow((b_public - K * pow(G, x, N)) % N, self.a + u * x, N)
        return derive(u, s)

    def answer(self, parameters: dict, at: str | None = None) -> dict:
        """The ChallengeResponses for the ChallengeParameters of PASSWORD_VERIFIER."""
        user, at = parameters["USER_ID_FOR_SRP"], at or timestamp()
        key = self.key(user, int(parameters["SALT"], 16), int(parameters["SRP_B"], 16))
        block = parameters["SECRET_BLOCK"]
        message = self.pool_name.encode() + user.encode() + base64.b64decode(block, validate=True) + at.encode()
        signature = hmac.new(key, message, hashlib.sha256).digest()
        return {
            "USERNAME": user, "PASSWORD_CLAIM_SECRET_BLOCK": block, "TIMESTAMP": at,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
        }

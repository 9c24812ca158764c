"""JSON Web Tokens as somebody else would make them: by Python's standard library."""

import base64
import hashlib
import hmac
import json
import time


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(secret, claims, algorithm="HS512"):
    """A token with these claims; for `none` the signature is empty."""
    head = _encode(json.dumps({"alg": algorithm}).encode()) + "." + _encode(json.dumps(claims).encode())
    if algorithm == "none":
        return head + "."
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return head + "." + _encode(hmac.new(secret.encode(), head.encode(), digest).digest())


def token_for(secret, subject, lifetime=3600, **more):
    return sign(secret, {"sub": subject, "exp": int(time.time()) + lifetime, **more})


def parts_of(token):
    """Header and claims, unverified."""
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]

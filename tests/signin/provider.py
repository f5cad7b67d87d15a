"""A small identity provider: it knows one person, and answers as a test tells it to."""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "twofold", "a secret of thirty-two characters"


KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Provider:
    """Authorization code flow with PKCE. `claims` are told besides what a token needs; None leaves a claim out."""

    def __init__(self) -> None:
        self.key = KEY
        self.kid, self.algorithm = "one", "RS256"
        self.claims: dict[str, Any] = {"sub": "248289761001", "preferred_username": "alice"}
        self.answer: tuple[int, str] | None = None  # of the token endpoint, instead of a token
        self.asked: dict[str, dict[str, str]] = {}  # what each code was given out for
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, once the person has signed in."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.asked[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str]) -> tuple[int, str]:
        """The answer to a code, which is good once, for who asked for it."""
        asked = self.asked.pop(sent["code"], None)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if (
            asked is None
            or (sent["client_id"], sent["client_secret"]) != (CLIENT_ID, CLIENT_SECRET)
            or sent["redirect_uri"] != asked["redirect_uri"]
            or base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]
        ):
            return 400, json.dumps({"error": "invalid_grant"})
        token = self.sign({"nonce": asked["nonce"]})
        return self.answer or (200, json.dumps({"access_token": "x", "token_type": "Bearer", "id_token": token}))

    def sign(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300} | claims | self.claims
        told = {name: value for name, value in told.items() if value is not None}
        key: Any = {"RS256": self.key, "HS256": CLIENT_SECRET, "none": None}[self.algorithm]
        return jwt.encode(told, key, algorithm=self.algorithm, headers={"kid": self.kid})

    def keys(self) -> tuple[int, str]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return 200, json.dumps({"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]})


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(_flat(url.query)))
            self.end_headers()
        else:
            self._send(*self.provider.keys())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(*self.provider.token(_flat(body)))

    def _send(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: Any) -> None:
        """Nothing."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}

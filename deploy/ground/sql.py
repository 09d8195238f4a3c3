"""Asks Postgres a question: the few parts of its wire protocol that set-up needs.

`psql` is not in every build of Postgres we may find ourselves with, and a driver is not in the
standard library. Sources: PostgreSQL documentation, chapter "Frontend/Backend Protocol" (version
3.0), RFC 5802 and RFC 7677 (SCRAM-SHA-256).

**Invariant:** the server's own SCRAM signature is checked, so an answer comes from a server that
knows our password, and not from whoever else listens on the port.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import struct


class SqlError(Exception):
    """The server answered with an error; `code` is its SQLSTATE."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Connection:
    """One session over loopback TCP. Raises `OSError` when nobody (or nobody sane) answers."""

    def __init__(self, port: int, user: str, password: str, database: str, timeout_s: float = 30):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        try:
            settings = f"user\0{user}\0database\0{database}\0\0".encode()
            self._socket.sendall(struct.pack("!II", len(settings) + 8, 196608) + settings)
            self._authenticate(password)
            while self._receive()[0] != b"Z":
                pass
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def ask(self, statement: str) -> list[list[str | None]]:
        """Runs one statement and returns its rows as text."""
        self._send(b"Q", statement.encode() + b"\0")
        rows, refusal = [], None
        while True:
            try:
                kind, body = self._receive()
            except SqlError as error:
                refusal = error
                continue
            if kind == b"D":
                rows.append(_columns(body))
            elif kind == b"Z":
                if refusal is not None:
                    raise refusal
                return rows

    def _authenticate(self, password: str) -> None:
        if self._expect_authentication()[0] != 10:
            raise OSError("the server does not ask for SCRAM")
        nonce = secrets.token_urlsafe(18)
        bare = f"n=,r={nonce}"
        first = b"n,," + bare.encode()
        self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)
        step, challenge = self._expect_authentication()
        terms = dict(part.split("=", 1) for part in challenge.decode().split(","))
        if step != 11 or not terms["r"].startswith(nonce):
            raise OSError("the server's SCRAM challenge is not an answer to ours")
        salted = hashlib.pbkdf2_hmac(
            "sha256", password.encode(), base64.b64decode(terms["s"]), int(terms["i"])
        )
        client = _mac(salted, b"Client Key")
        unproven = f"c=biws,r={terms['r']}"
        signed = f"{bare},{challenge.decode()},{unproven}".encode()
        stamp = _mac(hashlib.sha256(client).digest(), signed)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, stamp))).decode()
        self._send(b"p", f"{unproven},p={proof}".encode())
        step, verdict = self._expect_authentication()
        expected = base64.b64encode(_mac(_mac(salted, b"Server Key"), signed))
        if step != 12 or verdict != b"v=" + expected:
            raise OSError("the server does not know the password")
        if self._expect_authentication()[0] != 0:
            raise OSError("the server did not finish the login")

    def _expect_authentication(self) -> tuple[int, bytes]:
        kind, body = self._receive()
        if kind != b"R":
            raise OSError("not a Postgres server")
        return struct.unpack("!I", body[:4])[0], body[4:]

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(5)
        length = struct.unpack("!I", head[1:])[0]
        if not 4 <= length < 1 << 24:
            raise OSError("not a Postgres server")
        body = self._exactly(length - 4)
        if head[:1] == b"E":
            fields = {
                part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part
            }
            raise SqlError(fields.get(b"C", ""), fields.get(b"M", "unknown error"))
        return head[:1], body

    def _exactly(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            part = self._socket.recv(length - len(received))
            if not part:
                raise ConnectionResetError("the server hung up")
            received += part
        return received


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _columns(body: bytes) -> list[str | None]:
    count, offset, columns = struct.unpack("!H", body[:2])[0], 2, []
    for _ in range(count):
        length = struct.unpack("!i", body[offset : offset + 4])[0]
        offset += 4
        columns.append(None if length < 0 else body[offset : offset + length].decode())
        offset += max(length, 0)
    return columns

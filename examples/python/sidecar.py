"""The way to a sidecar: in cleartext on this machine, with TLS beyond it, and with what shows who calls."""

import collections

import grpc

CHANNEL_OPTIONS = [
    # gRPC's own pauses grow to two minutes unless bounded, far beyond the bound on silence.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.min_reconnect_backoff_ms", 2000),  # the longest that an attempt may take, whatever its name says
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 2000),
]


def dial(address, token_file="", ca_file="", cert_file="", key_file=""):
    """A channel to https://host:port, or in cleartext to unix:/path, /path or host:port on loopback.

    token_file: holds a token, and is read for every call.
    ca_file: the authorities that the sidecar's certificate may be of; gRPC's own roots unless given.
    cert_file, key_file: the client certificate, read once: start again with a new one before it expires.
    """
    if address.startswith("https://"):
        credentials = grpc.ssl_channel_credentials(*[read(file) if file else None for file in (ca_file, key_file, cert_file)])
        channel = grpc.secure_channel(address.removeprefix("https://"), credentials, CHANNEL_OPTIONS)
    else:
        address = "unix:" + address if address.startswith("/") else address
        channel = grpc.insecure_channel(address, [*CHANNEL_OPTIONS, ("grpc.default_authority", "localhost")])
    return grpc.intercept_channel(channel, Bearer(token_file)) if token_file else channel


def read(file):
    with open(file, "rb") as opened:
        return opened.read()


class Details(collections.namedtuple("Details", "method timeout metadata credentials wait_for_ready compression"), grpc.ClientCallDetails):
    """A call, as an interceptor passes it on."""


class Bearer(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends the token with every call."""

    def __init__(self, token_file):
        self._token_file = token_file

    def intercept_unary_unary(self, continuation, client_call_details, request):
        return continuation(self._signed(client_call_details), request)

    intercept_unary_stream = intercept_unary_unary

    def _signed(self, call):
        metadata = [*(call.metadata or ()), ("authorization", "Bearer " + read(self._token_file).decode().strip())]
        return Details(call.method, call.timeout, metadata, call.credentials, call.wait_for_ready, call.compression)

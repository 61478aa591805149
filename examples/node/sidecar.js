'use strict';

const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');

/**
 * The way to a sidecar, as the arguments of a stub: in cleartext on this machine, with TLS beyond it, and with what shows who calls.
 * @param address https://host:port, or for cleartext unix:/path, /path or host:port on loopback
 * @param credentials files, all of them optional: token (read for every call), ca (the authorities that the sidecar's certificate may
 *   be of), cert and key (the client certificate, read once: start again with a new one before it expires)
 */
function way(address, { token, ca, cert, key } = {}) {
  const read = (file) => (file ? readFileSync(file) : null);
  const isTls = address.startsWith('https://');
  const sendToken = (options, next) => new grpc.InterceptingCall(next(options), {
    start(metadata, listener, proceed) {
      metadata.set('authorization', `Bearer ${readFileSync(token, 'utf8').trim()}`);
      proceed(metadata, listener);
    },
  });
  return [
    isTls ? address.slice('https://'.length) : address.startsWith('/') ? `unix:${address}` : address,
    isTls ? grpc.credentials.createSsl(read(ca), read(key), read(cert)) : grpc.credentials.createInsecure(),
    {
      // gRPC's own pauses grow to two minutes unless bounded, far beyond the bound on silence.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.keepalive_time_ms': 2000,
      'grpc.keepalive_timeout_ms': 2000,
      interceptors: token ? [sendToken] : [],
    },
  ];
}

module.exports = { way };

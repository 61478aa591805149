// gRPC-Web over fetch: one request, and one answer or a stream of them.
import { decode, encode } from './codec.js';
import { methods } from './contract.js';
import { CallError } from './errors.js';

const patience = 30_000;

/** Calls a unary method; throws a CallError. */
export async function unary(method, request, { token, signal } = {}) {
  const bound = AbortSignal.any([AbortSignal.timeout(patience), ...(signal ? [signal] : [])]);
  for await (const answer of messagesOf(method, request, token, bound, { 'grpc-timeout': `${patience}m` })) return answer;
  throw new CallError('UNKNOWN', 'The sidecar answered without a message.');
}

/** Calls a method that streams its answers; throws a CallError when the stream breaks. */
export function stream(method, request, { token, signal }) {
  return messagesOf(method, request, token, signal, {});
}

async function* messagesOf(method, request, token, signal, headers) {
  const [service, requestType, responseType] = methods[method];
  try {
    const response = await fetch(`api/border0.pdsidecar.v1.${service}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', authorization: `Bearer ${token}`, ...headers },
      body: frame(encode(requestType, request)),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal,
    });
    if (!response.ok) throw new CallError('UNAVAILABLE', (await response.text()).trim() || `The sidecar answered with HTTP ${response.status}.`);
    if (response.headers.has('grpc-status')) fail(response.headers);
    let status = null;
    for await (const [isTrailer, bytes] of framesOf(response.body)) {
      if (isTrailer) status = trailersOf(bytes);
      else yield decode(responseType, bytes);
    }

    if (!status) throw new CallError('UNAVAILABLE', 'The connection to the sidecar was lost.');
    fail(status);
  } catch (e) {
    if (e instanceof CallError) throw e;
    if (e.name === 'TimeoutError') throw new CallError('DEADLINE_EXCEEDED', 'The sidecar did not answer in time.');
    if (e.name === 'AbortError') throw new CallError('CANCELLED', 'The call was given up.');
    throw new CallError('UNAVAILABLE', e instanceof TypeError ? 'The sidecar cannot be reached.' : `The sidecar's answer cannot be read: ${e.message}.`);
  }
}

function fail(trailers) {
  const error = CallError.of(trailers);
  if (error) throw error;
}

function frame(message) {
  const framed = new Uint8Array(message.length + 5);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, 5);
  return framed;
}

async function* framesOf(body) {
  const reader = body.getReader();
  let kept = new Uint8Array();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const all = new Uint8Array(kept.length + value.length);
      all.set(kept);
      all.set(value, kept.length);
      let at = 0;
      while (all.length - at >= 5) {
        const length = new DataView(all.buffer).getUint32(at + 1);
        if (all.length - at - 5 < length) break;
        yield [(all[at] & 128) !== 0, all.subarray(at + 5, at + 5 + length)];
        at += 5 + length;
      }

      kept = all.slice(at);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function trailersOf(bytes) {
  return new Map(new TextDecoder().decode(bytes).split('\r\n').filter(Boolean).map(line => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
}

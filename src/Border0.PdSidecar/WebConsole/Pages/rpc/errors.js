// What a call may end with: google.rpc.Status with its ErrorInfo and the fields that it says are bad.
import { Reader } from './wire.js';

const codes = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
];

/** A call without an answer. */
export class CallError extends Error {
  constructor(code, message, { reason = '', violations = [] } = {}) {
    super(message || code);
    /** The name of the status: "INVALID_ARGUMENT". */
    this.code = code;
    /** The stable word: "ETAG_MISMATCH". */
    this.reason = reason;
    /** Every bad field: { field, description }. */
    this.violations = violations;
  }

  /** Of the trailers of a call; null when it went well. */
  static of(trailers) {
    const status = Number(trailers.get('grpc-status') ?? 2);
    if (status === 0) return null;
    const details = trailers.has('grpc-status-details-bin') ? readDetails(trailers.get('grpc-status-details-bin')) : {};
    return new CallError(codes[status] ?? 'UNKNOWN', unpercent(trailers.get('grpc-message') ?? ''), details);
  }
}

function unpercent(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readDetails(base64) {
  const found = { reason: '', violations: [] };
  try {
    const bytes = Uint8Array.from(atob(base64.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
    for (const [field, any] of fields(bytes)) {
      if (field !== 3) continue;
      const parts = new Map(fields(any));
      const type = new TextDecoder().decode(parts.get(1) ?? new Uint8Array());
      const value = parts.get(2) ?? new Uint8Array();
      if (type.endsWith('google.rpc.ErrorInfo')) found.reason = textOf(value, 1);
      else if (type.endsWith('google.rpc.BadRequest')) {
        found.violations = fields(value).map(([, violation]) => ({ field: textOf(violation, 1), description: textOf(violation, 2) }));
      }
    }
  } catch {
    // The status and its message are enough.
  }

  return found;
}

function fields(bytes) {
  const read = [];
  for (const reader = new Reader(bytes); reader.more();) {
    const [number, wire] = reader.tag();
    if (wire === 2) read.push([number, reader.chunk()]);
    else reader.skip(wire);
  }

  return read;
}

const textOf = (bytes, number) => new TextDecoder().decode(new Map(fields(bytes)).get(number) ?? new Uint8Array());

// The wire format of protobuf: what is written and read of it here.
const utf8 = new TextEncoder();
const text = new TextDecoder();

export class Writer {
  #bytes = [];

  done() {
    return Uint8Array.from(this.#bytes);
  }

  number(field, value) {
    this.#tag(field, 0);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
  }

  text(field, value) {
    this.bytes(field, utf8.encode(value));
  }

  bytes(field, value) {
    this.#tag(field, 2);
    this.#varint(BigInt(value.length));
    for (const b of value) this.#bytes.push(b);
  }

  double(field, value) {
    this.#tag(field, 1);
    const eight = new DataView(new ArrayBuffer(8));
    eight.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.#bytes.push(eight.getUint8(i));
  }

  #tag(field, wire) {
    this.#varint(BigInt(field * 8 + wire));
  }

  #varint(value) {
    while (value > 127n) {
      this.#bytes.push(Number(value & 127n) | 128);
      value >>= 7n;
    }

    this.#bytes.push(Number(value));
  }
}

export class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  more() {
    return this.#at < this.#bytes.length;
  }

  tag() {
    const tag = this.number();
    return [Math.floor(tag / 8), tag % 8];
  }

  number() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const b = this.#take(1)[0];
      value |= BigInt(b & 127) << shift;
      if (b < 128) return Number(BigInt.asIntN(64, value));
    }

    throw new Error('a number has no end');
  }

  chunk() {
    return this.#take(this.number());
  }

  text() {
    return text.decode(this.chunk());
  }

  double() {
    const eight = this.#take(8);
    return new DataView(eight.buffer, eight.byteOffset, 8).getFloat64(0, true);
  }

  skip(wire) {
    if (wire === 0) this.number();
    else if (wire === 1) this.#take(8);
    else if (wire === 2) this.chunk();
    else if (wire === 5) this.#take(4);
    else throw new Error('a field of a kind that is not known');
  }

  #take(length) {
    if (!(length >= 0) || this.#at + length > this.#bytes.length) throw new Error('the message ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

'use strict';

const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const { loadSync } = require('@grpc/proto-loader');
const { way } = require('./sidecar');

const { EvaluationService } = grpc.loadPackageDefinition(loadSync('border0/pdsidecar/v1/evaluation_service.proto', {
  includeDirs: [path.join(__dirname, '../../protos')], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).border0.pdsidecar.v1;

const FIRST_PAUSE = 100;

/** Asks for every connection, watches those that were let in, and ends them when a revocation could not arrive. One per process. */
class Connector {
  /**
   * @param address https://host:port, or unix:/path, /path or host:port for cleartext on this machine
   * @param connectorId one id belongs to one running process
   * @param silence milliseconds without any message after which every session is ended; at least three heartbeats of a second
   * @param log called with what happens besides decisions and ends, a line each
   * @param credentials files that show who calls, as way has them
   */
  constructor(address, connectorId, silence, log, credentials) {
    Object.assign(this, { connectorId, silence, log });
    this.stub = new EvaluationService(...way(address, credentials));
    this.sessions = new Map(); // session key -> session
    this.asked = new Map();    // session key -> the revocation that overtook its allow, or null
    this.reports = new Set();  // ends that the sidecar has not heard of yet
    this.token = '';           // where the watch resumes
    this.lineage = 0;          // counts subscriptions without a token: what was revoked before such a one is not told again
    this.ready = false;        // the present lineage has had its first message
    this.up = false;           // the stream is up
    this.heardAt = -Infinity;  // when the last message arrived
    this.clock = setInterval(() => this.check(), 100);
    this.watch();
  }

  /** What is revoked now is going to be known in time. */
  get watched() {
    return this.ready && performance.now() - this.heardAt < this.silence;
  }

  /**
   * Asks whether a connection may exist. Without a clear yes the answer is no.
   * @param request an EvaluateRequest, whose session_key is used for this connection only
   * @returns {Promise<{session, why}>} a session that is held from now on (session.ended resolves when it has to end), or null
   */
  async open(request) {
    const key = request.session_key;
    const no = (why) => ({ session: null, why });
    if (this.sessions.has(key) || this.asked.has(key)) return no('The session key is in use.');

    const openTime = { seconds: Math.floor(Date.now() / 1000) };
    const deadline = Date.now() + Math.min(5000, this.silence / 2);
    this.asked.set(key, null);
    try {
      while (!this.watched && Date.now() < deadline) await sleep(50);
      if (!this.watched) return no('The sidecar is not heard of, so a revocation could not arrive.');
      const { lineage } = this;
      const answer = await this.call('evaluate', request, { deadline });
      const sentences = answer.reasons.map((reason) => reason.message).join(' ');
      if (answer.decision !== 'DECISION_ALLOW') return no(sentences);
      if (this.asked.get(key)) return no(this.asked.get(key).reason_user);
      if (!this.watched || lineage !== this.lineage) throw new Error('the watch began anew meanwhile');

      const session = { key, actions: answer.allowed_actions, validUntil: toMilliseconds(answer.valid_until) };
      session.listed = { ...request, open_time: openTime };
      session.ended = new Promise((resolve) => { session.end = resolve; });
      this.sessions.set(key, session);
      return { session, why: sentences };
    } catch (error) {
      // It may be open over there all the same.
      this.report(key);
      return no(`No decision: ${nameOf(error)}.`);
    } finally {
      this.asked.delete(key);
    }
  }

  /** The connection is over or has to be: lets its session go and tells the sidecar. False when it is not held. */
  end(key, cause, sentence) {
    const session = this.sessions.get(key);
    if (!session) return false;
    this.sessions.delete(key);
    this.report(key);
    session.end({ cause, sentence });
    return true;
  }

  /** Ends every session, gives the sidecar up to two seconds to hear of it, and stops watching. */
  async stop() {
    [...this.sessions.keys()].forEach((key) => this.end(key, 'CLOSED', 'The connector stops.'));
    await Promise.race([Promise.all(this.reports), sleep(2000)]);
    this.stopped = true;
    clearInterval(this.clock);
    this.stream?.cancel();
    this.stub.close();
  }

  /** Subscribes again after every break, with pauses that double and jitter so that connectors do not come back all at once. */
  async watch() {
    for (this.pause = FIRST_PAUSE; !this.stopped; this.pause = Math.min(this.pause * 2, 2000, this.silence / 2)) {
      try {
        await this.subscribe();
      } catch (error) {
        // A token that the sidecar cannot even read resumes nothing.
        if ([grpc.status.INVALID_ARGUMENT, grpc.status.OUT_OF_RANGE].includes(error.code)) this.token = '';
        if (!this.stopped) this.log(`watch broken: ${nameOf(error)}`);
      }
      this.up = false;
      await sleep(this.pause * (0.5 + Math.random() / 2));
    }
  }

  async subscribe() {
    if (!this.token) {
      this.lineage++;
      this.ready = false;
    }
    const listed = [...this.sessions.values()].map((session) => session.listed);
    this.quietSince = performance.now();
    this.stream = this.stub.watchSessions({
      connector_id: this.connectorId,
      resume_token: this.token,
      active_sessions: listed,
      heartbeat_interval: { seconds: 1 },
    });
    for await (const message of this.stream) {
      if (message.event === 'resync_required') {
        this.log(`watch not resumable: ${message.resync_required.reason}`);
        this.token = '';
        return;
      }
      if (!this.up) {
        this.log('watching');
        // Their end, reported meanwhile, may have come before they were taken over.
        listed.map((session) => session.session_key).filter((key) => !this.sessions.has(key)).forEach((key) => this.report(key));
      }
      this.up = this.ready = true;
      this.heardAt = this.quietSince = performance.now();
      this.pause = FIRST_PAUSE / 2;
      this.take(message);
      this.token = message.resume_token;
    }
  }

  take({ event, session_revoked: revoked, session_expiring: expiring, session_actions_changed: changed }) {
    if (event === 'session_revoked') {
      if (this.asked.has(revoked.session_key)) this.asked.set(revoked.session_key, revoked);
      this.end(revoked.session_key, nameOfCause(revoked.cause), revoked.reason_user);
    } else if (event === 'session_expiring' && this.sessions.has(expiring.session_key)) {
      this.log(`expiring ${expiring.session_key}: ${new Date(toMilliseconds(expiring.expire_time)).toISOString()} ${expiring.reason_user}`);
    } else if (event === 'session_actions_changed' && this.sessions.has(changed.session_key)) {
      this.sessions.get(changed.session_key).actions = changed.allowed_actions;
      this.log(`changed ${changed.session_key}: ${describe(changed.allowed_actions)}`);
    }
  }

  /** Runs ten times a second: ends what nothing vouches for any more, and gives up a stream that has fallen silent. */
  check() {
    const now = performance.now();
    if (now - this.heardAt >= this.silence) {
      const sentence = 'Your access can no longer be confirmed, so the session was ended.';
      [...this.sessions.keys()].forEach((key) => this.end(key, 'SIDECAR_SILENT', sentence));
    } else if (!this.up) {
      const over = [...this.sessions.values()].filter((session) => session.validUntil && session.validUntil <= Date.now());
      over.forEach((session) => this.end(session.key, 'VALIDITY_PASSED', 'Your access ended as it was known to.'));
    }
    // The first message may take longer: taking over many sessions is work.
    if (now - this.quietSince >= (this.up ? this.silence / 2 : this.silence)) this.stream.cancel();
  }

  /** Tells the sidecar that a session is over, again and again until it has heard. */
  report(key) {
    const told = (async () => {
      while (!this.stopped) {
        try {
          return await this.call('endSession', { session_key: key }, { deadline: Date.now() + 5000 });
        } catch {
          await sleep(1000);
        }
      }
    })();
    this.reports.add(told);
    told.then(() => this.reports.delete(told));
  }

  call(method, request, options) {
    return new Promise((resolve, reject) => {
      this.stub[method]({ ...request, connector_id: this.connectorId }, options, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }
}

/** Granted actions by socket type, for people. */
const describe = (actions) => Object.entries(actions).map(([type, list]) => `${type}=${list.values.join(',')}`).sort().join(' ');
const toMilliseconds = (time) => time && time.seconds * 1000 + time.nanos / 1e6;
// A newer sidecar may know causes that are not known here: those are numbers.
const nameOfCause = (cause) => String(cause).replace('REVOCATION_CAUSE_', '');
const nameOf = (error) => (error.details ? `${grpc.status[error.code]} ${error.details}` : error.message);

module.exports = { Connector, describe };

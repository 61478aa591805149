"""The connector's side of the sidecar: asks, watches, fails closed. ./build generates the border0 package next to this file."""

import queue
import random
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import grpc
from border0.pdsidecar.v1 import decision_pb2, evaluation_service_pb2 as pb, evaluation_service_pb2_grpc, session_pb2
from sidecar import dial

FIRST_PAUSE = 0.1


class Refused(Exception):
    """The connection must not exist; the message says why."""


@dataclass
class Session:
    """A connection that was let in. `ended` is done with (cause, sentence) when it has to end; its callbacks must not block."""

    key: str
    actions: dict
    valid_until: float  # Unix time; infinity when no end is known
    listed: session_pb2.ActiveSession
    ended: Future = field(default_factory=Future)


class Connector:
    """Asks for every connection, watches those that were let in, and ends them when a revocation could not arrive. One per process.

    address: https://host:port, or unix:/path, /path or host:port for cleartext on this machine.
    connector_id: one id belongs to one running process.
    silence: seconds without any message after which every session is ended; at least three heartbeats of a second.
    log: called with what happens besides decisions and ends, a line each.
    credentials: as dial has them.
    """

    def __init__(self, address, connector_id, silence, log, **credentials):
        self.connector_id, self.silence, self.log = connector_id, silence, log
        self._stub = evaluation_service_pb2_grpc.EvaluationServiceStub(dial(address, **credentials))
        self._changed = threading.Condition()  # guards everything below
        self._sessions = {}  # session key -> Session
        self._asked = {}  # session key -> the revocation that overtook its allow, or None
        self._token = ""  # where the watch resumes
        self._lineage = 0  # counts subscriptions without a token: what was revoked before such a one is not told again
        self._ready = False  # the present lineage has had its first message
        self._up = False  # the stream is up
        self._heard_at = self._quiet_since = float("-inf")  # when the last message arrived; the same, or the stream was begun
        self._stream = None
        self._stopped = False
        self._reports = queue.Queue()  # ends that the sidecar has not heard of yet
        for run in (self._watch, self._check, self._report):
            threading.Thread(target=run, daemon=True).start()

    def open(self, request):
        """Asks whether a connection may exist. Without a clear yes it raises Refused.

        request: an EvaluateRequest, whose session_key is used for this connection only.
        """
        key, open_time = request.session_key, int(time.time())
        deadline = time.monotonic() + min(5, self.silence / 2)
        with self._changed:
            if key in self._sessions or key in self._asked:
                raise Refused("The session key is in use.")
            self._asked[key] = None
        try:
            with self._changed:
                if not self._changed.wait_for(self._watched, deadline - time.monotonic()):
                    raise Refused("The sidecar is not heard of, so a revocation could not arrive.")
                lineage = self._lineage
            request.connector_id = self.connector_id
            answer = self._stub.Evaluate(request, timeout=deadline - time.monotonic())
            if answer.decision != decision_pb2.DECISION_ALLOW:
                raise Refused(" ".join(reason.message for reason in answer.reasons))
            with self._changed:
                if self._asked[key]:
                    raise Refused(self._asked[key].reason_user)
                if not self._watched() or lineage != self._lineage:
                    self._reports.put(key)
                    raise Refused("No decision: the watch began anew meanwhile.")
                valid_until = answer.valid_until.ToMicroseconds() / 1e6 if answer.HasField("valid_until") else float("inf")
                session = Session(key, answer.allowed_actions, valid_until, as_active(request, open_time))
                self._sessions[key] = session
                return session
        except grpc.RpcError as error:
            self._reports.put(key)  # It may be open over there all the same.
            raise Refused(f"No decision: {error.code().name} {error.details()}.") from error
        finally:
            with self._changed:
                del self._asked[key]

    def end(self, key, cause, sentence):
        """The connection is over or has to be: lets its session go and tells the sidecar. False when it is not held."""
        with self._changed:
            session = self._sessions.pop(key, None)
        if session:
            self._reports.put(key)
            session.ended.set_result((cause, sentence))
        return session is not None

    def stop(self):
        """Ends every session, gives the sidecar up to two seconds to hear of it, and stops watching."""
        for key in list(self._sessions):
            self.end(key, "CLOSED", "The connector stops.")
        deadline = time.monotonic() + 2
        while self._reports.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)
        self._stopped = True
        if self._stream:
            self._stream.cancel()

    def _watched(self):
        """What is revoked now is going to be known in time."""
        return self._ready and time.monotonic() - self._heard_at < self.silence

    def _watch(self):
        """Subscribes again after every break, with pauses that double and jitter so that connectors do not come back all at once."""
        self._pause = FIRST_PAUSE
        while not self._stopped:
            try:
                self._subscribe()
            except grpc.RpcError as error:
                # A token that the sidecar cannot even read resumes nothing.
                if error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OUT_OF_RANGE):
                    self._token = ""
                if not self._stopped:
                    self.log(f"watch broken: {error.code().name} {error.details()}")
            self._up = False
            time.sleep(self._pause * random.uniform(0.5, 1))
            self._pause = min(self._pause * 2, 2, self.silence / 2)

    def _subscribe(self):
        with self._changed:
            if not self._token:
                self._lineage += 1
                self._ready = False
            request = pb.WatchSessionsRequest(
                connector_id=self.connector_id,
                resume_token=self._token,
                active_sessions=[session.listed for session in self._sessions.values()],
                heartbeat_interval={"seconds": 1},
            )
            self._quiet_since = time.monotonic()
            self._stream = self._stub.WatchSessions(request)
        for message in self._stream:
            event = message.WhichOneof("event")
            if event == "resync_required":
                self.log(f"watch not resumable: {message.resync_required.reason}")
                self._token = ""
                return
            if not self._up:
                self.log("watching")
                for listed in request.active_sessions:
                    if listed.session_key not in self._sessions:
                        self._reports.put(listed.session_key)  # Its end, reported meanwhile, may have come before it was taken over.
            with self._changed:
                self._up = self._ready = True
                self._heard_at = self._quiet_since = time.monotonic()
                self._changed.notify_all()
            self._pause = FIRST_PAUSE / 2
            self._take(event, message)
            self._token = message.resume_token

    def _take(self, event, message):
        if event == "session_revoked":
            revoked = message.session_revoked
            with self._changed:
                if revoked.session_key in self._asked:
                    self._asked[revoked.session_key] = revoked
            self.end(revoked.session_key, name_of(revoked.cause), revoked.reason_user)
        elif event == "session_expiring" and message.session_expiring.session_key in self._sessions:
            expiring = message.session_expiring
            self.log(f"expiring {expiring.session_key}: {expiring.expire_time.ToJsonString()} {expiring.reason_user}")
        elif event == "session_actions_changed" and (session := self._sessions.get(message.session_actions_changed.session_key)):
            session.actions = message.session_actions_changed.allowed_actions
            self.log(f"changed {session.key}: {describe(session.actions)}")

    def _check(self):
        """Ten times a second: ends what nothing vouches for any more, and gives up a stream that has fallen silent."""
        while not self._stopped:
            time.sleep(0.1)
            now = time.monotonic()
            with self._changed:
                silent = now - self._heard_at >= self.silence
                over = [s.key for s in self._sessions.values() if silent or (not self._up and s.valid_until <= time.time())]
                # The first message may take longer: taking over many sessions is work.
                stalled = now - self._quiet_since >= (self.silence / 2 if self._up else self.silence)
            for key in over:
                if silent:
                    self.end(key, "SIDECAR_SILENT", "Your access can no longer be confirmed, so the session was ended.")
                else:
                    self.end(key, "VALIDITY_PASSED", "Your access ended as it was known to.")
            if stalled and self._stream:
                self._stream.cancel()

    def _report(self):
        """Tells the sidecar which sessions are over, again and again until it has heard."""
        while True:
            key = self._reports.get()
            while not self._stopped:
                try:
                    self._stub.EndSession(pb.EndSessionRequest(connector_id=self.connector_id, session_key=key), timeout=5)
                    break
                except grpc.RpcError:
                    time.sleep(1)
            self._reports.task_done()


def as_active(request, open_time):
    """A session as a subscription lists it."""
    fields = ("session_key", "socket_id", "socket_type", "user_email", "groups", "service_account", "client_ip", "client_country", "socket_tags")
    return session_pb2.ActiveSession(open_time={"seconds": open_time}, **{name: getattr(request, name) for name in fields})


def name_of(cause):
    """A newer sidecar may know causes that are not known here."""
    known = session_pb2.RevocationCause.DESCRIPTOR.values_by_number.get(cause)
    return known.name.replace("REVOCATION_CAUSE_", "") if known else str(cause)


def describe(actions):
    """Granted actions by socket type, for people."""
    return " ".join(sorted(f"{kind}={','.join(granted.values)}" for kind, granted in actions.items()))

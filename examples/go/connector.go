package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	pb "github.com/borderzero/pdsidecar/gen/border0/pdsidecar/v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const firstPause = 100 * time.Millisecond

// End says why a session had to end: a word for programs, a sentence for the user.
type End struct{ Cause, Sentence string }

// Session is a connection that was let in. Ended yields one End when it has to end.
type Session struct {
	Key        string
	Ended      chan End
	actions    map[string]*pb.ActionList
	validUntil *timestamppb.Timestamp // nil when no end is known
	listed     *pb.ActiveSession
}

// Connector asks for every connection, watches those that were let in, and ends them when a revocation could not arrive.
// One per process.
type Connector struct {
	id      string
	silence time.Duration
	log     func(format string, arguments ...interface{})
	sidecar pb.EvaluationServiceClient
	reports sync.WaitGroup // ends that the sidecar has not heard of yet

	mutex      sync.Mutex
	sessions   map[string]*Session
	asked      map[string]*pb.SessionRevoked // keys being asked about, with the revocation that overtook the allow
	token      string                        // where the watch resumes
	lineage    int                           // counts subscriptions without a token: what was revoked before such a one is not told again
	ready      bool                          // the present lineage has had its first message
	up         bool                          // the stream is up
	heardAt    time.Time                     // when the last message arrived
	quietSince time.Time                     // the same, or when the stream was begun
	cancel     context.CancelFunc            // ends the stream
	pause      time.Duration                 // before the next attempt to subscribe
}

// NewConnector begins to watch. The address is https://host:port, or unix:/path, /path or host:port for cleartext on this machine; an
// id belongs to one running process; after silence (at least three heartbeats of a second) without any message every session is
// ended; log is called with what happens besides decisions and ends.
func NewConnector(address, id string, silence time.Duration, show Credentials, log func(string, ...interface{})) (*Connector, error) {
	channel, err := Dial(address, show)
	if err != nil {
		return nil, err
	}
	c := &Connector{id: id, silence: silence, log: log, sidecar: pb.NewEvaluationServiceClient(channel), pause: firstPause,
		sessions: map[string]*Session{}, asked: map[string]*pb.SessionRevoked{}, cancel: func() {}}
	go c.watch()
	go c.check()
	return c, nil
}

// Open asks whether a connection may exist. Without a clear yes there is no session, and why says so. The request's session key is
// used for this connection only.
func (c *Connector) Open(request *pb.EvaluateRequest) (session *Session, why string) {
	key, opened := request.SessionKey, timestamppb.Now()
	ctx, cancel := context.WithTimeout(context.Background(), least(5*time.Second, c.silence/2))
	defer cancel()
	if !c.ask(key) {
		return nil, "The session key is in use."
	}
	defer c.answered(key)
	lineage, ok := c.whenWatched(ctx)
	if !ok {
		return nil, "The sidecar is not heard of, so a revocation could not arrive."
	}
	request.ConnectorId = c.id
	answer, err := c.sidecar.Evaluate(ctx, request)
	if err != nil {
		c.report(key) // It may be open over there all the same.
		return nil, fmt.Sprintf("No decision: %s %s.", status.Code(err), status.Convert(err).Message())
	}
	var sentences []string
	for _, reason := range answer.Reasons {
		sentences = append(sentences, reason.Message)
	}
	why = strings.Join(sentences, " ")
	if answer.Decision != pb.Decision_DECISION_ALLOW {
		return nil, why
	}

	c.mutex.Lock()
	defer c.mutex.Unlock()
	if revoked := c.asked[key]; revoked != nil {
		return nil, revoked.ReasonUser
	}
	if !c.watched() || lineage != c.lineage {
		c.report(key)
		return nil, "No decision: the watch began anew meanwhile."
	}
	session = &Session{Key: key, Ended: make(chan End, 1), actions: answer.AllowedActions, validUntil: answer.ValidUntil}
	session.listed = &pb.ActiveSession{
		SessionKey: key, SocketId: request.SocketId, SocketType: request.SocketType, SocketTags: request.SocketTags,
		UserEmail: request.UserEmail, Groups: request.Groups, ServiceAccount: request.ServiceAccount,
		ClientIp: request.ClientIp, ClientCountry: request.ClientCountry, OpenTime: opened,
	}
	c.sessions[key] = session
	return session, why
}

// Actions returns what a session is granted now, by socket type.
func (c *Connector) Actions(session *Session) map[string]*pb.ActionList {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return session.actions
}

// End lets a session go whose connection is over or has to be, and tells the sidecar. False when it is not held.
func (c *Connector) End(key, cause, sentence string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	session, held := c.sessions[key]
	if held {
		delete(c.sessions, key)
		c.report(key)
		session.Ended <- End{cause, sentence}
	}
	return held
}

// Stop ends every session, and gives the sidecar up to two seconds to hear of it.
func (c *Connector) Stop() {
	for _, key := range c.keys(func(*Session) bool { return true }) {
		c.End(key, "CLOSED", "The connector stops.")
	}
	told := make(chan struct{})
	go func() { c.reports.Wait(); close(told) }()
	select {
	case <-told:
	case <-time.After(2 * time.Second):
	}
}

// watched: what is revoked now is going to be known in time. Called with the mutex held.
func (c *Connector) watched() bool {
	return c.ready && time.Since(c.heardAt) < c.silence
}

func (c *Connector) whenWatched(ctx context.Context) (lineage int, ok bool) {
	for {
		c.mutex.Lock()
		lineage, ok = c.lineage, c.watched()
		c.mutex.Unlock()
		if ok || ctx.Err() != nil {
			return lineage, ok
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *Connector) ask(key string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, asked := c.asked[key]
	_, held := c.sessions[key]
	if asked || held {
		return false
	}
	c.asked[key] = nil
	return true
}

func (c *Connector) answered(key string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.asked, key)
}

func (c *Connector) keys(which func(*Session) bool) (keys []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for key, session := range c.sessions {
		if which(session) {
			keys = append(keys, key)
		}
	}
	return keys
}

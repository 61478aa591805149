package main

import (
	"context"
	"io"
	"math/rand"
	"sort"
	"strings"
	"time"

	pb "github.com/borderzero/pdsidecar/gen/border0/pdsidecar/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// watch subscribes again after every break, with pauses that double and jitter so that connectors do not come back all at once.
func (c *Connector) watch() {
	for {
		err := c.subscribe()
		c.mutex.Lock()
		c.up = false
		if code := status.Code(err); code == codes.InvalidArgument || code == codes.OutOfRange {
			c.token = "" // A token that the sidecar cannot even read resumes nothing.
		}
		pause := c.pause
		c.pause = least(pause*2, 2*time.Second, c.silence/2)
		c.mutex.Unlock()
		if err != nil {
			c.log("watch broken: %s %s", status.Code(err), status.Convert(err).Message())
		}
		time.Sleep(time.Duration(float64(pause) * (0.5 + rand.Float64()/2)))
	}
}

func (c *Connector) subscribe() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	request := c.subscription(cancel)
	stream, err := c.sidecar.WatchSessions(ctx, request)
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if resync := message.GetResyncRequired(); resync != nil {
			c.log("watch not resumable: %s", resync.Reason)
			c.token = ""
			return nil
		}
		c.heard(request.ActiveSessions)
		c.take(message)
		c.token = message.ResumeToken
	}
}

// subscription is the request for the next stream, which cancel ends.
func (c *Connector) subscription(cancel context.CancelFunc) *pb.WatchSessionsRequest {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.quietSince, c.cancel = time.Now(), cancel
	if c.token == "" {
		c.lineage++
		c.ready = false
	}
	request := &pb.WatchSessionsRequest{ConnectorId: c.id, ResumeToken: c.token, HeartbeatInterval: durationpb.New(time.Second)}
	for _, session := range c.sessions {
		request.ActiveSessions = append(request.ActiveSessions, session.listed)
	}
	return request
}

func (c *Connector) heard(listed []*pb.ActiveSession) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.up {
		c.log("watching")
		for _, session := range listed {
			if c.sessions[session.SessionKey] == nil {
				c.report(session.SessionKey) // Its end, reported meanwhile, may have come before it was taken over.
			}
		}
	}
	c.up, c.ready = true, true
	c.heardAt = time.Now()
	c.quietSince = c.heardAt
	c.pause = firstPause
}

func (c *Connector) take(message *pb.WatchSessionsResponse) {
	if revoked := message.GetSessionRevoked(); revoked != nil {
		c.mutex.Lock()
		if _, asked := c.asked[revoked.SessionKey]; asked {
			c.asked[revoked.SessionKey] = revoked
		}
		c.mutex.Unlock()
		c.End(revoked.SessionKey, strings.TrimPrefix(revoked.Cause.String(), "REVOCATION_CAUSE_"), revoked.ReasonUser)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if expiring := message.GetSessionExpiring(); expiring != nil && c.sessions[expiring.SessionKey] != nil {
		c.log("expiring %s: %s %s", expiring.SessionKey, expiring.ExpireTime.AsTime().Format(time.RFC3339), expiring.ReasonUser)
	}
	if changed := message.GetSessionActionsChanged(); changed != nil && c.sessions[changed.SessionKey] != nil {
		c.sessions[changed.SessionKey].actions = changed.AllowedActions
		c.log("changed %s: %s", changed.SessionKey, describe(changed.AllowedActions))
	}
}

// check runs ten times a second: it ends what nothing vouches for any more, and gives up a stream that has fallen silent.
func (c *Connector) check() {
	for range time.Tick(100 * time.Millisecond) {
		c.mutex.Lock()
		silent, down, patience := time.Since(c.heardAt) >= c.silence, !c.up, c.silence
		if c.up {
			patience /= 2 // The first message may take longer: taking over many sessions is work.
		}
		if time.Since(c.quietSince) >= patience {
			c.cancel()
		}
		c.mutex.Unlock()
		if silent {
			for _, key := range c.keys(func(*Session) bool { return true }) {
				c.End(key, "SIDECAR_SILENT", "Your access can no longer be confirmed, so the session was ended.")
			}
		} else if down {
			passed := func(s *Session) bool { return s.validUntil != nil && !s.validUntil.AsTime().After(time.Now()) }
			for _, key := range c.keys(passed) {
				c.End(key, "VALIDITY_PASSED", "Your access ended as it was known to.")
			}
		}
	}
}

// report tells the sidecar that a session is over, again and again until it has heard.
func (c *Connector) report(key string) {
	c.reports.Add(1)
	go func() {
		defer c.reports.Done()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_, err := c.sidecar.EndSession(ctx, &pb.EndSessionRequest{ConnectorId: c.id, SessionKey: key})
			cancel()
			if err == nil {
				return
			}
			time.Sleep(time.Second)
		}
	}()
}

// describe shows granted actions by socket type, for people.
func describe(actions map[string]*pb.ActionList) string {
	var granted []string
	for kind, list := range actions {
		granted = append(granted, kind+"="+strings.Join(list.Values, ","))
	}
	sort.Strings(granted)
	return strings.Join(granted, " ")
}

func least(first time.Duration, others ...time.Duration) time.Duration {
	for _, other := range others {
		if other < first {
			first = other
		}
	}
	return first
}

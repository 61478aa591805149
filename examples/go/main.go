// A connector in little: connector ADDRESS [CONNECTOR_ID [SILENCE_SECONDS]], and on standard input, a line each:
//
//	open SESSION USER [SOCKET [SOCKET_TYPE]]
//	close SESSION
//
// Who it is, where the sidecar asks: files named by CONNECTOR_TOKEN_FILE, CONNECTOR_CA_FILE, CONNECTOR_CERT_FILE, CONNECTOR_KEY_FILE.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	pb "github.com/borderzero/pdsidecar/gen/border0/pdsidecar/v1"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 4 {
		log.Fatal("usage: connector ADDRESS [CONNECTOR_ID [SILENCE_SECONDS]]")
	}
	given := append(os.Args[1:], []string{"", "example", "10"}[len(os.Args)-1:]...)
	silence, err := time.ParseDuration(given[2] + "s")
	if err != nil {
		log.Fatal(err)
	}
	show := Credentials{
		TokenFile: os.Getenv("CONNECTOR_TOKEN_FILE"),
		CAFile:    os.Getenv("CONNECTOR_CA_FILE"),
		CertFile:  os.Getenv("CONNECTOR_CERT_FILE"),
		KeyFile:   os.Getenv("CONNECTOR_KEY_FILE"),
	}
	connector, err := NewConnector(given[0], given[1], silence, show, say)
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) >= 3 && len(words) <= 5 && words[0] == "open":
			words = append(words, []string{"my-server", "ssh"}[len(words)-3:]...)
			open(connector, &pb.EvaluateRequest{SessionKey: words[1], UserEmail: words[2], SocketId: words[3], SocketType: words[4]})
		case len(words) == 2 && words[0] == "close":
			connector.End(words[1], "CLOSED", "The connection was closed.")
		default:
			log.Print("open SESSION USER [SOCKET [SOCKET_TYPE]] | close SESSION")
		}
	}
	connector.Stop()
}

func open(connector *Connector, request *pb.EvaluateRequest) {
	session, why := connector.Open(request)
	if session == nil {
		say("denied %s: %s", request.SessionKey, why)
		return
	}
	say("allowed %s: %s", session.Key, describe(connector.Actions(session)))
	go func() {
		// Here a real connector carries bytes, and cuts the connection when the session has ended.
		end := <-session.Ended
		say("ended %s: %s %s", session.Key, end.Cause, end.Sentence)
	}()
}

func say(format string, arguments ...interface{}) {
	fmt.Printf(format+"\n", arguments...)
}

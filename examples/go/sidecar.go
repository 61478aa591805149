package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Credentials are the files that show who calls, and who may answer. Each may be empty.
type Credentials struct {
	TokenFile         string // holds a token, and is read for every call
	CAFile            string // the authorities that the sidecar's certificate may be of; the system's unless given
	CertFile, KeyFile string // the client certificate, read for every connection
}

// Dial gives a channel to https://host:port, or in cleartext to unix:/path, /path or host:port on loopback.
func Dial(address string, show Credentials) (*grpc.ClientConn, error) {
	// gRPC's own pauses grow to two minutes unless bounded, far beyond the bound on silence.
	pauses := backoff.Config{BaseDelay: firstPause, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
	options := []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: 2 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 2 * time.Second}),
	}
	if show.TokenFile != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(show.TokenFile)))
	}
	if strings.HasPrefix(address, "https://") {
		config, err := show.config()
		if err != nil {
			return nil, err
		}
		return grpc.Dial(strings.TrimPrefix(address, "https://"), append(options, grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	}
	if strings.HasPrefix(address, "/") {
		address = "unix:" + address
	}
	// From grpc-go 1.63 on: grpc.NewClient, with grpc.WithTransportCredentials(insecure.NewCredentials()).
	return grpc.Dial(address, append(options, grpc.WithInsecure(), grpc.WithAuthority("localhost"))...)
}

func (c Credentials) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("there is no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			return &certificate, err
		}
	}
	return config, nil
}

type bearer string

func (file bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := os.ReadFile(string(file))
	return map[string]string{"authorization": "Bearer " + strings.TrimSpace(string(token))}, err
}

// On loopback and the Unix socket a token goes in cleartext.
func (bearer) RequireTransportSecurity() bool { return false }

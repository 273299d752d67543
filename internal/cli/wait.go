package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// waitCmd waits for a server, in CI and as the health check of a container.
type waitCmd struct {
	EndpointURL string        `name:"endpoint-url" default:"http://localhost:7654" help:"URL of the server." env:"COGNATE_ENDPOINT_URL,AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,AWS_ENDPOINT_URL" placeholder:"URL"`
	Timeout     time.Duration `default:"60s" help:"How long to wait." env:"-"`
	Quiet       bool          `short:"q" help:"Print nothing when it is ready." env:"-"`
	CABundle    string        `name:"ca-bundle" help:"PEM certificates to trust besides the system's." env:"COGNATE_CA_BUNDLE,AWS_CA_BUNDLE" type:"existingfile" placeholder:"FILE"`
	Insecure    bool          `help:"Do not check the certificate: for the health check of a machine that asks itself." env:"-"`
}

// readyEvery is how often a server is asked; readyPatience bounds one question.
const (
	readyEvery    = 200 * time.Millisecond
	readyPatience = 5 * time.Second
)

// Run asks until the server is ready or the time is over.
func (c *waitCmd) Run(e *env) error {
	roots, err := trust(c.CABundle)
	if err != nil {
		return fmt.Errorf("--ca-bundle: %w", err)
	}
	if c.Insecure {
		if !loopback(c.EndpointURL) {
			return withHint(errors.New("--insecure is for this machine only"), "trust the certificate with --ca-bundle")
		}
		roots = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} // checked above: nobody is in between
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: roots, DisableKeepAlives: true}, Timeout: readyPatience}
	began := time.Now()
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	for {
		err := c.ask(ctx, client)
		if err == nil {
			if !c.Quiet {
				fmt.Fprintf(e.stdout, "%s is ready after %s\n", c.EndpointURL, time.Since(began).Round(time.Millisecond))
			}
			return nil
		}
		select {
		case <-ctx.Done():
			if e.ctx.Err() != nil {
				return e.ctx.Err()
			}
			return withHint(fmt.Errorf("not ready after %s: %w", c.Timeout, err), "is the server started, and --endpoint-url right?")
		case <-time.After(readyEvery):
		}
	}
}

func (c *waitCmd) ask(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.EndpointURL, "/")+"/_cognate/ready", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", c.EndpointURL, resp.Status)
	}
	return nil
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/lambda"
	"cognate/internal/server"
)

// functionCmd talks to a running dev server about its functions.
type functionCmd struct {
	List   functionListCmd   `cmd:"" help:"List the functions and how they are reached." example:"cognate function list"`
	Put    functionPutCmd    `cmd:"" help:"Add or replace a function." example:"cognate function put arn:aws:lambda:us-east-1:000000000000:function:welcome --local ./welcome --runtime nodejs --handler index.handler"`
	Remove functionRemoveCmd `cmd:"" help:"Take a function out." example:"cognate function remove arn:aws:lambda:us-east-1:000000000000:function:welcome"`
	Invoke functionInvokeCmd `cmd:"" help:"Invoke a function with an event." example:"cognate function invoke arn:aws:lambda:us-east-1:000000000000:function:welcome --event event.json"`
	Logs   functionLogsCmd   `cmd:"" help:"Print what a local function printed." example:"cognate function logs arn:aws:lambda:us-east-1:000000000000:function:welcome --follow"`
}

// devServer is the server a command talks to.
type devServer struct {
	Server string `name:"endpoint-url" aliases:"server" default:"http://localhost:7654" help:"URL of the dev server." env:"COGNATE_ENDPOINT_URL,COGNATE_SERVER,AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,AWS_ENDPOINT_URL" placeholder:"URL"`
}

// functionServer is a dev server whose functions a command is about.
type functionServer struct {
	devServer
	Data  string `default:".cognate" help:"Its data folder, for the token in it." type:"path" placeholder:"DIR" env:"COGNATE_DATA"`
	Token string `name:"function-token" help:"The token itself, where the folder cannot be read; prefer the environment." placeholder:"TOKEN" env:"COGNATE_FUNCTION_TOKEN"`
}

// request is that of devServer with what proves whose command this is.
func (s functionServer) request(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	return s.send(ctx, s.token(), method, path, query, body, out)
}

// token is the text of the data folder's file, which leaves this machine only
// under TLS. Servers that know the user by the connection need none.
func (s functionServer) token() string {
	if s.Token != "" {
		return s.Token
	}
	u, err := url.Parse(s.Server)
	if err != nil || u.Scheme != "https" && !httpkit.ThisMachine(u.Host) {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(s.Data, server.FunctionTokenFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// request calls an endpoint below /_cognate/ and decodes its answer into out.
func (s devServer) request(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	return s.send(ctx, "", method, path, query, body, out)
}

func (s devServer) send(ctx context.Context, token, method, path string, query url.Values, body []byte, out any) error {
	u := strings.TrimSuffix(s.Server, "/") + "/_cognate/" + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return withHint(fmt.Errorf("no dev server answers at %s", s.Server), `start one with "cognate dev", or name another with --endpoint-url`)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var refusal struct {
			Error string `json:"error_description"`
		}
		if json.Unmarshal(text, &refusal) == nil && refusal.Error != "" {
			return errors.New(refusal.Error)
		}
		return fmt.Errorf("%s answers %s", s.Server, resp.Status)
	}
	return json.Unmarshal(text, out)
}

type functionListCmd struct{ functionServer }

// Run prints a table.
func (c *functionListCmd) Run(e *env) error {
	var answer struct {
		Functions []lambda.Status `json:"functions"`
	}
	if err := c.request(e.ctx, http.MethodGet, "functions", nil, nil, &answer); err != nil {
		return err
	}
	table := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ARN\tREACHED BY\tPROCESSES\tFROM")
	for _, f := range answer.Functions {
		how := f.Transport()
		switch {
		case f.Local != nil:
			how += " " + f.Local.Runtime + " " + f.Local.Path + " " + f.Local.Handler
		case f.Lambda != nil && f.Lambda.Endpoint != "":
			how += " " + f.Lambda.Endpoint
		case f.Webhook != nil:
			how += " " + f.Webhook.URL
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", f.ARN, how, f.Processes, f.Source)
	}
	return table.Flush()
}

type functionPutCmd struct {
	functionServer
	ARN     string        `arg:"" help:"ARN of the function, as pools name it."`
	Timeout time.Duration `help:"Limit of one attempt; default 5s."`

	Local       string            `help:"Folder, zip file or executable to run on this machine." type:"existingpath" placeholder:"PATH" group:"Local process"`
	Runtime     string            `help:"nodejs, python, provided or go." placeholder:"NAME" group:"Local process"`
	Handler     string            `help:"file.function" placeholder:"NAME" group:"Local process"`
	Env         map[string]string `help:"Variables of the function." placeholder:"NAME=VALUE" group:"Local process"`
	Concurrency int               `help:"Most processes; default 4." group:"Local process"`
	Idle        time.Duration     `help:"How long an unused process is kept; default 10m." group:"Local process"`
	Memory      int               `help:"Memory limit of a process." placeholder:"MB" group:"Local process"`

	Lambda       bool   `help:"Invoke API, at --endpoint or where AWS_ENDPOINT_URL_LAMBDA points." group:"Invoke API"`
	Endpoint     string `help:"Base URL of the API." placeholder:"URL" group:"Invoke API"`
	LambdaRegion string `help:"Region to sign for." placeholder:"REGION" group:"Invoke API"`
	Name         string `help:"Function name at the endpoint, where it is not the ARN." group:"Invoke API"`

	Webhook      string `help:"URL that gets the event." placeholder:"URL" group:"Webhook"`
	Secret       string `help:"HMAC key of the signature; prefer the environment." group:"Webhook"`
	AllowPrivate bool   `help:"Permit http and private addresses." group:"Webhook"`
}

// Run sends the function; the server checks it.
func (c *functionPutCmd) Run(e *env) error {
	f := lambda.Function{ARN: c.ARN, Timeout: lambda.Duration(c.Timeout)}
	if c.Local != "" {
		path, err := filepath.Abs(c.Local)
		if err != nil {
			return err
		}
		f.Local = &lambda.Local{
			Path: path, Runtime: c.Runtime, Handler: c.Handler, Env: c.Env,
			Concurrency: c.Concurrency, Idle: lambda.Duration(c.Idle), Memory: c.Memory,
		}
	}
	if c.Lambda || c.Endpoint != "" {
		f.Lambda = &lambda.Endpoint{Endpoint: c.Endpoint, Region: c.LambdaRegion, Function: c.Name}
	}
	if c.Webhook != "" {
		f.Webhook = &lambda.Webhook{URL: c.Webhook, Secret: c.Secret, AllowPrivate: c.AllowPrivate}
	}
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	var answer lambda.Function
	if err := c.request(e.ctx, http.MethodPut, "functions", nil, body, &answer); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is reached by %s\n", answer.ARN, answer.Transport())
	return nil
}

type functionRemoveCmd struct {
	functionServer
	ARN string `arg:"" help:"ARN of the function."`
}

// Run removes the function.
func (c *functionRemoveCmd) Run(e *env) error {
	var answer struct{}
	if err := c.request(e.ctx, http.MethodDelete, "functions", url.Values{"arn": {c.ARN}}, nil, &answer); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is removed\n", c.ARN)
	return nil
}

type functionInvokeCmd struct {
	functionServer
	ARN   string `arg:"" help:"ARN of the function."`
	Event string `help:"File with the event; - reads it from the standard input." default:"-" placeholder:"FILE"`
	Async bool   `help:"Do not wait for the answer."`
}

// Run prints the answer; a function that fails makes the command fail.
func (c *functionInvokeCmd) Run(e *env) error {
	var event []byte
	var err error
	if c.Event == "-" {
		event, err = io.ReadAll(os.Stdin)
	} else {
		event, err = os.ReadFile(c.Event)
	}
	if err != nil {
		return err
	}
	query := url.Values{"arn": {c.ARN}}
	if c.Async {
		query.Set("async", "true")
	}
	var answer struct {
		Payload       json.RawMessage `json:"payload"`
		FunctionError string          `json:"functionError"`
		ErrorType     string          `json:"errorType"`
		ErrorMessage  string          `json:"errorMessage"`
	}
	if err := c.request(e.ctx, http.MethodPost, "functions/invoke", query, event, &answer); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s\n", answer.Payload)
	if answer.FunctionError != "" {
		return fmt.Errorf("the function failed: %s: %s", answer.ErrorType, answer.ErrorMessage)
	}
	return nil
}

type functionLogsCmd struct {
	functionServer
	ARN    string `arg:"" help:"ARN of the function."`
	Follow bool   `short:"f" help:"Go on with what it prints from here."`
}

// followEvery is how often new lines are asked for.
const followEvery = 500 * time.Millisecond

// Run prints the lines that the server still has.
func (c *functionLogsCmd) Run(e *env) error {
	var last int64
	for {
		var answer struct {
			Lines []lambda.LogLine `json:"lines"`
		}
		if err := c.request(e.ctx, http.MethodGet, "functions/logs", url.Values{"arn": {c.ARN}}, nil, &answer); err != nil {
			return err
		}
		for _, l := range answer.Lines {
			if l.Number > last {
				fmt.Fprintf(e.stdout, "%s [%d] %s\n", l.Time.Local().Format("15:04:05.000"), l.Process, l.Text)
				last = l.Number
			}
		}
		if !c.Follow {
			return nil
		}
		select {
		case <-e.ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/background"
	"cognate/internal/core/branding"
	"cognate/internal/web/login/screen"
)

// brandingCmd is about the look of the pages that people sign in on.
type brandingCmd struct {
	Preview  brandingPreviewCmd  `cmd:"" help:"Show every sign-in page in light, dark and on a phone, again when settings or files change, and name colours that are too alike." example:"cognate branding preview --client democlientforlocaltesting1"`
	Texts    brandingTextsCmd    `cmd:"" help:"Print the texts of the pages in a language, to replace some of them with --pages." example:"cognate branding texts de"`
	Template brandingTemplateCmd `cmd:"" help:"Print the templates of the pages, to replace some of them with --pages." example:"cognate branding template"`
}

type brandingTextsCmd struct {
	Language string `arg:"" help:"Language, such as de or pt-BR."`
}

// Run prints the catalog.
func (c *brandingTextsCmd) Run(e *env) error {
	texts, err := screen.Texts(c.Language)
	if err != nil {
		var codes []string
		for _, l := range screen.Languages() {
			codes = append(codes, l.Code)
		}
		return withHint(err, "there are %s", strings.Join(codes, ", "))
	}
	_, err = e.stdout.Write(texts)
	return err
}

type brandingTemplateCmd struct {
	Classic bool `help:"Those of the classic pages." env:"-"`
}

// Run prints the templates.
func (c *brandingTemplateCmd) Run(e *env) error {
	generation := screen.Managed
	if c.Classic {
		generation = screen.Classic
	}
	_, err := e.stdout.Write(screen.Templates(generation))
	return err
}

// brandingPreviewCmd serves the preview.
type brandingPreviewCmd struct {
	Client string `help:"App client of a running server whose branding is shown; without it and --style the pages have Cognate's own look." placeholder:"ID" env:"-"`
	Style  string `help:"File with a branding: the settings document of managed login, or what the operations about it take and answer." type:"existingfile" placeholder:"FILE" env:"-" xor:"source"`
	CSS    string `name:"css" help:"File with the style of the classic pages." type:"existingfile" placeholder:"FILE" env:"-" xor:"css"`
	Pages  string `help:"Folder with templates and texts, as --pages of the server." type:"existingdir" placeholder:"DIR"`
	App    string `help:"Name of the app on the pages; default that of the client." placeholder:"NAME" env:"-"`
	Listen string `default:"127.0.0.1:7655" help:"Address of the preview, on this machine." env:"-"`
	poolRef
}

// Run serves the preview until it is stopped.
func (c *brandingPreviewCmd) Run(e *env) error {
	if host, _, err := net.SplitHostPort(c.Listen); err != nil || !loopback("http://"+net.JoinHostPort(host, "1")) {
		return errors.New("--listen: need an address of this machine, such as 127.0.0.1:7655")
	}
	drawer, err := screen.Open(c.Pages, true)
	if err != nil {
		return fmt.Errorf("--pages: %w", err)
	}
	brands := &brandSource{cmd: c}
	if _, err := brands.brand(e.ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &screen.Preview{Drawer: drawer, Brand: brands.brand}, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	ctx, done := context.WithCancel(e.ctx)
	defer done()
	background.Go("end of the preview", func() {
		<-ctx.Done()
		_ = server.Close()
	})
	fmt.Fprintf(e.stdout, "The pages are at http://%s/ until Ctrl-C.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// brandSource reads the branding of a preview: of files, or of a server, which is asked once in a while.
type brandSource struct {
	cmd *brandingPreviewCmd

	mu   sync.Mutex
	at   time.Time
	last screen.Brand
}

// askEvery is how often a server is asked for its branding.
const askEvery = 2 * time.Second

func (s *brandSource) brand(ctx context.Context) (screen.Brand, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd.Client != "" && time.Since(s.at) < askEvery {
		return s.last, nil
	}
	b, err := s.read(ctx)
	if err != nil {
		return screen.Brand{}, err
	}
	s.at, s.last = time.Now(), b
	return b, nil
}

// styleDocument is what the operations about managed-login branding take and answer; of a settings document alone,
// Settings is empty.
type styleDocument struct {
	Branding json.RawMessage `json:"ManagedLoginBranding"`
	Settings json.RawMessage
	Assets   []cognitoidp.AssetType
}

func (s *brandSource) read(ctx context.Context) (screen.Brand, error) {
	b := screen.Brand{App: s.cmd.App, Files: map[string]screen.File{}}
	var document []byte
	var err error
	if s.cmd.Style != "" {
		document, err = os.ReadFile(s.cmd.Style)
	}
	if err == nil && s.cmd.CSS != "" {
		var css []byte
		if css, err = os.ReadFile(s.cmd.CSS); err == nil {
			b.Style.CSS, err = branding.ReadCSS(string(css))
		}
	}
	if err == nil && s.cmd.Client != "" {
		document, err = s.ask(ctx, &b, document)
	}
	if err == nil && document != nil {
		err = dress(&b, document)
	}
	if b.App == "" {
		b.App = "Acme"
	}
	sum := sha256.Sum256(fmt.Append(nil, b.App, b.Style.CSS, b.Style.Pool, string(document)))
	b.Version = hex.EncodeToString(sum[:])
	return b, err
}

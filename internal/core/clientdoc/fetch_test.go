package clientdoc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/guard"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// TestFetching: answers that are no document.
func TestFetching(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	json := func(body string) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, body)
		}
	}
	for name, answer := range map[string]func(rw http.ResponseWriter, r *http.Request){
		"not found":  http.NotFound,
		"a redirect": func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/good.json", http.StatusFound) },
		"moved": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "/good.json", http.StatusPermanentRedirect)
		},
		"no content": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) },
		"HTML": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"no type": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header()["Content-Type"] = nil
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"too large": func(rw http.ResponseWriter, r *http.Request) {
			json(w.document(r.URL.Path)+strings.Repeat(" ", 5<<10))(rw, r)
		},
		"another's": json(w.document("/other.json")),
		"no JSON":   json("<html>"),
		"a failure": func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(500)
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"partial": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(206)
			fmt.Fprint(rw, w.document(r.URL.Path))
		},
		"a broken body": func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", "9999")
			json(w.document(r.URL.Path))(rw, r)
		},
	} {
		w.answer = answer
		w.fails(name, "/"+strings.ReplaceAll(name, " ", "-")+".json", clientdoc.ErrDocument)
	}
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/cimd+json")
		fmt.Fprint(rw, w.document(r.URL.Path))
	}
	if _, err := w.resolve("/kind.json"); err != nil {
		t.Errorf("a kind of JSON: %v", err)
	}
}

// TestSlow: a document has five seconds.
func TestSlow(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	release := make(chan struct{})
	defer close(release)
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, "{")
		rw.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	begun := time.Now()
	w.fails("slow", "/slow.json", clientdoc.ErrDocument)
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestFailuresAreRemembered: what was not to be had a moment ago is not asked for again, whoever asks.
func TestFailuresAreRemembered(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	w.answer = http.NotFound
	for range 5 {
		w.fails("not there", "/later.json", clientdoc.ErrDocument)
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.answer = nil
	w.fails("a moment later", "/later.json", clientdoc.ErrDocument)
	w.Clock.Advance(31 * time.Second)
	if _, err := w.resolve("/later.json"); err != nil {
		t.Error(err)
	}
}

// TestBudget: a source can have only so many documents fetched.
func TestBudget(t *testing.T) {
	limits := guard.Limits{SourceSignUps: limit.Rate{Max: 2, Per: time.Hour}}
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Limits: limits})
	w.policy(w.site.URL + "/*")
	here := w.From("198.51.100.1")
	for i := range 4 {
		_, err := w.ClientDocs.Resolve(here.Ctx, w.p, fmt.Sprintf("%s/%d.json", w.site.URL, i))
		var over *limit.Over
		if errors.As(err, &over) != (i >= 2) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := w.ClientDocs.Resolve(here.Ctx, w.p, w.site.URL+"/0.json"); err != nil {
		t.Errorf("one that is kept: %v", err)
	}
	if _, err := w.ClientDocs.Resolve(w.From("198.51.100.2").Ctx, w.p, w.site.URL+"/9.json"); err != nil {
		t.Errorf("another source: %v", err)
	}
}

// names answers for names with addresses that a stranger chose.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (out []netip.Addr, err error) {
	for _, a := range n[host] {
		out = append(out, netip.MustParseAddr(a))
	}
	return out, nil
}

// TestGuarded: the strict client never reaches what is not on the Internet, by whatever name, and nobody is told what is there.
func TestGuarded(t *testing.T) {
	resolver := names{
		"loop.example": {"127.0.0.1"}, "loop6.example": {"::1"}, "private.example": {"10.0.0.1"}, "private2.example": {"192.168.1.1"}, "cgnat.example": {"100.64.0.1"},
		"metadata.example": {"169.254.169.254"}, "link6.example": {"fe80::1"}, "ula.example": {"fd00::1"}, "mapped.example": {"::ffff:127.0.0.1"}, "any.example": {"0.0.0.0"},
		"both.example": {"93.184.216.34", "127.0.0.1"}, "nat64.example": {"64:ff9b::7f00:1"}, "multi.example": {"224.0.0.1"}, "none.example": nil, "sixtofour.example": {"2002:7f00:1::1"},
	}
	w := newWorld(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Documents: clientdoc.NewClient(httpkit.ClientOptions{Resolver: resolver})})
	w.policy("https://*")
	port := w.site.URL[strings.LastIndexByte(w.site.URL, ':')+1:]
	for host := range resolver {
		address := "https://" + host + ":" + port + "/client.json"
		if _, err := w.ClientDocs.Resolve(w.Ctx, w.p, address); !errors.Is(err, clientdoc.ErrDocument) || host != "none.example" && !errors.Is(err, httpkit.ErrForbiddenAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, address := range []string{
		"https://127.0.0.1:" + port + "/client.json", "https://[::1]:" + port + "/client.json", "https://127.1:" + port + "/c.json", "https://2130706433:" + port + "/c",
		"https://0x7f000001/client.json", "https://0177.0.0.1/client.json", "https://[::ffff:127.0.0.1]/c", "https://169.254.169.254/latest/meta-data", "https://127.0.0.1./client.json",
	} {
		if _, err := w.ClientDocs.Resolve(w.Ctx, w.p, address); err == nil || !errors.Is(err, httpkit.ErrForbiddenAddress) && !errors.Is(err, clientdoc.ErrUnknown) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if n := w.asked.Load(); n != 0 {
		t.Errorf("the server on this machine was asked %d times", n)
	}
}

// TestTogether: many who come at once for one document get it, and the policy that goes meanwhile keeps nothing.
func TestTogether(t *testing.T) {
	each(t, func(w *world) {
		p := w.policy(w.site.URL + "/*")
		var wg sync.WaitGroup
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(200 * time.Millisecond)
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, w.document(r.URL.Path))
		}
		for range 20 {
			wg.Go(func() {
				if c, err := w.resolve("/agent.json"); err != nil || c.Document == nil {
					w.T.Errorf("%v %v", c, err)
				}
			})
		}
		wg.Wait()
		if n := w.asked.Load(); n > 2 {
			w.T.Errorf("20 who came together asked %d times", n)
		}
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			cognitotest.Call(w.World, w.API.DeleteCIMDPolicy, &cognitoidp.DeleteCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: p.CIMDPolicyId})
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, w.document(r.URL.Path))
		}
		w.resolve("/late.json")
		w.answer = nil
		w.fails("after the policy", "/late.json", clientdoc.ErrUnknown)
	})
}

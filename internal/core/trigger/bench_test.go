package trigger_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/lambda"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

// BenchmarkSignIn is a sign-in by password without and with a warm local
// PreTokenGeneration function of version 2; added-p50-µs is what the function
// costs. Sign-ins of both kinds alternate, so that a busy machine slows both.
func BenchmarkSignIn(b *testing.B) {
	for _, l := range []struct{ name, runtime, handler string }{
		{"node", "nodejs", "index.handler"}, {"python", "python", "index.handler"}, {"golang", "provided", "bootstrap"},
	} {
		b.Run(l.name, func(b *testing.B) {
			router := lambda.NewRouter(lambda.Options{AllowLocal: true})
			b.Cleanup(router.Close)
			err := router.Replace("bench", []lambda.Function{{
				ARN: arnOf("PreTokenGeneration"), Local: &lambda.Local{Path: handlerFolder(b, l.name), Runtime: l.runtime, Handler: l.handler},
			}})
			if err != nil {
				b.Fatal(err)
			}
			w := cognitotest.New(b, dbtest.SQLite(b, rooms.Migrations()), cognitotest.Options{Functions: router})
			sign := func(set func(*cognitoidp.CreateUserPoolRequest)) func() time.Duration {
				p := w.Pool(set)
				c := w.Client(p, nil)
				w.User(p, "ana", "email", "ana@example.com")
				return func() time.Duration {
					began := time.Now()
					w.SignIn(c, "ana", cognitotest.Password)
					return time.Since(began)
				}
			}
			plain := sign(nil)
			changed := sign(func(in *cognitoidp.CreateUserPoolRequest) {
				in.LambdaConfig = &cognitoidp.LambdaConfigType{PreTokenGenerationConfig: &cognitoidp.PreTokenGenerationVersionConfigType{
					LambdaArn: arnOf("PreTokenGeneration"), LambdaVersion: v2,
				}}
			})
			for range 20 { // warm
				plain()
				changed()
			}
			var without, with []time.Duration
			for b.Loop() {
				without, with = append(without, plain()), append(with, changed())
			}
			b.ReportMetric(float64(median(without).Microseconds()), "plain-p50-µs")
			b.ReportMetric(float64((median(with) - median(without)).Microseconds()), "added-p50-µs")
		})
	}
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// handlerFolder is the folder with a language's function; Go's is built first.
func handlerFolder(b *testing.B, language string) string {
	b.Helper()
	source, err := filepath.Abs("../../../test/clients/functions/handlers/" + language)
	if err != nil {
		b.Fatal(err)
	}
	if language != "golang" {
		return source
	}
	target := b.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(target, "bootstrap"), ".")
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return target
}

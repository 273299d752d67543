package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// output is the form in which a command prints what it found.
type output struct {
	Output string `short:"o" default:"table" enum:"table,json" help:"table or json." placeholder:"table|json"`
}

// print writes rows below a header, or v, which is what they were made from, as
// JSON with AWS's names.
func (o output) print(w io.Writer, header string, rows [][]string, v any) error {
	if o.Output == "json" {
		return printJSON(w, v)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if header != "" {
		fmt.Fprintln(table, header)
	}
	for _, r := range rows {
		for i, cell := range r {
			r[i] = oneLine(cell)
		}
		fmt.Fprintln(table, strings.Join(r, "\t"))
	}
	return table.Flush()
}

// said confirms what was done: a sentence, or the answer as JSON.
func (o output) said(w io.Writer, v any, format string, args ...any) error {
	if o.Output == "json" {
		return printJSON(w, v)
	}
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}

// oneLine keeps what a user pool holds from moving the cursor of a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

func printJSON(w io.Writer, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(datesIn("", tree))
}

// datesIn writes the seconds since 1970 that AWS's protocol uses for dates in the
// form that people read, as the AWS CLI does.
func datesIn(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = datesIn(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = datesIn(name, v[i])
		}
	case float64:
		if strings.HasSuffix(name, "Date") {
			return instant(v)
		}
	}
	return v
}

// instant is a date of AWS's protocol in RFC 3339.
func instant(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC().Format(time.RFC3339)
}

// decodeAll reads every item as a T, and keeps the items for JSON.
func decodeAll[T any](items []json.RawMessage) ([]T, error) {
	out := make([]T, len(items))
	for i, raw := range items {
		if err := json.Unmarshal(raw, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listed is items for JSON: a list, also when there are none.
func listed(items []json.RawMessage) []json.RawMessage {
	if items == nil {
		return []json.RawMessage{}
	}
	return items
}

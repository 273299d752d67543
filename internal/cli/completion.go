package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints scripts that ask the program itself, so that they never
// fall behind it.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

var completionScripts = map[string]string{
	"bash": `# source <(cognate completion bash)
_cognate() {
  local IFS=$'\n'
  COMPREPLY=($(cognate __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
}
complete -o default -F _cognate cognate
`,
	"zsh": `#compdef cognate
# source <(cognate completion zsh), or into a file _cognate of a folder of $fpath
_cognate() {
  local -a found
  found=("${(@f)$(cognate __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found/$'\t'/:}")
  if [[ -n "$found[1]" ]]; then _describe cognate found; else _files; fi
}
if [[ "$funcstack[1]" == _cognate ]]; then _cognate "$@"; else compdef _cognate cognate; fi
`,
	"fish": `# cognate completion fish > ~/.config/fish/completions/cognate.fish
complete -c cognate -a '(cognate __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

// Run prints the script.
func (c *completionCmd) Run(e *env) error {
	_, err := fmt.Fprint(e.stdout, completionScripts[c.Shell])
	return err
}

// completeCmd is asked by the scripts: what may the last word become?
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words typed so far, the last one unfinished."`
}

// Run prints a candidate a line, with its help behind a tab.
func (c *completeCmd) Run(e *env) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range complete(e.parser.Model.Node, words) {
		fmt.Fprintln(e.stdout, candidate)
	}
	return nil
}

// complete walks to the command that the words name and lists what may follow.
func complete(node *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	var waiting *kong.Flag // takes the next word as its value
	for _, w := range words[:len(words)-1] {
		switch {
		case waiting != nil:
			waiting = nil
		case strings.HasPrefix(w, "-"):
			if f := flagOf(node, w); f != nil && !f.IsBool() && !strings.Contains(w, "=") {
				waiting = f
			}
		default:
			if child := childOf(node, w); child != nil {
				node = child
			}
		}
	}
	var out []string
	add := func(word, help string) {
		if word != "" && strings.HasPrefix(word, last) {
			out = append(out, word+"\t"+strings.TrimSuffix(help, "."))
		}
	}
	switch {
	case waiting != nil:
		for _, v := range waiting.EnumSlice() {
			add(v, "")
		}
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				add("--"+f.Name, f.Help)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				add(child.Name, child.Help)
			}
		}
		if len(node.Positional) > 0 {
			for _, v := range node.Positional[0].EnumSlice() {
				add(v, "")
			}
		}
	}
	return out
}

func childOf(node *kong.Node, word string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == word {
			return child
		}
		for _, alias := range child.Aliases {
			if alias == word {
				return child
			}
		}
	}
	return nil
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if "--"+f.Name == name || f.Short != 0 && "-"+string(f.Short) == name {
				return f
			}
		}
	}
	return nil
}

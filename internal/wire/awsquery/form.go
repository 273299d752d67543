package awsquery

import (
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

const (
	// maxParts is how deep a parameter's name may lead.
	maxParts = 32
	// maxName bounds a parameter's name, in bytes.
	maxName = 1024
)

// branch is a node while its tree grows.
type branch struct {
	node *rt.Node
	kids map[string]*branch
}

// grow turns parameters such as Tags.member.1.Key=a into the tree that their
// dots describe. Every node is paid for by the name of a parameter, whatever
// indices it has. A parameter that comes twice, or that is a text and a branch
// at once, is refused.
func grow(params []wire.Param) (*rt.Node, error) {
	root := &branch{node: &rt.Node{}}
	leaves := map[*branch]bool{}
	for _, p := range params {
		if len(p.Name) > maxName || strings.Count(p.Name, ".") >= maxParts {
			return nil, &rt.SerializationError{Message: "A parameter's name is too long"}
		}
		at := root
		for part := range strings.SplitSeq(p.Name, ".") {
			if at != root && leaves[at] {
				return nil, conflict(p.Name)
			}
			at = at.kid(part)
		}
		if leaves[at] || len(at.kids) > 0 {
			return nil, conflict(p.Name)
		}
		leaves[at] = true
		at.node.Text = p.Value
	}
	return root.node, nil
}

func (b *branch) kid(name string) *branch {
	if k := b.kids[name]; k != nil {
		return k
	}
	if b.kids == nil {
		b.kids = map[string]*branch{}
	}
	k := &branch{node: &rt.Node{Name: name}}
	b.kids[name] = k
	b.node.Kids = append(b.node.Kids, k.node)
	return k
}

func conflict(name string) error {
	return &rt.SerializationError{Message: "Parameter " + name + " is given twice or in two forms"}
}

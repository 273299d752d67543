package rt

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
)

// Node is a value of a source that is not JSON: a text, or members and
// elements by name. A query form is a tree of nodes, the head of a REST request
// one node with a kid for each member.
type Node struct {
	Name string
	Text string
	Kids []*Node
	// Items says that the kids are the elements of a list in their order; their
	// names say nothing.
	Items bool
}

// Add appends a text member.
func (n *Node) Add(name, text string) { n.Kids = append(n.Kids, &Node{Name: name, Text: text}) }

// kid returns the member of that name, nil when there is none.
func (n *Node) kid(name string) *Node {
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// NewNodeDecoder returns a strict decoder for a tree.
func NewNodeDecoder(root *Node) *Decoder { return &Decoder{node: root, strict: true} }

// NewHeadDecoder returns a strict decoder for a REST request: the members in
// its head come first, then those of the JSON object that is its body, if any.
// The body cannot replace what at says stands in the head.
func NewHeadDecoder(head *Node, at *HTTP, body []byte) *Decoder {
	d := &Decoder{node: head, rest: at, strict: true}
	switch {
	case at.Payload == "":
		d.data = body
	case len(body) == 0:
	case at.Bytes:
		head.Add(at.Payload, base64.StdEncoding.EncodeToString(body))
	case isJSON(body):
		// The body is the value of the one member that does not stand in the head.
		d.data = append(append(append(AppendString([]byte{'{'}, at.Payload), ':'), body...), '}')
	default:
		d.data = body
		d.malformed("body is not one JSON value")
	}
	return d
}

// isJSON reports whether b is one JSON value.
func isJSON(b []byte) bool {
	d := Decoder{data: b}
	d.Skip()
	return d.err == nil && d.peek() == 0
}

// inHead reports whether a member of the outermost JSON object stands in the head
// of the request already.
func (d *Decoder) inHead(key []byte) bool {
	if d.depth != 1 {
		return false
	}
	for i := range d.rest.Head {
		if d.rest.Head[i].Key == string(key) {
			return true
		}
	}
	return false
}

// walk is a node whose kids are being read.
type walk struct {
	node *Node
	next int
}

// enter begins reading the members of the node at hand.
func (d *Decoder) enter() ([]byte, bool) {
	if len(d.node.Kids) == 0 && d.node.Text != "" {
		d.unfit("a structure")
		return nil, false
	}
	if len(d.walks) >= MaxDepth {
		d.malformed("nesting too deep")
		return nil, false
	}
	d.walks = append(d.walks, walk{node: d.node})
	return d.following()
}

// following goes to the next member, and from the head of a REST request on to
// its body.
func (d *Decoder) following() ([]byte, bool) {
	if d.err != nil {
		return nil, false
	}
	w := &d.walks[len(d.walks)-1]
	if w.next < len(w.node.Kids) {
		d.node = w.node.Kids[w.next]
		w.next++
		return []byte(d.node.Name), true
	}
	d.walks = d.walks[:len(d.walks)-1]
	if len(d.walks) == 0 {
		d.node = nil
		if d.rest != nil && d.peek() != 0 {
			return d.Object()
		}
	}
	return nil, false
}

// unfit reports that the node at hand is not what its shape asks for.
func (d *Decoder) unfit(target string) {
	d.fail(fmt.Sprintf("%s can not be converted to %s", clip(d.node.Name), target))
}

// leaf is the text of the node at hand.
func (d *Decoder) leaf(target string) (string, bool) {
	if d.err != nil {
		return "", false
	}
	if len(d.node.Kids) > 0 {
		d.unfit(target)
		return "", false
	}
	return d.node.Text, true
}

func nodeBool(d *Decoder) (bool, bool) {
	s, ok := d.leaf("a Boolean")
	if ok && s != "true" && s != "false" {
		d.unfit("a Boolean")
		return false, false
	}
	return s == "true", ok
}

func nodeInt(d *Decoder, target string, bits int, rule *IntRule) (int64, bool) {
	s, ok := d.leaf(target)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || bits == 32 && (v > math.MaxInt32 || v < math.MinInt32) && !rule.refuses(v) {
		d.unfit(target)
		return 0, false
	}
	return v, true
}

func nodeDouble(d *Decoder) (float64, bool) {
	s, ok := d.leaf("a Double")
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		d.unfit("a Double")
		return 0, false
	}
	return v, true
}

func nodeTime(d *Decoder) (Time, bool) {
	s, ok := d.leaf("a timestamp")
	if !ok {
		return Time{}, false
	}
	t, err := parseText(s)
	if err != nil {
		d.unfit("a timestamp")
		return Time{}, false
	}
	return t, true
}

// elements returns the nodes of a list: all kids, those below item, or nothing
// for an empty text, which is how clients send an empty list.
func (d *Decoder) elements(item string) ([]*Node, bool) {
	n := d.node
	switch {
	case len(n.Kids) == 0 && n.Text == "" && !n.Items:
		return nil, true
	case n.Items:
		return n.Kids, true
	case item == "":
		return d.numbered(n)
	case len(n.Kids) == 1 && n.Kids[0].Name == item:
		return d.numbered(n.Kids[0])
	}
	d.unfit("a list")
	return nil, false
}

// numbered returns the kids of a node, which have to be named 1, 2, 3 and so
// on. They may come in any order; a gap is a mistake of the caller.
func (d *Decoder) numbered(n *Node) ([]*Node, bool) {
	out := make([]*Node, len(n.Kids))
	for _, k := range n.Kids {
		i, err := strconv.Atoi(k.Name)
		if err != nil || i < 1 || i > len(out) || out[i-1] != nil || strconv.Itoa(i) != k.Name {
			d.unfit("a list")
			return nil, false
		}
		out[i-1] = k
	}
	if len(out) == 0 {
		d.unfit("a list")
		return nil, false
	}
	return out, true
}

// nodeList reads the elements of a list.
func nodeList[T any](d *Decoder, name, item string, elem func(*Decoder) (T, bool)) []T {
	nodes, ok := d.elements(item)
	if !ok {
		return nil
	}
	out := make([]T, 0, len(nodes))
	top := len(d.path)
	d.path = append(d.path, segment{name: name})
	for i, n := range nodes {
		d.path[top].index = i + 1
		d.node = n
		if v, ok := elem(d); ok {
			out = append(out, v)
		}
	}
	d.path = d.path[:top]
	return out
}

// nodeMap reads the entries of a map: numbered pairs in a form, plain members
// in a head.
func nodeMap[T any](d *Decoder, name string, form *MapForm, value func(*Decoder) (T, bool)) map[string]T {
	out := map[string]T{}
	top := len(d.path)
	d.path = append(d.path, segment{name: name, inMap: true})
	if d.node.Items {
		for _, n := range d.node.Kids {
			d.path[top].key, d.node = n.Name, n
			if v, ok := value(d); ok {
				out[n.Name] = v
			}
		}
		d.path = d.path[:top]
		return out
	}
	nodes, ok := d.elements(form.Entry)
	if !ok {
		return nil
	}
	for _, n := range nodes {
		k, v := n.kid(form.Key), n.kid(form.Value)
		if k == nil || v == nil || len(n.Kids) != 2 {
			d.node = n
			d.unfit("an entry of a map")
			return nil
		}
		d.node = k
		key, _ := d.leaf("a String")
		d.path[top].key, d.node = key, v
		if x, ok := value(d); ok {
			out[key] = x
		}
	}
	d.path = d.path[:top]
	return out
}

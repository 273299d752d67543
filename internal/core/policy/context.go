package policy

// Context holds the condition keys of one request. Keys compare without regard to case, a key may have several values,
// and a key with no values is as good as absent. The zero value is empty and ready for use.
type Context struct {
	entries []entry
}

// entry is a key with its values; the commonest, a single one, needs no slice of its own.
type entry struct {
	key   string
	alone [1]string
	many  []string
}

func (e *entry) values() []string {
	if e.many != nil {
		return e.many
	}
	return e.alone[:]
}

// NewContext returns a context with the given keys; callers that know them one by one use Set.
func NewContext(values map[string][]string) Context {
	var c Context
	for key, v := range values {
		c.Set(key, v...)
	}
	return c
}

// Set gives key these values instead of those it had. Without values the key stays in the context, empty.
func (c *Context) Set(key string, values ...string) {
	e := c.find(key)
	if e == nil {
		c.entries = append(c.entries, entry{key: key})
		e = &c.entries[len(c.entries)-1]
	}
	if len(values) == 1 {
		e.alone[0], e.many = values[0], nil
		return
	}
	e.many = append([]string{}, values...)
}

// Get returns the values of key, nil when it is absent. They must not be changed.
func (c *Context) Get(key string) []string {
	if e := c.find(key); e != nil {
		return e.values()
	}
	return nil
}

// Keys returns the keys in the order and the spelling in which they were set.
func (c *Context) Keys() []string {
	keys := make([]string, len(c.entries))
	for i := range c.entries {
		keys[i] = c.entries[i].key
	}
	return keys
}

// Clone returns a copy that can be changed on its own.
func (c *Context) Clone() Context {
	return Context{entries: append([]entry(nil), c.entries...)}
}

// Merge sets every key of other, over what was there.
func (c *Context) Merge(other *Context) {
	for i := range other.entries {
		c.Set(other.entries[i].key, other.entries[i].values()...)
	}
}

func (c *Context) find(key string) *entry {
	if c == nil {
		return nil
	}
	for i := range c.entries {
		if foldEqual(c.entries[i].key, key) {
			return &c.entries[i]
		}
	}
	return nil
}

// single returns the value of a key that has exactly one: several values cannot stand in the place of a variable.
func (c *Context) single(key string) (string, bool) {
	if e := c.find(key); e != nil {
		if v := e.values(); len(v) == 1 {
			return v[0], true
		}
	}
	return "", false
}

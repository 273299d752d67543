package iam

import (
	"sync"

	"cognate/internal/core/policy"
)

// cachedDocuments bounds each of the two generations of compiled session policies.
const cachedDocuments = 512

// compiled keeps session policies by their text, because sessions bring the same few again and again. When the young
// generation is full it becomes the old one.
type compiled struct {
	mu         sync.Mutex
	young, old map[string]*policy.Policy
}

func (c *compiled) parse(document string) (*policy.Policy, error) {
	c.mu.Lock()
	p := c.young[document]
	if p == nil {
		p = c.old[document]
	}
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := compile(document, policy.Session)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= cachedDocuments {
		c.old, c.young = c.young, map[string]*policy.Policy{}
	}
	c.young[document] = p
	return p, nil
}

package policy

// evaluation is the state of one decision.
type evaluation struct {
	request  *Request
	resource arnParts
	bounded  bool
	full     bool
	matched  []Match
	layers   map[Layer]Result
}

// verdict is what the policies of one layer say together.
type verdict struct {
	denied  bool
	allowed bool
	grip    grip // of the firmest statement that allows
	match   Match
}

func (e *evaluation) decide(sets *Sets) Decision {
	e.bounded = sets.Boundary != nil
	identity := e.layer(ByIdentity, sets.Identity)
	boundary := e.layer(ByBoundary, sets.Boundary)
	session, sessionAllows := verdict{}, true
	for _, layer := range sets.Session {
		v := e.layer(BySession, layer)
		sessionAllows = sessionAllows && v.allowed
		if v.denied && !session.denied {
			session = v
		}
	}
	resource := e.layer(ByResource, sets.Resource)
	if e.full {
		session.allowed = sessionAllows
		e.note(sets, identity, boundary, session, resource)
	}
	for _, v := range []*verdict{&identity, &boundary, &session, &resource} {
		if v.denied {
			return e.answer(ExplicitDeny, v.match.Layer, v.match)
		}
	}
	boundaryAllows := sets.Boundary == nil || boundary.allowed
	return e.combine(sets, identity, resource, boundaryAllows, sessionAllows)
}

// note keeps the results of the layers for an Explain.
func (e *evaluation) note(sets *Sets, verdicts ...verdict) {
	e.layers = map[Layer]Result{}
	there := []bool{sets.Identity != nil, sets.Boundary != nil, sets.Session != nil, sets.Resource != nil}
	for layer, v := range verdicts {
		switch {
		case !there[layer]:
		case v.denied:
			e.layers[Layer(layer)] = ExplicitDeny
		case v.allowed:
			e.layers[Layer(layer)] = Allowed
		default:
			e.layers[Layer(layer)] = ImplicitDeny
		}
	}
}

// combine decides where no statement denies.
func (e *evaluation) combine(sets *Sets, identity, resource verdict, boundary, session bool) Decision {
	p := &e.request.Principal
	foreign := e.request.Account != "" && e.request.Account != p.Account
	switch p.Kind {
	case Anonymous, Federated, Service:
		// They have no policies of their own: the resource's is all there is.
		identity, foreign = verdict{allowed: true}, true
		boundary, session = true, true
	case Root:
		identity.allowed = true
	default:
		identity.allowed = identity.allowed || sets.Unlimited
	}
	firm := resource.grip
	if foreign {
		firm = min(firm, account)
	}
	byResource := resource.allowed && firm >= indirect
	switch {
	case !identity.allowed && !byResource:
		return e.answer(ImplicitDeny, ByIdentity)
	case (foreign || sets.Alone) && !resource.allowed:
		return e.answer(ImplicitDeny, ByResource)
	case !boundary && firm < direct:
		return e.answer(ImplicitDeny, ByBoundary)
	case !session && firm < direct:
		return e.answer(ImplicitDeny, BySession)
	case identity.allowed && identity.match.Source.Policy != nil:
		return e.answer(Allowed, ByIdentity, identity.match)
	case resource.allowed:
		return e.answer(Allowed, ByResource, resource.match)
	}
	return e.answer(Allowed, ByRoot)
}

// answer makes the decision; a full evaluation names all statements with the effect that decided.
func (e *evaluation) answer(result Result, layer Layer, match ...Match) Decision {
	d := Decision{Result: result, Layer: layer, Matched: match, Layers: e.layers}
	if !e.full || result == ImplicitDeny {
		return d
	}
	d.Matched = nil
	for _, m := range e.matched {
		if (m.Source.Policy.statements[m.Statement].effect == Deny) == (result == ExplicitDeny) {
			d.Matched = append(d.Matched, m)
		}
	}
	return d
}

// layer evaluates all policies of one kind.
func (e *evaluation) layer(layer Layer, sources []Source) (v verdict) {
	for i := range sources {
		policy := sources[i].Policy
		for j := range policy.statements {
			s := &policy.statements[j]
			firm, applies := e.applies(s)
			if !applies {
				continue
			}
			m := Match{Layer: layer, Source: sources[i], Statement: j}
			if e.full {
				e.matched = append(e.matched, m)
			}
			switch {
			case s.effect == Deny && !v.denied:
				v.denied, v.match = true, m
				if !e.full {
					return v
				}
			case s.effect == Allow && (!v.allowed || firm > v.grip):
				v.allowed, v.grip = true, max(v.grip, firm)
				if !v.denied {
					v.match = m
				}
			}
		}
	}
	return v
}

// applies reports whether a statement is about the request, and how firmly it names the principal.
func (e *evaluation) applies(s *statement) (grip, bool) {
	if !s.matchesAction(e.request.Action) {
		return unnamed, false
	}
	firm := unnamed
	if s.principals != nil {
		if firm = s.grip(&e.request.Principal); firm == unnamed {
			// IAM documents that a boundary makes a denial by NotPrincipal hold for those it names, too.
			if !s.notPrincipal || s.effect != Deny || !e.bounded {
				return unnamed, false
			}
			firm = indirect
		}
	}
	if s.resources != nil && !s.matchesResource(e.request.Context, &e.resource) {
		return unnamed, false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e.request.Context) {
			return unnamed, false
		}
	}
	return firm, true
}

func (s *statement) matchesAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].match(nil, action, true) {
			return !s.notAction
		}
	}
	return s.notAction
}

func (s *statement) matchesResource(ctx *Context, a *arnParts) bool {
	for i := range s.resources {
		if s.resources[i].match(ctx, a) {
			return !s.notResource
		}
	}
	return s.notResource
}

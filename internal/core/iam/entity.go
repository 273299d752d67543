package iam

import (
	"slices"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
)

// kind is a kind of entity. It is kept in the database and begins the resource of the entity's ARN.
type kind string

const (
	kindUser   kind = "user"
	kindGroup  kind = "group"
	kindRole   kind = "role"
	kindPolicy kind = "policy"
	kindOIDC   kind = "oidc-provider"
	kindSAML   kind = "saml-provider"
	kindMFA    kind = "mfa"
)

// tag is one tag of an entity.
type tag struct{ Key, Value string }

// base is what every entity has.
type base struct {
	Name    string // as it was given; unique within its kind whatever its case
	Path    string `json:",omitempty"`
	ID      string `json:",omitempty"` // never used twice, unlike the name
	Created int64  // ms
	Tags    []tag  `json:",omitempty"`
}

// entity is what IAM keeps under a name.
type entity interface {
	kind() kind
	common() *base
}

func (b *base) common() *base { return b }

// key is the name under which an entity is kept: names that differ in case only are one.
func key(name string) string { return strings.ToLower(name) }

// holder are the policies of an entity that may do something.
type holder struct {
	Inline   map[string]string `json:",omitempty"` // documents by name
	Attached []string          `json:",omitempty"` // ARNs, in the order in which they were attached
	Boundary string            `json:",omitempty"` // ARN
}

func (h *holder) holds() *holder { return h }

// owner is an entity that has policies.
type owner interface {
	entity
	holds() *holder
}

// user is a person or program with keys of its own.
type user struct {
	base
	holder
	Groups  []string `json:",omitempty"` // keys, in the order in which the user joined
	Keys    []string `json:",omitempty"` // access key ids
	Devices []string `json:",omitempty"` // keys of virtual MFA devices
}

func (*user) kind() kind { return kindUser }

// group gives its policies to users.
type group struct {
	base
	holder
}

func (*group) kind() kind { return kindGroup }

// role is assumed by whom its trust policy names.
type role struct {
	base
	holder
	Description string            `json:",omitempty"`
	Trust       string            // the document as it was sent
	Pins        map[string]string `json:",omitempty"` // unique ids by the ARNs of users and roles that the document names
	MaxSession  int64             // seconds
	Linked      string            `json:",omitempty"` // the service whose role it is
}

func (*role) kind() kind { return kindRole }

// managed is a managed policy of the account.
type managed struct {
	base
	Description string    `json:",omitempty"`
	Versions    []version // oldest first
	Default     int
	Last        int // the number given last
	Updated     int64
}

func (*managed) kind() kind { return kindPolicy }

// version is one version of a managed policy.
type version struct {
	Number   int
	Document string
	Created  int64
}

// at returns a version, nil when there is none of that number.
func (p *managed) at(number int) *version {
	for i := range p.Versions {
		if p.Versions[i].Number == number {
			return &p.Versions[i]
		}
	}
	return nil
}

// arn is the name of an entity of this account.
func (r *Room) arn(e entity) string {
	b := e.common()
	path := b.Path
	if path == "" {
		path = "/"
	}
	return r.arnOf(e.kind(), path, b.Name)
}

func (r *Room) arnOf(k kind, path, name string) string {
	return "arn:aws:iam::" + r.deps.Account + ":" + string(k) + path + name
}

// nameIn returns the name at the end of an ARN of an entity of this account, "" when it is not one of that kind.
func (r *Room) nameIn(arn string, k kind) string {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::"+r.deps.Account+":"+string(k)+"/")
	if !ok {
		return ""
	}
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

// tags is what entities show of their tags.
func (b *base) tags() []iam.Tag {
	out := make([]iam.Tag, len(b.Tags))
	for i, t := range b.Tags {
		out[i] = iam.Tag{Key: t.Key, Value: t.Value}
	}
	return out
}

// created is the time of creation as the wire has it.
func (b *base) created() rt.Time { return rt.TimeFromMillis(b.Created / 1000 * 1000) }

// tag changes and adds tags; keys that differ in case only are one.
func (b *base) tag(with []iam.Tag) error {
	if err := unlike(with); err != nil {
		return err
	}
	tags := slices.Clone(b.Tags)
	for _, t := range with {
		at := slices.IndexFunc(tags, func(old tag) bool { return strings.EqualFold(old.Key, t.Key) })
		if at < 0 {
			tags = append(tags, tag(t))
		} else {
			tags[at] = tag(t)
		}
	}
	if len(tags) > maxTags {
		return iam.NewLimitExceeded("The number of tags has reached the maximum limit.")
	}
	b.Tags = tags
	return nil
}

// untag removes tags; keys that are not there are no mistake.
func (b *base) untag(keys []string) {
	b.Tags = slices.DeleteFunc(b.Tags, func(t tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}

// TextTwice is AWS's text for tags of which two have one key.
const TextTwice = "Duplicate tag keys found. Please note that Tag keys are case insensitive."

func unlike(tags []iam.Tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		if k := strings.ToLower(t.Key); seen[k] {
			return iam.NewInvalidInput("%s", TextTwice)
		} else {
			seen[k] = true
		}
	}
	return nil
}

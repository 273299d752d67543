package iam

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"strings"
	"time"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

// saml is a SAML 2.0 provider whose assertions roles may trust.
type saml struct {
	base
	Metadata string
	Until    int64 `json:",omitempty"` // ms; until when the metadata is good, 0 when it does not say
}

func (*saml) kind() kind { return kindSAML }

// metadata is what IAM reads of a SAML metadata document.
type metadata struct {
	XMLName    xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID   string   `xml:"entityID,attr"`
	ValidUntil string   `xml:"validUntil,attr"`
	IDP        []struct {
		Keys []struct {
			Use          string   `xml:"use,attr"`
			Certificates []string `xml:"http://www.w3.org/2000/09/xmldsig# KeyInfo>X509Data>X509Certificate"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:metadata KeyDescriptor"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

// errMetadata says that a text is no metadata of an identity provider.
var errMetadata = errors.New("iam: not the metadata of a SAML identity provider")

// parseMetadata reads a metadata document; it must name its issuer and a certificate that signs.
func parseMetadata(text string) (m metadata, until int64, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	if err := d.Decode(&m); err != nil {
		return m, 0, errMetadata
	}
	if m.EntityID == "" || len(m.IDP) == 0 || !m.signs() {
		return m, 0, errMetadata
	}
	if m.ValidUntil != "" {
		at, err := time.Parse(time.RFC3339, m.ValidUntil)
		if err != nil {
			return m, 0, errMetadata
		}
		until = at.UnixMilli()
	}
	return m, until, nil
}

// signs reports whether the document has a certificate for signatures, and nothing in the place of one.
func (m *metadata) signs() bool {
	found := false
	for _, idp := range m.IDP {
		for _, k := range idp.Keys {
			for _, text := range k.Certificates {
				der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
				if err != nil {
					return false
				}
				if _, err := x509.ParseCertificate(der); err != nil {
					return false
				}
				found = found || k.Use != "encryption"
			}
		}
	}
	return found
}

func badMetadata() error { return iam.NewInvalidInput("Could not parse metadata") }

// noEncryption refuses settings of encrypted assertions.
func noEncryption(mode *iam.AssertionEncryptionModeType, add *string) error {
	if mode == nil && add == nil {
		return nil
	}
	return iam.NewInvalidInput("Encrypted SAML assertions are not available.")
}

// CreateSAMLProvider implements the IAM operation.
func (o Ops) CreateSAMLProvider(ctx context.Context, in *iam.CreateSAMLProviderRequest) (*iam.CreateSAMLProviderResponse, error) {
	if err := noPropagation(in.ContextProvider, in.IdentityCenterInstanceArn); err != nil {
		return nil, err
	}
	if err := noEncryption(in.AssertionEncryptionMode, in.AddPrivateKey); err != nil {
		return nil, err
	}
	p := &saml{base: o.fresh("SAMLSP", in.Name, nil), Metadata: in.SAMLMetadataDocument}
	var err error
	if _, p.Until, err = parseMetadata(p.Metadata); err != nil {
		return nil, badMetadata()
	}
	if err := p.tag(in.Tags); err != nil {
		return nil, err
	}
	if err := o.change(ctx, func(tx *db.Tx) error { return o.add(tx, p) }); err != nil {
		return nil, err
	}
	return &iam.CreateSAMLProviderResponse{SAMLProviderArn: new(o.arn(p)), Tags: p.tags()}, nil
}

// until is the end of the metadata as the wire has it.
func (p *saml) until() *rt.Time {
	if p.Until == 0 {
		return nil
	}
	return new(rt.TimeFromMillis(p.Until))
}

// GetSAMLProvider implements the IAM operation.
func (o Ops) GetSAMLProvider(ctx context.Context, in *iam.GetSAMLProviderRequest) (*iam.GetSAMLProviderResponse, error) {
	var p saml
	if err := o.view(ctx, func(tx *db.Tx) error { return o.byARN(tx, &p, in.SAMLProviderArn) }); err != nil {
		return nil, err
	}
	return &iam.GetSAMLProviderResponse{
		SAMLProviderUUID: &p.ID, SAMLMetadataDocument: &p.Metadata, CreateDate: new(p.created()), ValidUntil: p.until(), Tags: p.tags(),
	}, nil
}

// ListSAMLProviders implements the IAM operation.
func (o Ops) ListSAMLProviders(ctx context.Context, _ *iam.ListSAMLProvidersRequest) (*iam.ListSAMLProvidersResponse, error) {
	page, err := o.asked(ctx, nil, new(int64(maxProviders)), "ListSAMLProviders")
	if err != nil {
		return nil, err
	}
	all, _, _, err := list(ctx, o.Room, page, func(*saml) bool { return true })
	if err != nil {
		return nil, err
	}
	out := &iam.ListSAMLProvidersResponse{SAMLProviderList: []iam.SAMLProviderListEntry{}}
	for _, p := range all {
		out.SAMLProviderList = append(out.SAMLProviderList, iam.SAMLProviderListEntry{Arn: new(o.arn(p)), CreateDate: new(p.created()), ValidUntil: p.until()})
	}
	return out, nil
}

// UpdateSAMLProvider implements the IAM operation.
func (o Ops) UpdateSAMLProvider(ctx context.Context, in *iam.UpdateSAMLProviderRequest) (*iam.UpdateSAMLProviderResponse, error) {
	if err := noPropagation(in.ContextProvider, in.IdentityCenterInstanceArn); err != nil {
		return nil, err
	}
	if err := noEncryption(in.AssertionEncryptionMode, in.AddPrivateKey); err != nil {
		return nil, err
	}
	err := o.change(ctx, func(tx *db.Tx) error {
		var p saml
		if err := o.byARN(tx, &p, in.SAMLProviderArn); err != nil {
			return err
		}
		if in.SAMLMetadataDocument == nil {
			return nil
		}
		_, until, err := parseMetadata(*in.SAMLMetadataDocument)
		if err != nil {
			return badMetadata()
		}
		p.Metadata, p.Until = *in.SAMLMetadataDocument, until
		return replace(tx, o.deps.Account, &p)
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateSAMLProviderResponse{SAMLProviderArn: &in.SAMLProviderArn}, nil
}

// DeleteSAMLProvider implements the IAM operation.
func (o Ops) DeleteSAMLProvider(ctx context.Context, in *iam.DeleteSAMLProviderRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		var p saml
		if err := o.byARN(tx, &p, in.SAMLProviderArn); err != nil {
			return err
		}
		return remove(tx, o.deps.Account, kindSAML, key(p.Name))
	})
}

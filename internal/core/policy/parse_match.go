package policy

import (
	"fmt"
	"strings"
)

// actionsGiven compiles the actions; there has to be at least one.
func (p *parser) actionsGiven(*node) error {
	for i, n := range p.nodes {
		s := &p.policy.statements[i]
		s.notAction = n.field("NotAction") != nil
		if element := either(n, "Action"); element != nil {
			texts, _ := element.texts()
			for _, text := range texts {
				s.actions = append(s.actions, compile(text, true, false))
			}
		}
		if len(s.actions) == 0 {
			return p.fail(n, textNoActions, fmt.Sprintf(textMissing, "Action"))
		}
	}
	return nil
}

// actionForms checks the names of the actions.
func (p *parser) actionForms(*node) error {
	for _, n := range p.nodes {
		element := either(n, "Action")
		texts, _ := element.texts()
		for _, text := range texts {
			if reason := actionForm(text); reason != "" {
				return p.fail(element, reason, reason)
			}
			if vendor, _, _ := strings.Cut(text, ":"); p.kind == Trust && vendor != "*" && !strings.EqualFold(vendor, "sts") {
				return p.fail(element, "", textOnlyAssume)
			}
		}
	}
	return nil
}

// actionForm returns why text cannot be an action, empty when it can.
func actionForm(text string) string {
	if text == "*" {
		return ""
	}
	vendor, name, colon := strings.Cut(text, ":")
	switch {
	case !colon:
		return textNoVendor
	case strings.Contains(name, ":"):
		return textOneColon
	case vendor != "*" && !vendorName(vendor):
		return fmt.Sprintf(textVendor, vendor)
	}
	return ""
}

func vendorName(s string) bool {
	for i := range len(s) {
		if b := s[i]; b != '-' && b != '.' && !alphanumeric(s[i:i+1]) {
			return false
		}
	}
	return s != ""
}

// resources calls visit for every resource of every statement.
func (p *parser) resources(visit func(s *statement, element *node, text string) error) error {
	for i, n := range p.nodes {
		element := either(n, "Resource")
		if element == nil {
			continue
		}
		texts, _ := element.texts()
		for _, text := range texts {
			if err := visit(&p.policy.statements[i], element, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// legacyResources refuses ARNs that IAM refuses before it looks at what they name, and compiles the others.
func (p *parser) legacyResources(*node) error {
	for i, n := range p.nodes {
		p.policy.statements[i].notResource = n.field("NotResource") != nil
	}
	return p.resources(func(s *statement, element *node, text string) error {
		if resourceForm(text) == textLegacy {
			return p.fail(element, textLegacy, textBadResource)
		}
		s.resources = append(s.resources, compileARN(text, p.variables(), false))
		return nil
	})
}

// resourceForms checks the ARNs.
func (p *parser) resourceForms(*node) error {
	return p.resources(func(_ *statement, element *node, text string) error {
		if reason := resourceForm(text); reason != "" {
			return p.fail(element, reason, textBadResource)
		}
		return nil
	})
}

// resourcesGiven demands a resource of every statement but those of trust policies.
func (p *parser) resourcesGiven(*node) error {
	for i := range p.policy.statements {
		if p.kind != Trust && len(p.policy.statements[i].resources) == 0 {
			return p.fail(p.nodes[i], textNoResources, fmt.Sprintf(textMissing, "Resource"))
		}
	}
	return nil
}

// partitions are the parts of AWS that ARNs may lie in.
var partitions = map[string]bool{
	"*": true, "aws": true, "aws-cn": true, "aws-us-gov": true, "aws-iso": true, "aws-iso-b": true, "aws-iso-e": true,
	"aws-iso-f": true, "aws-eusc": true,
}

// iamPaths are the beginnings of the resources of IAM.
var iamPaths = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
	"policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}

// regionalS3 are the resources of S3 that have a Region, unlike buckets and objects.
var regionalS3 = []string{"accesspoint/", "job/", "storage-lens/", "storage-lens-group/", "access-grants/"}

// resourceForm returns why text cannot be a resource, empty when it can.
func resourceForm(text string) string {
	if text == "*" {
		return ""
	}
	fields := cutFields(text, true)
	if len(fields) == 1 {
		return fmt.Sprintf(textARN, text)
	}
	if !partitions[fields[1]] {
		return fmt.Sprintf(textPartition, fields[1], "arn:"+strings.Join(filled(fields[1:]), ":"))
	}
	if fields[0] != "arn" {
		return fmt.Sprintf(textARN, text)
	}
	if len(fields) == 2 || strings.ContainsAny(fields[2], "*?$") {
		return textService
	}
	if fields[2] == "" || len(fields) < segments && strings.Contains(text, "::") {
		return textLegacy
	}
	return serviceForm(text, filled(fields))
}

// filled adds a "*" for every field that was left out.
func filled(fields []string) []string {
	want := segments
	if fields[0] != "arn" {
		want--
	}
	for len(fields) < want {
		fields = append(fields, "*")
	}
	return fields
}

// serviceForm checks what IAM knows about the ARNs of two services.
func serviceForm(text string, fields []string) string {
	region, resource := fields[3], fields[5]
	begins := func(with []string) bool {
		for _, prefix := range with {
			if strings.HasPrefix(resource, prefix) {
				return true
			}
		}
		return strings.HasPrefix(resource, "*")
	}
	switch fields[2] {
	case "iam":
		if region != "" && region != "*" {
			return fmt.Sprintf(textIAMRegion, text)
		}
		if !begins(iamPaths) {
			return fmt.Sprintf(textIAMPath, strings.Join(iamPaths, ", "))
		}
	case "s3":
		if region != "" && region != "*" && !begins(regionalS3) {
			return fmt.Sprintf(textS3Region, text)
		}
	}
	return ""
}

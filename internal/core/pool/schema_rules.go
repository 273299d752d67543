package pool

import (
	"strconv"

	"cognate/internal/api/cognitoidp"
)

// maxCustom is how many custom attributes a pool may have.
const maxCustom = 50

// standardNames are the attributes that every pool has, in the order in which DescribeUserPool lists them.
var standardNames = []string{
	"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
	"website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
	"phone_number_verified", "address", "updated_at",
}

// standard is the schema entry of a standard attribute in a pool that does not change it.
func standard(name string) cognitoidp.SchemaAttributeType {
	a := cognitoidp.SchemaAttributeType{
		Name: new(name), AttributeDataType: new(cognitoidp.AttributeDataTypeString), DeveloperOnlyAttribute: new(false),
		Mutable: new(true), Required: new(false),
	}
	bounds := func(least, most string) {
		a.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: new(least), MaxLength: new(most)}
	}
	switch name {
	case "sub":
		a.Mutable, a.Required = new(false), new(true)
		bounds("1", "2048")
	case "birthdate":
		bounds("10", "10")
	case "email_verified", "phone_number_verified":
		a.AttributeDataType = new(cognitoidp.AttributeDataTypeBoolean)
	case "updated_at":
		a.AttributeDataType = new(cognitoidp.AttributeDataTypeNumber)
		a.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: new("0")}
	default:
		bounds("0", "2048")
	}
	return a
}

// buildSchema makes the effective schema of a new pool: the standard attributes, as changed by in, and then the custom
// ones in the order given.
func buildSchema(in []cognitoidp.SchemaAttributeType) ([]cognitoidp.SchemaAttributeType, error) {
	out := make([]cognitoidp.SchemaAttributeType, 0, len(standardNames)+len(in))
	at := make(map[string]int, cap(out))
	for i, name := range standardNames {
		out = append(out, standard(name))
		at[name] = i
	}
	changed := make(map[string]bool)
	var custom []cognitoidp.SchemaAttributeType
	for _, a := range in {
		name := str(a.Name)
		i, known := at[name]
		if !known {
			custom = append(custom, a)
			continue
		}
		if changed[name] {
			return nil, cognitoidp.NewInvalidParameter("Duplicate attribute names %s are not allowed in a user pool schema.", name)
		}
		changed[name] = true
		merged, err := adjustStandard(out[i], a)
		if err != nil {
			return nil, err
		}
		out[i] = merged
	}
	return addCustom(out, custom, func(name string) error {
		return cognitoidp.NewInvalidParameter("Duplicate custom attribute names %s are not allowed in a user pool schema.", name)
	})
}

// adjustStandard applies an owner's wishes to a standard attribute: everything but name, type and visibility.
func adjustStandard(have, want cognitoidp.SchemaAttributeType) (cognitoidp.SchemaAttributeType, error) {
	name := str(have.Name)
	if want.AttributeDataType != nil && *want.AttributeDataType != *have.AttributeDataType || on(want.DeveloperOnlyAttribute) {
		return have, cognitoidp.NewInvalidParameter("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", name)
	}
	if name == "sub" && (want.Mutable != nil && *want.Mutable || want.Required != nil && !*want.Required) {
		return have, cognitoidp.NewInvalidParameter("The standard schema attribute sub is always required and can not be mutable.")
	}
	have.Mutable = or(want.Mutable, *have.Mutable)
	have.Required = or(want.Required, *have.Required)
	return have, constrain(&have, want, name)
}

// addCustom appends custom attributes to a schema. twice makes the refusal of a name that exists already.
func addCustom(schema, add []cognitoidp.SchemaAttributeType, twice func(name string) error) ([]cognitoidp.SchemaAttributeType, error) {
	names := make(map[string]bool, len(schema))
	count := 0
	for _, a := range schema {
		names[str(a.Name)] = true
		if isCustom(str(a.Name)) {
			count++
		}
	}
	out := append([]cognitoidp.SchemaAttributeType(nil), schema...)
	for i, want := range add {
		a, err := customAttribute(i, want)
		if err != nil {
			return nil, err
		}
		if names[*a.Name] {
			return nil, twice(*a.Name)
		}
		names[*a.Name] = true
		out = append(out, a)
	}
	if count += len(add); count > maxCustom {
		return nil, cognitoidp.NewInvalidParameter("A user pool can have at most %d custom attributes; this request would make %d.", maxCustom, count)
	}
	return out, nil
}

// customAttribute is the effective entry of the i-th custom attribute of a request.
func customAttribute(i int, want cognitoidp.SchemaAttributeType) (cognitoidp.SchemaAttributeType, error) {
	var a cognitoidp.SchemaAttributeType
	if str(want.Name) == "" {
		return a, cognitoidp.NewInvalidParameter("1 validation error detected: Value null at 'schema.%d.member.name' failed to satisfy constraint: Member must not be null", i+1)
	}
	if !knownType(want.AttributeDataType) {
		return a, cognitoidp.NewInvalidParameter("Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	}
	if on(want.Required) {
		return a, cognitoidp.NewInvalidParameter("Required custom attributes are not supported currently.")
	}
	name := customPrefix + *want.Name
	if on(want.DeveloperOnlyAttribute) {
		name = devPrefix + *want.Name
	}
	a = cognitoidp.SchemaAttributeType{
		Name: &name, AttributeDataType: want.AttributeDataType, Required: new(false),
		DeveloperOnlyAttribute: or(want.DeveloperOnlyAttribute, false), Mutable: or(want.Mutable, true),
	}
	switch *want.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		a.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{}
	case cognitoidp.AttributeDataTypeNumber:
		a.NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{}
	}
	return a, constrain(&a, want, name)
}

func knownType(t *cognitoidp.AttributeDataType) bool {
	switch val(t) {
	case cognitoidp.AttributeDataTypeString, cognitoidp.AttributeDataTypeNumber, cognitoidp.AttributeDataTypeDateTime, cognitoidp.AttributeDataTypeBoolean:
		return true
	}
	return false
}

// constrain checks the bounds that a request gives and puts those that fit the attribute's type into a. Bounds of
// another type mean nothing and are dropped.
func constrain(a *cognitoidp.SchemaAttributeType, want cognitoidp.SchemaAttributeType, name string) error {
	switch *a.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		if c := want.StringAttributeConstraints; c != nil {
			if err := checkLengths(name, c); err != nil {
				return err
			}
			a.StringAttributeConstraints = c
		}
	case cognitoidp.AttributeDataTypeNumber:
		if c := want.NumberAttributeConstraints; c != nil {
			if err := checkValues(name, c); err != nil {
				return err
			}
			a.NumberAttributeConstraints = c
		}
	}
	return nil
}

// checkLengths holds 0 <= MinLength <= MaxLength <= 2048.
func checkLengths(name string, c *cognitoidp.StringAttributeConstraintsType) error {
	least, most := 0, maxValue
	for _, bound := range []struct {
		text *string
		into *int
		what string
	}{{c.MinLength, &least, "MinLength"}, {c.MaxLength, &most, "MaxLength"}} {
		if bound.text == nil {
			continue
		}
		n, err := strconv.Atoi(*bound.text)
		if err != nil || n < 0 {
			return cognitoidp.NewInvalidParameter("user.%s: %s must be a number that is not negative.", name, bound.what)
		}
		if n > maxValue {
			return cognitoidp.NewInvalidParameter("user.%s: String attributes cannot have a length of more than %d", name, maxValue)
		}
		*bound.into = n
	}
	if least > most {
		return cognitoidp.NewInvalidParameter("Attribute %s cannot have a max length shorter than it's min length", name)
	}
	return nil
}

// checkValues holds MinValue <= MaxValue.
func checkValues(name string, c *cognitoidp.NumberAttributeConstraintsType) error {
	for _, bound := range []struct {
		text *string
		what string
	}{{c.MinValue, "MinValue"}, {c.MaxValue, "MaxValue"}} {
		if bound.text == nil {
			continue
		}
		if _, ok := number(*bound.text); !ok {
			return cognitoidp.NewInvalidParameter("user.%s: %s must be a number.", name, bound.what)
		}
	}
	if c.MinValue == nil || c.MaxValue == nil {
		return nil
	}
	least, _ := number(*c.MinValue)
	if most, _ := number(*c.MaxValue); most.Cmp(least) < 0 {
		return cognitoidp.NewInvalidParameter("Attribute %s cannot have a max value smaller than it's min value", name)
	}
	return nil
}

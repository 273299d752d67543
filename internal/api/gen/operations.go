package main

// resourceMembers names, per service, the input members that say which
// resource a call is about, in order of preference.
var resourceMembers = map[string][]string{
	"cognito-idp": {"UserPoolId", "ResourceArn"},
	"kms":         {"KeyId"},
}

func (m *model) emitOperations(e *emitter) {
	e.p("// The service as clients and the wire name it.\nconst (")
	e.p("ServiceName = %q // in ARNs, actions and signing scopes", m.service)
	e.p("TargetPrefix = %q // of X-Amz-Target", m.Metadata.TargetPrefix)
	e.p("APIVersion = %q\n)\n", m.Metadata.APIVersion)
	e.p("// Info is what the model says about the service as a whole.")
	e.p("var Info = rt.Info{\nName: ServiceName, Protocol: %q, TargetPrefix: TargetPrefix, APIVersion: APIVersion,", m.Metadata.Protocol)
	e.p("JSONVersion: %q, XMLNamespace: %q,\n}\n", m.Metadata.JSONVersion, m.Metadata.XMLNamespace)
	e.p("// Operations is the operation table, sorted by name.")
	e.p("var Operations = []rt.Operation[Service]{")
	for _, op := range m.operationNames() {
		o := m.Operations[op]
		e.p("{\nName: %q,", op)
		if o.Unsigned {
			e.p("Unsigned: true,")
		}
		e.p("Errors: []string{")
		for _, name := range o.Errors {
			e.p("%q,", m.errorCode(name))
		}
		e.p("},")
		e.p("Decode: func(d *rt.Decoder) (any, error) { return Decode%s(d) },", o.Input)
		m.emitResource(e, o)
		m.emitHTTP(e, o)
		if o.Wrapper != "" {
			e.p("ResultWrapper: %q,", o.Wrapper)
		}
		e.p("Invoke: func(ctx context.Context, svc Service, in any) (rt.StructEncoder, error) {")
		if o.Output == "" {
			e.p("return nil, svc.%s(ctx, in.(*%s))", op, o.Input)
		} else {
			e.p("out, err := svc.%s(ctx, in.(*%s))", op, o.Input)
			e.p("if err != nil {\nreturn nil, err\n}\nreturn out, nil")
		}
		e.p("},\n},")
	}
	e.p("}")
}

func (m *model) emitResource(e *emitter, o *operation) {
	in := m.Shapes[o.Input]
	for _, want := range resourceMembers[m.service] {
		for _, mem := range in.Members {
			switch {
			case mem.Name != want:
				continue
			case in.requires(want):
				e.p("Resource: func(in any) string { return in.(*%s).%s },", o.Input, fieldName(want))
			default:
				e.p("Resource: func(in any) string {\nif p := in.(*%s).%s; p != nil {\nreturn *p\n}\nreturn \"\"\n},", o.Input, fieldName(want))
			}
			return
		}
	}
}

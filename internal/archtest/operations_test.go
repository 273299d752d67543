package archtest

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// operations returns the AWS operations of every generated service: service package name -> set of operation names,
// read from its Service interface.
func operations(r *repository) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, file := range r.Files {
		service, ok := strings.CutPrefix(file.Dir, "internal/api/")
		if !ok || file.Test() {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			iface, ok := spec.Type.(*ast.InterfaceType)
			if !ok || spec.Name.Name != "Service" {
				return false
			}
			out[service] = map[string]bool{}
			for _, method := range iface.Methods.List {
				for _, name := range method.Names {
					out[service][name.Name] = true
				}
			}
			return false
		})
	}
	return out
}

// receiver returns the type name of a method's receiver, "" for a function.
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	expr := fn.Recv.List[0].Type
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// request returns service package and operation of a method whose last parameter is `*service.<Name>Request`, which is
// the shape of every AWS operation.
func request(fn *ast.FuncDecl) (service, operation string) {
	params := fn.Type.Params.List
	if len(params) == 0 {
		return "", ""
	}
	star, ok := params[len(params)-1].Type.(*ast.StarExpr)
	if !ok {
		return "", ""
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	pkg, ok := sel.X.(*ast.Ident)
	name, isRequest := strings.CutSuffix(sel.Sel.Name, "Request")
	if !ok || !isRequest {
		return "", ""
	}
	return pkg.Name, name
}

// TestOneOperationOneRoom holds that an AWS operation is a method of at most one room's Ops type, that Ops types carry
// nothing but operations of the models, and that no other exported method of a room poses as an operation.
func TestOneOperationOneRoom(t *testing.T) {
	r := load(t)
	known := operations(r)
	home := map[string]string{} // service.operation -> room
	for _, file := range r.Files {
		layer, room := area(file.Dir)
		if layer != "core" || file.Test() {
			continue
		}
		for _, decl := range file.File.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			where := r.at(fn.Pos())
			service, operation := request(fn)
			isOps := receiver(fn) == "Ops"
			if operation != fn.Name.Name {
				if isOps {
					t.Errorf("%s: Ops.%s of core/%s is no AWS operation; Ops carries exactly the operations of its room", where, fn.Name.Name, room)
				}
				continue
			}
			if len(known) > 0 && !known[service][operation] {
				t.Errorf("%s: %s.%s is not in the model", where, service, operation)
			}
			if !isOps {
				t.Errorf("%s: %s is an AWS operation, so it belongs on the type Ops of core/%s, not on %s", where, operation, room, receiver(fn))
			}
			key := service + "." + operation
			if other, taken := home[key]; taken {
				t.Errorf("%s: %s lives in core/%s already", where, key, other)
			}
			home[key] = room
		}
	}
	t.Logf("%d operations have a room; services: %v", len(home), slices.Sorted(maps.Keys(known)))
}

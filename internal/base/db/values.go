package db

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// bindArgs turns arguments into the values both drivers take: nil, int64,
// float64, bool, string, []byte (never nil).
func bindArgs(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, err := bindArg(a)
		if err != nil {
			return nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
		out[i] = v
	}
	return out, nil
}

func bindArg(a any) (any, error) {
	switch v := a.(type) {
	case nil:
		return nil, nil
	case string:
		return v, checkText(v)
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	case bool:
		return v, nil
	case float64:
		return v, nil
	case json.RawMessage:
		return string(v), checkText(string(v))
	case []byte:
		if v == nil {
			return []byte{}, nil
		}
		return v, nil
	}
	return bindReflect(reflect.ValueOf(a))
}

// bindReflect handles named types and pointers.
func bindReflect(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), checkText(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("db: %d does not fit a bigint", v.Uint())
		}
		return int64(v.Uint()), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return bindArg(v.Elem().Interface())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return bindArg(append([]byte{}, v.Bytes()...))
		}
	}
	return nil, fmt.Errorf("db: cannot store a %s", v.Type())
}

func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return ErrText
	}
	return nil
}

// assign stores a canonical value in what dest points to.
func assign(dest, v any) error {
	switch d := dest.(type) {
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *[]byte:
		if b, ok := v.([]byte); ok {
			*d = b
			return nil
		}
	case *bool:
		if b, ok := v.(bool); ok {
			*d = b
			return nil
		}
	case *any:
		*d = v
		return nil
	}
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("cannot scan into %T", dest)
	}
	return assignReflect(p.Elem(), v)
}

func assignReflect(d reflect.Value, v any) error {
	if d.Kind() == reflect.Pointer {
		if v == nil {
			d.SetZero()
			return nil
		}
		n := reflect.New(d.Type().Elem())
		if err := assignReflect(n.Elem(), v); err != nil {
			return err
		}
		d.Set(n)
		return nil
	}
	ok := false
	switch v := v.(type) {
	case string:
		ok = assignText(d, v)
	case []byte:
		ok = assignText(d, string(v))
	case int64:
		ok = assignInt(d, v)
	case bool:
		if ok = d.Kind() == reflect.Bool; ok {
			d.SetBool(v)
		}
	case float64:
		if ok = d.CanFloat(); ok {
			d.SetFloat(v)
		}
	}
	if !ok {
		return fmt.Errorf("cannot scan %T into %s", v, d.Type())
	}
	return nil
}

func assignText(d reflect.Value, s string) bool {
	switch {
	case d.Kind() == reflect.String:
		d.SetString(s)
	case d.Kind() == reflect.Slice && d.Type().Elem().Kind() == reflect.Uint8:
		d.SetBytes([]byte(s))
	default:
		return false
	}
	return true
}

func assignInt(d reflect.Value, n int64) bool {
	switch {
	case d.CanInt() && !d.OverflowInt(n):
		d.SetInt(n)
	case d.CanUint() && n >= 0 && !d.OverflowUint(uint64(n)):
		d.SetUint(uint64(n))
	case d.Kind() == reflect.Bool && (n == 0 || n == 1):
		d.SetBool(n == 1)
	case d.CanFloat():
		d.SetFloat(float64(n))
	default:
		return false
	}
	return true
}

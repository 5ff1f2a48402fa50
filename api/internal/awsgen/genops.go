package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// signature returns the Go types of an operation's input and output.
func (op *operation) signature() (in, out string) {
	in, out = "api.None", "api.None"
	if op.Input != nil {
		in = goName(op.Input.Shape)
	}
	if op.Output != nil {
		out = goName(op.Output.Shape)
	}
	return in, out
}

// api writes the interface of the service and the type that implements none
// of it.
func (g *generator) api(b *bytes.Buffer) {
	fmt.Fprintf(b, "// API is what %s can do: one method an operation.\ntype API interface {\n", g.Metadata.ServiceFullName)
	for _, name := range g.operationNames() {
		in, out := g.Operations[name].signature()
		fmt.Fprintf(b, "\t%s(context.Context, *%s) (*%s, error)\n", name, in, out)
	}
	b.WriteString("}\n\n")
	b.WriteString("// Unimplemented answers every operation with [api.NotImplemented]. A service\n" +
		"// embeds it and implements what it can.\ntype Unimplemented struct{}\n\nvar _ API = Unimplemented{}\n\n")
	for _, name := range g.operationNames() {
		in, out := g.Operations[name].signature()
		fmt.Fprintf(b, "// %s is not implemented.\n", name)
		fmt.Fprintf(b, "func (Unimplemented) %s(context.Context, *%s) (*%s, error) {\n", name, in, out)
		fmt.Fprintf(b, "\treturn nil, api.NotImplemented(%q, %q)\n}\n\n", g.ID, name)
	}
}

// client writes the caller inside the process.
func (g *generator) client(b *bytes.Buffer) {
	b.WriteString("// Client calls the service inside the process, through its one door.\n" +
		"type Client struct{ Endpoint *api.Endpoint[API] }\n\nvar _ API = Client{}\n\n")
	for _, name := range g.operationNames() {
		in, out := g.Operations[name].signature()
		fmt.Fprintf(b, "// %s calls [Op%s].\n", name, name)
		fmt.Fprintf(b, "func (c Client) %s(ctx context.Context, in *%s) (*%s, error) {\n", name, in, out)
		fmt.Fprintf(b, "\treturn api.Invoke(ctx, c.Endpoint, Op%s, in)\n}\n\n", name)
	}
}

// ops writes the description of each operation.
func (g *generator) ops(b *bytes.Buffer) {
	b.WriteString("// The operations.\nvar (\n")
	for _, name := range g.operationNames() {
		op := g.Operations[name]
		fmt.Fprintf(b, "\tOp%s = api.NewOp(%q, API.%s, %s", name, name, name, op.httpLiteral())
		for _, e := range op.Errors {
			fmt.Fprintf(b, ", %q", e.Shape)
		}
		b.WriteString(")\n")
	}
	b.WriteString(")\n")
}

// httpLiteral returns the Go literal of an operation's binding.
func (op *operation) httpLiteral() string {
	parts := []string{fmt.Sprintf("Method: %q, URI: %q", op.HTTP.Method, op.HTTP.RequestURI)}
	if op.HTTP.ResponseCode != 0 && op.HTTP.ResponseCode != 200 {
		parts = append(parts, fmt.Sprintf("Status: %d", op.HTTP.ResponseCode))
	}
	if op.Endpoint != nil {
		parts = append(parts, fmt.Sprintf("HostPrefix: %q", op.Endpoint.HostPrefix))
	}
	if op.AuthType == "none" {
		parts = append(parts, "Unsigned: true")
	}
	if op.HTTPChecksum != nil {
		parts = append(parts, "ChecksumRequired: true")
	}
	return "api.HTTP{" + strings.Join(parts, ", ") + "}"
}

var protocols = map[string]string{
	"json": "api.JSON", "query": "api.Query", "rest-xml": "api.RESTXML", "rest-json": "api.RESTJSON", "smithy-rpc-v2-cbor": "api.CBOR",
}

// describe writes the service itself.
func (g *generator) describe(b *bytes.Buffer) {
	d := g.Metadata
	ns := d.XMLNamespace
	if ns == "" {
		ns = g.Namespace
	}
	signing := d.SigningName
	if signing == "" {
		signing = d.EndpointPrefix
	}
	fmt.Fprintf(b, "// Service describes %s.\nvar Service = &api.Service{\n", d.ServiceFullName)
	fmt.Fprintf(b, "ID: %q,\nName: %q,\nSigningName: %q,\nEndpoint: %q,\n", g.ID, d.ServiceFullName, signing, d.EndpointPrefix)
	fmt.Fprintf(b, "Protocol: %s,\nVersion: %q,\n", protocols[d.Protocol], d.APIVersion)
	g.further(b)
	for _, f := range []struct{ field, value string }{{"TargetPrefix", d.TargetPrefix}, {"XMLNamespace", ns}} {
		if f.value != "" {
			fmt.Fprintf(b, "%s: %q,\n", f.field, f.value)
		}
	}
	if g.Global {
		b.WriteString("Global: true,\n")
	}
	g.lists(b)
	b.WriteString("Shapes: Shapes,\n}\n")
}

// further writes what a service has that speaks several protocols.
func (g *generator) further(b *bytes.Buffer) {
	d := g.Metadata
	if len(d.Protocols) > 1 {
		b.WriteString("Also: []api.Protocol{")
		for _, p := range d.Protocols {
			if p != d.Protocol {
				b.WriteString(protocols[p] + ",")
			}
		}
		b.WriteString("},\n")
	}
	if d.JSONVersion == "1.0" {
		b.WriteString("OldJSON: true,\n")
	}
	if d.AWSQueryCompatible != nil {
		b.WriteString("QueryCompatible: true,\n")
	}
}

// lists writes the operations of the service, carried and omitted.
func (g *generator) lists(b *bytes.Buffer) {
	b.WriteString("Operations: []*api.Operation{\n")
	for _, name := range g.operationNames() {
		fmt.Fprintf(b, "Op%s.Operation,\n", name)
	}
	b.WriteString("},\n")
	if len(g.Omitted) == 0 {
		return
	}
	b.WriteString("Omitted: []api.Omission{\n")
	for _, name := range slices.Sorted(maps.Keys(g.Omitted)) {
		fmt.Fprintf(b, "{Name: %q, HTTP: %s},\n", name, g.Omitted[name].httpLiteral())
	}
	b.WriteString("},\n")
}

// packageDoc writes the comment of the package.
func (g *generator) packageDoc(b *bytes.Buffer) {
	fmt.Fprintf(b, "// Package %s is the contract of %s (API version %s):\n", g.pkg(), g.Metadata.ServiceFullName, g.Metadata.APIVersion)
	b.WriteString("// its types, operations, errors and constraints, generated from AWS's model.\n" +
		"// It imports package api alone; any room may import it. AWS documents each\n" +
		"// operation and type X at\n")
	fmt.Fprintf(b, "// %sX.html.\n", g.Docs)
}

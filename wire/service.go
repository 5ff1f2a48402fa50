package wire

import (
	"fmt"
	"strings"
	"sync"

	"sealstack/api"
	"sealstack/wire/plan"
	"sealstack/wire/restxml"
)

// service is one service as the edge serves it.
type service struct {
	*api.Service
	door       api.Door
	protocol   protocol
	planner    *plan.Planner
	operations map[string]*operation
	table      *restxml.Table // RESTXML only
}

// operation is one operation, with its plans once it has been called.
type operation struct {
	*api.Operation
	service *service
	compile sync.Once
	input   *plan.Type
	output  *plan.Type // nil where the model has no output
	streams int        // field of the output that is an event stream, or -1
}

func newService(d api.Door) *service {
	about := d.Describe()
	s := &service{Service: about, door: d, protocol: protocols[about.Protocol], planner: plan.New(about), operations: map[string]*operation{}}
	if s.protocol == nil {
		panic(fmt.Sprintf("wire: no codec for the protocol of %s", about.Name))
	}
	for _, op := range about.Operations {
		s.operations[op.Name] = &operation{Operation: op, service: s, streams: streamField(op.Output)}
	}
	if about.Protocol == api.RESTXML {
		s.table = restxml.NewTable(about)
	}
	return s
}

// plans returns the plans of the operation's input and output.
func (op *operation) plans() (in, out *plan.Type) {
	op.compile.Do(func() {
		op.input = op.service.planner.Of(op.Input)
		if op.Output != noneType {
			op.output = op.service.planner.Of(op.Output)
		}
	})
	return op.input, op.output
}

// omits reports whether AWS's service has the operation and this one has not.
func (s *service) omits(name string) bool {
	for _, o := range s.Omitted {
		if o.Name == name {
			return true
		}
	}
	return false
}

// directory finds services by what requests say of them.
type directory struct {
	byTarget  map[string]*service // prefix of X-Amz-Target; the service in a path of CBOR
	bySigning map[string]*service // service of the credential scope
	byHost    map[string]*service // first label of the host name
	byVersion map[string]*service // API version, awsQuery only
	rest      *service            // takes what no other service claims: S3
}

func newDirectory(doors []api.Door) *directory {
	d := &directory{map[string]*service{}, map[string]*service{}, map[string]*service{}, map[string]*service{}, nil}
	for _, door := range doors {
		d.add(newService(door))
	}
	return d
}

func (d *directory) add(s *service) {
	d.bySigning[s.SigningName] = s
	d.byHost[s.Endpoint] = s
	for _, op := range s.Operations {
		if op.HTTP.HostPrefix != "" {
			d.byHost[op.HTTP.HostPrefix+s.Endpoint] = s
		}
	}
	if s.Speaks(api.JSON) || s.Speaks(api.CBOR) {
		d.byTarget[s.TargetPrefix] = s
		// CloudTrail's prefix has a package name in front, which the SDKs
		// made from Smithy models leave out.
		d.byTarget[s.TargetPrefix[strings.LastIndexByte(s.TargetPrefix, '.')+1:]] = s
	}
	if s.Speaks(api.Query) {
		d.byVersion[s.Version] = s
	}
	if s.Protocol == api.RESTXML {
		d.rest = s
	}
}

// target finds the service and operation that an X-Amz-Target names. op is nil
// if the service doesn't have it.
func (d *directory) target(header string) (s *service, name string) {
	dot := strings.LastIndexByte(header, '.')
	if dot < 0 {
		return nil, header
	}
	return d.byTarget[header[:dot]], header[dot+1:]
}

// host finds the service that a host name's first label names, as in
// kms.us-east-1.amazonaws.com or logs.localhost; a bucket of such a name is
// reached as logs.s3.localhost only.
func (d *directory) host(name string) *service {
	if restxml.ReadHost(name).S3 {
		return d.rest
	}
	first, _, _ := strings.Cut(name, ".")
	return d.byHost[first]
}

package kms

import (
	"fmt"
	"strings"

	"sealstack/arn"
)

// defaultPolicy is the key policy of a key that was made through the API
// without one: it trusts the account, whose IAM policies may then hand out
// the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func defaultPolicy(region, account string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:%s:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, arn.PartitionOf(region), account)
}

// layOut writes a JSON document as GetKeyPolicy shows it: the same members in
// the order given, strings and numbers spelt as they were, each member of an
// object on a line of its own, lists on one line. The text must be valid JSON.
func layOut(document string) string {
	p := printer{in: document}
	p.out.Grow(len(document) + len(document)/2)
	for p.at < len(p.in) {
		p.token()
	}
	return p.out.String()
}

// printer walks over valid JSON byte by byte. Only objects indent.
type printer struct {
	in    string
	at    int
	out   strings.Builder
	depth int    // of objects
	open  []byte // the brackets that are open
}

func (p *printer) token() {
	c := p.in[p.at]
	p.at++
	switch c {
	case ' ', '\t', '\r', '\n':
	case '"':
		p.text()
	case '{', '[':
		p.begin(c)
	case '}', ']':
		p.end(c)
	case ':':
		p.out.WriteString(" : ")
	case ',':
		p.out.WriteByte(c)
		p.next()
	default:
		p.out.WriteByte(c)
	}
}

// text copies a string, escapes and all; its opening quote has been read.
func (p *printer) text() {
	start := p.at - 1
	for p.in[p.at] != '"' {
		if p.in[p.at] == '\\' {
			p.at++
		}
		p.at++
	}
	p.at++
	p.out.WriteString(p.in[start:p.at])
}

// begin opens an object or a list, and closes it at once if it is empty.
func (p *printer) begin(c byte) {
	p.out.WriteByte(c)
	rest := strings.TrimLeft(p.in[p.at:], " \t\r\n")
	if closing := c + 2; rest[0] == closing { // '[' and ']', '{' and '}' are two apart
		p.at = len(p.in) - len(rest) + 1
		p.out.WriteByte(' ')
		p.out.WriteByte(closing)
		return
	}
	p.open = append(p.open, c)
	if c == '{' {
		p.depth++
	}
	p.next()
}

func (p *printer) end(c byte) {
	p.open = p.open[:len(p.open)-1]
	if c == ']' {
		p.out.WriteString(" ]")
		return
	}
	p.depth--
	p.line()
	p.out.WriteByte(c)
}

// next goes to where a member or an element starts.
func (p *printer) next() {
	if p.open[len(p.open)-1] == '{' {
		p.line()
		return
	}
	p.out.WriteByte(' ')
}

func (p *printer) line() {
	p.out.WriteByte('\n')
	for range p.depth {
		p.out.WriteString("  ")
	}
}

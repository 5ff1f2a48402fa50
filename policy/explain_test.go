package policy

import (
	"encoding/json"
	"testing"
)

const explained = `{"Version":"2012-10-17","Statement":[
  {"Sid":"use","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app/Reader"},"Action":"kms:Decrypt","Resource":"*",
   "Condition":{"StringEquals":{"kms:EncryptionContext:Owner":["${aws:PrincipalTag/Team}","${aws:none}"]},
                "ForAllValues:StringNotLike":{"aws:TagKeys":"x*"},
                "Null":{"aws:TokenIssueTime":"false"},
                "NumericLessThan":{"svc:N":1}}},
  {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"},
  {"Sid":"void","Effect":"Deny","Principal":"*"}]}`

func TestExplainShowsWhichPartFailedOnWhichValue(t *testing.T) {
	p := parse(t, KeyPolicy, explained)
	traces := p.Explain(&Request{
		Action: "kms:Decrypt", Resource: keyARN, Principal: session,
		Context: Keys{
			"aws:principaltag/team":       {"red"},
			"kms:encryptioncontext:owner": {"red"},
			"aws:tagkeys":                 {"a", "xb", "c"},
			"aws:tokenissuetime":          {"2024-02-29T00:00:00Z"},
		},
	})
	got, err := json.MarshalIndent(traces, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `[
 {
  "statement": {
   "index": 0,
   "sid": "use"
  },
  "effect": "Allow",
  "applies": false,
  "principal": "ByRole",
  "action": true,
  "resource": true,
  "conditions": [
   {
    "operator": "StringEquals",
    "key": "kms:EncryptionContext:Owner",
    "wanted": [
     "red",
     "${aws:none}"
    ],
    "present": true,
    "actual": [
     {
      "value": "red",
      "holds": true
     }
    ],
    "holds": true
   },
   {
    "operator": "ForAllValues:StringNotLike",
    "key": "aws:TagKeys",
    "wanted": [
     "x*"
    ],
    "present": true,
    "actual": [
     {
      "value": "a",
      "holds": true
     },
     {
      "value": "xb",
      "holds": false
     },
     {
      "value": "c",
      "holds": true
     }
    ],
    "holds": false
   },
   {
    "operator": "Null",
    "key": "aws:TokenIssueTime",
    "wanted": [
     "false"
    ],
    "present": true,
    "actual": [
     {
      "value": "2024-02-29T00:00:00Z",
      "holds": true
     }
    ],
    "holds": true
   },
   {
    "operator": "NumericLessThan",
    "key": "svc:N",
    "wanted": [
     "1"
    ],
    "present": false,
    "holds": false
   }
  ]
 },
 {
  "statement": {
   "index": 1
  },
  "effect": "Deny",
  "applies": false,
  "principal": "ByWildcard",
  "action": false,
  "resource": false
 },
 {
  "statement": {
   "index": 2,
   "sid": "void"
  },
  "effect": "Deny",
  "applies": false,
  "inert": true,
  "principal": "ByWildcard",
  "action": false,
  "resource": false
 }
]`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestExplainAgreesWithEvaluate(t *testing.T) {
	p := parse(t, KeyPolicy, typicalPolicy)
	traces := p.Explain(typicalRequest())
	want := []struct {
		applies   bool
		principal Match
	}{{false, NoMatch}, {true, ByRole}, {false, ByWildcard}}
	for i, trace := range traces {
		if trace.Applies != want[i].applies || trace.Principal != want[i].principal {
			t.Errorf("statement %d: %+v", i, trace)
		}
	}
	anonymous := p.Explain(&Request{Action: "kms:Decrypt", Resource: keyARN})
	if !anonymous[2].Applies || anonymous[1].Applies || anonymous[1].Principal != NoMatch {
		t.Errorf("for an anonymous caller: %+v", anonymous)
	}
}

func TestExplainMarksTheFailingValueOfASingleCondition(t *testing.T) {
	p := parse(t, Identity, one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:k":["a","b"]}}}`))
	trace := p.Explain(&Request{Action: "kms:Decrypt", Resource: "*", Context: Keys{"aws:k": {"b"}}})[0]
	if c := trace.Conditions[0]; c.Holds || c.Actual[0] != (ValueTrace{"b", false}) || trace.Principal != ByPrincipal || trace.Applies {
		t.Errorf("%+v", trace)
	}
}

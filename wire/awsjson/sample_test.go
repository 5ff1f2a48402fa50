package awsjson

import (
	"reflect"
	"time"

	"sealstack/api"
	"sealstack/wire/plan"
)

// Order is an input with a member of every kind.
type Order struct {
	Name   string             `aws:"Name,required"`
	Count  int32              `aws:"Count,required,name=count"`
	Total  *int64             `aws:"Total"`
	Price  *float64           `aws:"Price"`
	Ratio  *float32           `aws:"Ratio"`
	Paid   *bool              `aws:"Paid"`
	Data   []byte             `aws:"Data"`
	When   *time.Time         `aws:"When"`
	State  *State             `aws:"State"`
	Tags   []Tag              `aws:"Tags"`
	Notes  []string           `aws:"Notes"`
	Labels map[string]string  `aws:"Labels"`
	Counts map[State]int64    `aws:"Counts"`
	Grid   [][]int32          `aws:"Grid"`
	Parts  map[string]Tag     `aws:"Parts"`
	Child  *Order             `aws:"Order"`
	Choice *Choice            `aws:"Choice"`
	Scores []float64          `aws:"Scores"`
	Blobs  [][]byte           `aws:"Blobs"`
	Dates  []time.Time        `aws:"Dates"`
	Lookup map[string][]int64 `aws:"Lookup"`
	Stream func()             `aws:"Stream"`
}

// Tag is a structure with required members.
type Tag struct {
	Key   string `aws:"TagKey,required,name=TagKey"`
	Value string `aws:"TagValue,required,name=TagValue"`
}

// Choice is a union.
type Choice struct {
	Left  *string `aws:"Left"`
	Right *int32  `aws:"Right"`
}

// State is an enum.
type State string

var shop = &api.Service{ID: "shop", Shapes: map[string]api.Shape{
	"Name":     {Min: api.At(1), Max: api.At(20)},
	"Count":    {Max: api.At(100)},
	"State":    {Enum: []string{"OPEN", "DONE"}},
	"TagValue": {Max: api.At(4)},
	"Choice":   {Union: true},
	"Notes":    {Elem: "Note"},
	"Note":     {Max: api.At(8)},
	"Tags":     {Elem: "Tag"},
	"Parts":    {Elem: "Tag"},
}}

var orders = plan.New(shop).Of(reflect.TypeFor[Order]())

// decode decodes an Order and returns what it breaks.
func decode(body string) (Order, string, error) {
	var o Order
	var check plan.Checker
	err := Decode(orders, []byte(body), &o, &check)
	return o, check.Message(true), err
}

func ptr[T any](v T) *T { return &v }

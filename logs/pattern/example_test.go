package pattern_test

import (
	"errors"
	"fmt"

	"sealstack/logs/pattern"
)

func ExamplePattern_Match() {
	p, err := pattern.Parse(`ERROR -"health check"`)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Match("ERROR: disk full"))
	fmt.Println(p.Match("ERROR in health check"))
	// Output:
	// true
	// false
}

func ExamplePattern_Extract() {
	p, err := pattern.Parse(`[ip, ..., status=4*, bytes]`)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Extract(`10.0.0.1 - frank "GET /missing" 404 17`))
	fmt.Println(p.Extract(`10.0.0.1 - frank "GET /found" 200 5120`))
	// Output:
	// map[$2:- $3:frank $4:GET /missing $bytes:17 $ip:10.0.0.1 $status:404]
	// map[]
}

func ExampleParse_error() {
	_, err := pattern.Parse(`user@example.com`)
	var e *pattern.Error
	fmt.Println(errors.As(err, &e), e.Reason)
	// Output: true Invalid character(s) in term '@'
}

func ExampleSelector_Value() {
	s, err := pattern.ParseSelector(`$.timing['total ms']`)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Value(`{"timing": {"total ms": 12.5}}`))
	fmt.Println(s.Value(`took 12.5 ms`))
	// Output:
	// 12.5 true
	//  false
}

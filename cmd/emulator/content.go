package main

import "os"

// content is a flag that names a file and stands for what is in it.
type content struct{ at *[]byte }

// String is empty: what is in the file says nothing of its name.
func (c content) String() string { return "" }

func (c content) Set(file string) (err error) {
	*c.at, err = os.ReadFile(file)
	return err
}

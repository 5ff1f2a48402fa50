package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// readOps reads ops.txt: lines "service Operation Operation ...", with
// comments from # on. A service that it does not name carries all its
// operations.
func readOps(path string) (map[string][]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	carried := map[string][]string{}
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		for i, op := range words {
			if i == 0 {
				continue
			}
			if seen[words[0]+" "+op] {
				return nil, fmt.Errorf("ops.txt names %s %s twice", words[0], op)
			}
			seen[words[0]+" "+op] = true
			carried[words[0]] = append(carried[words[0]], op)
		}
	}
	return carried, lines.Err()
}

package logs

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"sealstack/api/logsapi"
)

// selection is what selection criteria say: which log groups an account
// policy is in force for.
type selection struct {
	criterion string // byName or byPrefix
	names     []string
}

// selects reports whether the log group of a name is selected.
func (s *selection) selects(group string) bool {
	if s.criterion == byName {
		return !slices.Contains(s.names, group)
	}
	return slices.ContainsFunc(s.names, func(prefix string) bool { return strings.HasPrefix(group, prefix) })
}

// selectionForms are the ways to write a criterion.
//
// Unverified: how a prefix is written. AWS's documentation shows the list for
// names alone; a list and a single prefix are both taken.
var selectionForms = []struct {
	text      *regexp.Regexp
	criterion string
}{
	{regexp.MustCompile(`^\s*LogGroupName\s+NOT\s+IN\s*(\[.*\])\s*$`), byName},
	{regexp.MustCompile(`^\s*LogGroupNamePrefix\s+IN\s*(\[.*\])\s*$`), byPrefix},
	{regexp.MustCompile(`^\s*LogGroupNamePrefix\s*=\s*(".*")\s*$`), byPrefix},
}

// parseSelection reads LogGroupName NOT IN ["name", ...], or
// LogGroupNamePrefix with one prefix or a list of them.
func parseSelection(text string) (selection, error) {
	for _, form := range selectionForms {
		found := form.text.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		names, ok := quoted(found[1])
		if !ok || len(names) == 0 && form.criterion == byPrefix {
			break
		}
		return selection{form.criterion, names}, nil
	}
	return selection{}, badSelection(text)
}

// quoted reads a list of quoted texts, or a single one.
func quoted(text string) (names []string, ok bool) {
	if strings.HasPrefix(text, `"`) {
		text = "[" + text + "]"
	}
	err := json.Unmarshal([]byte(text), &names)
	return names, err == nil && !slices.Contains(names, "")
}

// Unverified: AWS's sentence for selection criteria that do not parse or are
// not those of the policy's type.
func badSelection(text string) error {
	return logsapi.InvalidParameterException("Invalid selection criteria: %s", text)
}

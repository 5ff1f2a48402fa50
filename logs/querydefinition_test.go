package logs

import (
	"fmt"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

func (b *bench) saveQuery(name string, id *string) (string, error) {
	out, err := b.PutQueryDefinition(b.ctx, &logsapi.PutQueryDefinitionRequest{Name: name, QueryString: "fields @message", QueryDefinitionId: id, LogGroupNames: []string{"g"}})
	if err != nil {
		return "", err
	}
	return *out.QueryDefinitionId, nil
}

func (b *bench) savedQueries(prefix string) string {
	b.t.Helper()
	out, err := b.DescribeQueryDefinitions(b.ctx, &logsapi.DescribeQueryDefinitionsRequest{QueryDefinitionNamePrefix: &prefix})
	b.ok(err)
	names := []string{}
	for _, d := range out.QueryDefinitions {
		names = append(names, *d.Name)
	}
	return fmt.Sprint(names)
}

func TestSavedQueriesAreListedByNameAndReplacedByID(t *testing.T) {
	b := newBench(t)
	second, err := b.saveQuery("b/two", nil)
	b.ok(err)
	_, err = b.saveQuery("a/one", nil)
	b.ok(err)
	if got := b.savedQueries(""); got != "[a/one b/two]" {
		t.Errorf("saved %s", got)
	}
	b.advance(time.Minute)
	same, err := b.saveQuery("b/three", &second)
	b.ok(err)
	if got := b.savedQueries("b/"); got != "[b/three]" || same != second {
		t.Errorf("saved %s under %s", got, same)
	}
	out, err := b.DescribeQueryDefinitions(b.ctx, &logsapi.DescribeQueryDefinitionsRequest{QueryDefinitionNamePrefix: ptr("b")})
	b.ok(err)
	d := out.QueryDefinitions[0]
	if *d.LastModified != start.UnixMilli()+60000 || *d.QueryString != "fields @message" || d.LogGroupNames[0] != "g" {
		t.Errorf("definition %+v", d)
	}
	gone, err := b.DeleteQueryDefinition(b.ctx, &logsapi.DeleteQueryDefinitionRequest{QueryDefinitionId: second})
	b.ok(err)
	if got := b.savedQueries(""); got != "[a/one]" || !*gone.Success {
		t.Errorf("saved %s", got)
	}
}

func TestSavedQueriesRefuse(t *testing.T) {
	b := newBench(t)
	if _, err := b.saveQuery("a", ptr("none")); codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("an unknown id: %v", err)
	}
	if _, err := b.DeleteQueryDefinition(b.ctx, &logsapi.DeleteQueryDefinitionRequest{QueryDefinitionId: "none"}); codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("an unknown id: %v", err)
	}
	if _, err := b.PutQueryDefinition(b.ctx, &logsapi.PutQueryDefinitionRequest{Name: "a", QueryLanguage: ptr(logsapi.QueryLanguagePpl)}); codeOf(err) != "NotImplemented" {
		t.Errorf("another language: %v", err)
	}
	b.auth.deny = map[string]bool{"logs:PutQueryDefinition": true}
	if _, err := b.saveQuery("a", nil); codeOf(err) != "AccessDeniedException" {
		t.Errorf("without permission: %v", err)
	}
}

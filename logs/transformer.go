package logs

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/logs/transform"
)

func init() {
	accountPolicyKinds[logsapi.PolicyTypeTransformerPolicy].check = func(_ *Service, _ context.Context, document string) error {
		_, err := parseTransformer("PutAccountPolicy", document)
		return err
	}
}

// PutTransformer sets how a group's later events are transformed.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutTransformer.html
func (s *Service) PutTransformer(ctx context.Context, in *logsapi.PutTransformerRequest) (*api.None, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "PutTransformer", name)
	if err != nil {
		return nil, err
	}
	if g.Class != logsapi.LogGroupClassStandard {
		return nil, logsapi.InvalidOperationException("Transformers are not supported for log groups of class %s.", g.Class) // Unverified: AWS's sentence
	}
	text, err := configText(in.TransformerConfig)
	if err != nil {
		return nil, err
	}
	if _, err := parseTransformer("PutTransformer", text); err != nil {
		return nil, err
	}
	return nil, s.edit(ctx, placeOf(ctx), name, func(g *group) error {
		g.Transformer = g.Transformer.replaced(text, s.now())
		return nil
	})
}

// parseTransformer reads a configuration, or says what is wrong with it.
//
// Unverified: AWS's sentences.
func parseTransformer(operation, text string) (*transform.Transformer, error) {
	t, err := transform.Parse([]byte(text))
	if e, ok := errors.AsType[*transform.Invalid](err); ok {
		return nil, logsapi.InvalidParameterException("%s", e.Reason)
	}
	if e, ok := errors.AsType[*transform.Unsupported](err); ok {
		return nil, api.NotImplemented("logs", operation+" with the processor "+e.Processor)
	}
	return t, err
}

// GetTransformer returns a group's own transformer; of a group without one
// an empty answer.
//
// Unverified: AWS's answer for a group without transformer.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetTransformer.html
func (s *Service) GetTransformer(ctx context.Context, in *logsapi.GetTransformerRequest) (*logsapi.GetTransformerResponse, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "GetTransformer", name)
	if err != nil || g.Transformer == nil {
		return &logsapi.GetTransformerResponse{}, err
	}
	group := placeOf(ctx).group(name)
	out := &logsapi.GetTransformerResponse{LogGroupIdentifier: &group, CreationTime: &g.Transformer.Created, LastModifiedTime: &g.Transformer.Updated}
	var config []any
	if err := json.Unmarshal([]byte(g.Transformer.Text), &config); err != nil {
		return nil, err
	}
	fromJSON(config, reflect.ValueOf(&out.TransformerConfig).Elem())
	return out, nil
}

// DeleteTransformer ends a group's own transformer. What was ingested under
// it stays transformed.
//
// Unverified: the answer for a group without transformer.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteTransformer.html
func (s *Service) DeleteTransformer(ctx context.Context, in *logsapi.DeleteTransformerRequest) (*api.None, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, "DeleteTransformer", name, func(g *group) error {
		if g.Transformer == nil {
			return logsapi.ResourceNotFoundException("The specified transformer does not exist.")
		}
		g.Transformer = nil
		return nil
	})
}

// TestTransformer transforms events that are given. One that fails is
// answered as it is.
//
// Unverified: the latter.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestTransformer.html
func (s *Service) TestTransformer(ctx context.Context, in *logsapi.TestTransformerRequest) (*logsapi.TestTransformerResponse, error) {
	if err := s.authorizeAccount(ctx, "TestTransformer"); err != nil {
		return nil, err
	}
	text, err := configText(in.TransformerConfig)
	if err != nil {
		return nil, err
	}
	t, err := parseTransformer("TestTransformer", text)
	if err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	out := &logsapi.TestTransformerResponse{TransformedLogs: []logsapi.TransformedLogRecord{}}
	for i := range in.LogEventMessages {
		message, number := in.LogEventMessages[i], int64(i+1)
		transformed, err := t.Apply(message, transform.Metadata{Account: p.account, Region: p.region})
		if err != nil {
			transformed = message
		}
		out.TransformedLogs = append(out.TransformedLogs, logsapi.TransformedLogRecord{
			EventNumber: &number, EventMessage: &message, TransformedEventMessage: &transformed,
		})
	}
	return out, nil
}

// configText writes a configuration in the JSON in which account policies
// hold theirs.
func configText(config []logsapi.Processor) (string, error) {
	text, err := json.Marshal(asJSON(reflect.ValueOf(config)))
	return string(text), err
}

// wireName returns the name of a member of a generated shape on the wire.
func wireName(f reflect.StructField) string {
	for part := range strings.SplitSeq(f.Tag.Get("aws"), ",") {
		if name, ok := strings.CutPrefix(part, "name="); ok {
			return name
		}
	}
	return f.Name
}

// asJSON returns a value of a generated shape by its wire names, without the
// members that are absent.
func asJSON(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return asJSON(v.Elem())
	case reflect.Struct:
		object := map[string]any{}
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				object[wireName(v.Type().Field(i))] = asJSON(f)
			}
		}
		return object
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = asJSON(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// fromJSON reverses [asJSON].
func fromJSON(from any, into reflect.Value) {
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		fromJSON(from, into.Elem())
	case reflect.Struct:
		object, _ := from.(map[string]any)
		for i := range into.NumField() {
			if v, ok := object[wireName(into.Type().Field(i))]; ok {
				fromJSON(v, into.Field(i))
			}
		}
	case reflect.Slice:
		items, _ := from.([]any)
		into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
		for i := range items {
			fromJSON(items[i], into.Index(i))
		}
	case reflect.String:
		text, _ := from.(string)
		into.SetString(text)
	case reflect.Bool:
		is, _ := from.(bool)
		into.SetBool(is)
	}
}

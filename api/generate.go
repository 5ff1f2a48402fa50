package api

//go:generate go run ./internal/awsgen gen

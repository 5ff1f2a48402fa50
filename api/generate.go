package api

//go:generate go run ./internal/awsgen gen
//go:generate go run ./internal/awsgen coverage

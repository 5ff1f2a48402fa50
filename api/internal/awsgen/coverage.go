package main

func writeCoverage(root string) error { return nil }

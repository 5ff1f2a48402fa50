package memory_test

import (
	"testing"

	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/storagetest"
)

func open(testing.TB) storage.Store { return memory.New() }

func TestTheEngineConforms(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t) })
}

package storagetest

var historyTests = []test{}

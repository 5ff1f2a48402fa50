module sealstack

go 1.26

package material

import "testing"

func BenchmarkNew(b *testing.B) {
	for _, spec := range []string{"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ML_DSA_65", "ML_KEM_768"} {
		b.Run(spec, func(b *testing.B) {
			for b.Loop() {
				if _, err := New(spec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for spec, algorithms := range signing {
		b.Run(spec, func(b *testing.B) {
			s := newMaterial(b, spec).(Signer)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Sign(algorithms[0], Raw, []byte("a message")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for spec, algorithms := range signing {
		b.Run(spec, func(b *testing.B) {
			s := newMaterial(b, spec).(Signer)
			signature, err := s.Sign(algorithms[0], Raw, []byte("a message"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Verify(algorithms[0], Raw, []byte("a message"), signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

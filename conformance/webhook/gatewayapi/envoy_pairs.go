package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// Envoy reads these with BoringSSL, which has rules of its own: for the texts, for keys in other encodings, and
// for what a server needs.

type curveParameters struct {
	Version int
	Field   struct {
		ID    asn1.ObjectIdentifier
		Prime *big.Int
	}
	Curve struct{ A, B []byte }
	Base  []byte
	Order *big.Int
	// Absent if it is 0.
	Cofactor int `asn1:"optional"`
}

func parametersOf(curve elliptic.Curve, change func(*curveParameters)) asn1.RawValue {
	of := curve.Params()
	p := curveParameters{Version: 1, Order: of.N, Cofactor: 1}
	p.Field.ID, p.Field.Prime = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}, of.P
	p.Curve.A = new(big.Int).Sub(of.P, big.NewInt(3)).Bytes()
	p.Curve.B = of.B.Bytes()
	p.Base = append([]byte{4}, append(of.Gx.FillBytes(make([]byte, of.BitSize/8)), of.Gy.FillBytes(make([]byte, of.BitSize/8))...)...)
	change(&p)
	der, err := asn1.Marshal(p)
	if err != nil {
		panic(err)
	}
	return asn1.RawValue{FullBytes: der}
}

func marshal(value any) []byte {
	der, err := asn1.Marshal(value)
	if err != nil {
		panic(err)
	}
	return der
}

func explicitTag(tag int, der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: der}
}

func envoyPairs() ([]Pair, error) {
	all, err := makeAll()
	if err != nil {
		return nil, err
	}
	var pairs []Pair
	add := func(id string, cert, key []byte) {
		pairs = append(pairs, Pair{ID: "envoy/" + id, Cert: cert, Key: key})
	}
	byName := map[string]made{}
	for _, m := range all {
		byName[m.name] = m
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	p, r, full := byName["p256"], byName["rsa-2048"], byName["full"]
	certificate, private := block("CERTIFICATE", p.cert), block("PRIVATE KEY", pkcs8(p.key))

	// Keys on curves, in other encodings.
	for _, name := range []string{"p256", "p384", "p521"} {
		m := byName[name]
		key := m.key.(*ecdsa.PrivateKey)
		size := (key.Curve.Params().BitSize + 7) / 8
		scalar := key.D.FillBytes(make([]byte, size))
		uncompressed := elliptic.Marshal(key.Curve, key.X, key.Y)
		compressed := elliptic.MarshalCompressed(key.Curve, key.X, key.Y)
		wrong := bytes.Clone(compressed)
		wrong[0] ^= 1
		point := func(bytes []byte) asn1.RawValue {
			return explicitTag(1, marshal(asn1.BitString{Bytes: bytes, BitLength: 8 * len(bytes)}))
		}
		oid := map[string]asn1.ObjectIdentifier{"p256": {1, 2, 840, 10045, 3, 1, 7}, "p384": {1, 3, 132, 0, 34}, "p521": {1, 3, 132, 0, 35}}[name]
		write := func(rest ...asn1.RawValue) []byte {
			body := join(marshal(1), marshal(scalar))
			for _, value := range rest {
				body = append(body, marshal(value)...)
			}
			return marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
		}
		named := explicitTag(0, marshal(oid))
		cert := block("CERTIFICATE", m.cert)
		ec := func(id string, der []byte) { add(name+"/"+id, cert, block("EC PRIVATE KEY", der)) }
		ec("compressed", write(named, point(compressed)))
		ec("compressed-wrong", write(named, point(wrong)))
		ec("infinity", write(named, point([]byte{0})))
		hybrid := bytes.Clone(uncompressed)
		hybrid[0] = 6 + compressed[0]&1
		ec("hybrid", write(named, point(hybrid)))
		if name != "p521" {
			explicit := func(change func(*curveParameters)) asn1.RawValue { return parametersOf(key.Curve, change) }
			ec("explicit", write(explicitTag(0, explicit(func(*curveParameters) {}).FullBytes), point(uncompressed)))
			ec("explicit-cofactor", write(explicitTag(0, explicit(func(p *curveParameters) { p.Cofactor = 2 }).FullBytes), point(uncompressed)))
			ec("explicit-no-cofactor", write(explicitTag(0, explicit(func(p *curveParameters) { p.Cofactor = 0 }).FullBytes), point(uncompressed)))
			ec("explicit-order", write(explicitTag(0, explicit(func(p *curveParameters) { p.Order = new(big.Int).Add(p.Order, big.NewInt(2)) }).FullBytes), point(uncompressed)))
			ec("explicit-padded", write(explicitTag(0, explicit(func(p *curveParameters) { p.Curve.B = append([]byte{0}, p.Curve.B...) }).FullBytes), point(uncompressed)))
			type algorithm struct {
				ID         asn1.ObjectIdentifier
				Parameters asn1.RawValue
			}
			type info struct {
				Version   int
				Algorithm algorithm
				Key       []byte
			}
			id := asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
			add(name+"/pkcs8-explicit", cert, block("PRIVATE KEY", marshal(info{0, algorithm{id, explicit(func(*curveParameters) {})}, write(point(uncompressed))})))
			other := explicitTag(0, marshal(asn1.ObjectIdentifier{1, 3, 132, 0, 35}))
			add(name+"/pkcs8-other-curve", cert, block("PRIVATE KEY", marshal(info{0, algorithm{id, asn1.RawValue{FullBytes: marshal(oid)}}, write(other)})))
			add(name+"/pkcs8-version-1", cert, block("PRIVATE KEY", marshal(info{1, algorithm{id, asn1.RawValue{FullBytes: marshal(oid)}}, write()})))
			whole := marshal(info{0, algorithm{id, asn1.RawValue{FullBytes: marshal(oid)}}, write()})
			attributes := func(content []byte) []byte {
				var raw asn1.RawValue
				if _, err := asn1.Unmarshal(whole, &raw); err != nil {
					panic(err)
				}
				body := join(raw.Bytes, marshal(explicitTag(0, content)))
				return marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
			}
			attribute := marshal(struct {
				ID     asn1.ObjectIdentifier
				Values []string `asn1:"set"`
			}{asn1.ObjectIdentifier{1, 2, 3}, []string{"a"}})
			add(name+"/pkcs8-attributes", cert, block("PRIVATE KEY", attributes(attribute)))
			add(name+"/pkcs8-bad-attributes", cert, block("PRIVATE KEY", attributes([]byte{5, 0})))
			add(name+"/pkcs8-bad-attributes-as-sec1", cert, block("EC PRIVATE KEY", attributes([]byte{5, 0})))
		}
		add(name+"/certificate-compressed", block("CERTIFICATE", recoded(m, compressed)), block("PRIVATE KEY", pkcs8(m.key)))
		add(name+"/certificate-compressed-wrong", block("CERTIFICATE", recoded(m, wrong)), block("PRIVATE KEY", pkcs8(m.key)))
	}
	add("pkcs8-in-sec1", certificate, block("EC PRIVATE KEY", pkcs8(p.key)))
	add("pkcs8-in-pkcs1", block("CERTIFICATE", r.cert), block("RSA PRIVATE KEY", pkcs8(r.key)))
	add("pkcs8-of-rsa-in-sec1", block("CERTIFICATE", r.cert), block("EC PRIVATE KEY", pkcs8(r.key)))
	add("pkcs1-in-pkcs8", block("CERTIFICATE", r.cert), block("PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r.key.(*rsa.PrivateKey))))
	add("dsa-type", certificate, block("DSA PRIVATE KEY", pkcs8(p.key)))
	add("dsa-type-first", certificate, join(block("DSA PRIVATE KEY", []byte{1}), private))
	add("ed25519", block("CERTIFICATE", full.cert), block("PRIVATE KEY", pkcs8(full.key)))
	seed := full.key.(ed25519.PrivateKey).Seed()
	add("ed25519-version-1", block("CERTIFICATE", full.cert), block("PRIVATE KEY", join([]byte{0x30, 46, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32}, seed)))
	add("ed25519-null", block("CERTIFICATE", full.cert), block("PRIVATE KEY", join([]byte{0x30, 48, 2, 1, 0, 0x30, 7, 6, 3, 0x2b, 0x65, 0x70, 5, 0, 4, 34, 4, 32}, seed)))

	// RSA keys with wrong numbers, and without.
	rsaKey := r.key.(*rsa.PrivateKey)
	type pkcs1 struct {
		Version                        int
		N, E, D, P, Q, DP, DQ, Inverse *big.Int
	}
	numbers := func() pkcs1 {
		k := rsaKey
		return pkcs1{0, k.N, big.NewInt(int64(k.E)), k.D, k.Primes[0], k.Primes[1], k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv}
	}
	plus := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(rsaKey.Primes[0], one), new(big.Int).Sub(rsaKey.Primes[1], one)
	phi := new(big.Int).Mul(p1, q1)
	for id, change := range map[string]func(*pkcs1){
		"version-1":     func(k *pkcs1) { k.Version = 1 },
		"d-euler":       func(k *pkcs1) { k.D = new(big.Int).ModInverse(k.E, phi) },
		"d-too-large":   func(k *pkcs1) { k.D = plus(k.D, k.N) },
		"d-wrong":       func(k *pkcs1) { k.D = plus(k.D, one) },
		"dp-unreduced":  func(k *pkcs1) { k.DP = plus(k.DP, p1) },
		"dq-wrong":      func(k *pkcs1) { k.DQ = plus(k.DQ, one) },
		"inverse-large": func(k *pkcs1) { k.Inverse = plus(k.Inverse, k.P) },
		"swapped":       func(k *pkcs1) { k.P, k.Q = k.Q, k.P },
		"swapped-all": func(k *pkcs1) {
			k.P, k.Q, k.DP, k.DQ, k.Inverse = k.Q, k.P, k.DQ, k.DP, new(big.Int).ModInverse(k.P, k.Q)
		},
		"p-one": func(k *pkcs1) { k.P, k.Q = one, k.N },
		"zeros": func(k *pkcs1) {
			k.D, k.P, k.Q, k.DP, k.DQ, k.Inverse = new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)
		},
		"exponent-1": func(k *pkcs1) { k.E = one },
		"negative":   func(k *pkcs1) { k.D = new(big.Int).Neg(k.D) },
	} {
		k := numbers()
		change(&k)
		add("rsa/"+id, block("CERTIFICATE", r.cert), block("RSA PRIVATE KEY", marshal(k)))
	}

	// What a server's certificate needs.
	with := func(id string, signer made, change func(*x509.Certificate)) {
		t := template()
		change(t)
		add("needs/"+id, block("CERTIFICATE", signed(t, signer.key)), block("PRIVATE KEY", pkcs8(signer.key)))
	}
	for _, m := range []made{p, r, byName["ed25519"]} {
		with("key-usage-agreement/"+m.name, m, func(t *x509.Certificate) { t.KeyUsage = x509.KeyUsageKeyAgreement })
		with("key-usage-signature/"+m.name, m, func(t *x509.Certificate) { t.KeyUsage = x509.KeyUsageDigitalSignature })
		with("client-purpose/"+m.name, m, func(t *x509.Certificate) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	}
	with("no-name", p, func(t *x509.Certificate) { t.Subject = pkix.Name{} })
	with("no-common-name", p, func(t *x509.Certificate) { t.Subject = pkix.Name{Organization: []string{"x"}} })
	with("only-organization-and-dns", p, func(t *x509.Certificate) {
		t.Subject, t.DNSNames = pkix.Name{Organization: []string{"x"}}, []string{"a.example.com"}
	})
	with("only-email", p, func(t *x509.Certificate) { t.Subject, t.EmailAddresses = pkix.Name{}, []string{"a@example.com"} })
	commonName := asn1.ObjectIdentifier{2, 5, 4, 3}
	with("empty-common-name", p, func(t *x509.Certificate) {
		t.Subject = pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: commonName, Value: ""}}}
		t.DNSNames = []string{"a.example.com"}
	})
	feature := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
	for id, value := range map[string][]byte{"must-staple": {0x30, 3, 2, 1, 5}, "tls-feature": {0x30, 3, 2, 1, 17}, "must-staple-and": {0x30, 6, 2, 1, 5, 2, 1, 17}} {
		with(id, p, func(t *x509.Certificate) { t.ExtraExtensions = []pkix.Extension{{Id: feature, Value: value}} })
	}

	// Texts.
	lines := bytes.Split(bytes.TrimSpace(certificate), []byte("\n"))
	insert := func(at int, line string) []byte {
		var out []byte
		for i, l := range lines {
			if i == at {
				out = append(append(out, line...), '\n')
			}
			out = append(append(out, l...), '\n')
		}
		return out
	}
	for id, line := range map[string]string{
		"blank": "", "space": " ", "tab": "\t", "high": "\xff", "nul": "\x00", "headers": "Proc-Type: 4,ENCRYPTED", "dashes": "-----",
		"begin": "-----BEGIN CERTIFICATE-----", "end-other": "-----END X-----", "comment": "# x", "equals": "=", "long-spaces": string(bytes.Repeat([]byte(" "), 300)),
	} {
		add("text/first-"+id, insert(1, line), private)
		add("text/middle-"+id, insert(3, line), private)
		add("text/last-"+id, insert(len(lines)-1, line), private)
		add("text/before-"+id, insert(0, line), private)
		add("text/behind-"+id, append(bytes.Clone(certificate), line+"\n"...), private)
	}
	add("text/cut", certificate[:40], private)
	add("text/return-inside", join(certificate[:60], []byte("\r \t"), certificate[60:]), private)
	add("text/high-behind-line", bytes.ReplaceAll(certificate, []byte("\n"), []byte("\xc3\xa9\n")), private)
	add("text/header", bytes.Replace(private, []byte("-----\nM"), []byte("-----\nX: y\n\nM"), 1), private)
	add("text/key-blank-first", certificate, bytes.Replace(private, []byte("-----\nM"), []byte("-----\n\nM"), 1))
	add("text/key-header", certificate, bytes.Replace(private, []byte("-----\nM"), []byte("-----\nX: y\n\nM"), 1))
	add("text/key-nul-header", certificate, bytes.Replace(private, []byte("-----\nM"), []byte("-----\n\x00y\n\nM"), 1))
	add("text/key-encrypted-first", certificate, join(block("ENCRYPTED PRIVATE KEY", []byte{1}), private))
	add("text/key-after-broken", certificate, join([]byte("-----BEGIN X-----\n!\n-----END X-----\n"), private))
	add("text/cert-after-broken", join([]byte("-----BEGIN X-----\n!\n-----END X-----\n"), certificate), private)
	add("text/broken-behind", join(certificate, []byte("-----BEGIN X-----\n!\n-----END X-----\n")), private)
	add("text/cut-behind", join(certificate, []byte("-----BEGIN X-----\n")), private)
	add("text/other-behind", join(certificate, block("X", []byte{1})), private)
	add("text/trusted-behind", join(certificate, block("TRUSTED CERTIFICATE", []byte{1})), private)
	add("text/crl-behind", join(certificate, block("X509 CRL", []byte{1})), private)
	add("text/rsa-key-behind", join(certificate, block("RSA PRIVATE KEY", []byte{1})), private)
	add("text/good-rsa-key-behind", join(certificate, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))), private)
	add("text/pkcs8-behind", join(certificate, block("PRIVATE KEY", []byte{1})), private)
	add("text/empty-behind", join(certificate, block("X", nil)), private)
	noncanonical := bytes.Clone(block("CERTIFICATE", p.cert))
	if end := bytes.Index(noncanonical, []byte("=\n")); end > 0 {
		if noncanonical[end-1] == '=' {
			end--
		}
		noncanonical[end-1]++
	}
	add("text/unused-bits", noncanonical, private)
	// OpenSSL's settings behind a certificate.
	for id, settings := range map[string][]byte{
		"empty": {0x30, 0}, "trust": {0x30, 6, 0x30, 4, 6, 2, 42, 3}, "reject": {0x30, 6, 0xa0, 4, 6, 2, 42, 3}, "alias": {0x30, 3, 12, 1, 'a'},
		"alias-bad": {0x30, 3, 12, 1, 0xff}, "key-id": {0x30, 3, 4, 1, 1}, "order": {0x30, 6, 4, 1, 1, 12, 1, 'a'}, "more": {0x30, 0, 1}, "other": {0x30, 2, 0xa1, 0},
		"trust-bad": {0x30, 4, 0x30, 2, 5, 0}, "not": {4, 0},
	} {
		der := join(p.cert, settings)
		add("settings/"+id, block("CERTIFICATE", der), private)
		add("settings-trusted/"+id, block("TRUSTED CERTIFICATE", der), private)
		add("settings-chain/"+id, join(certificate, block("CERTIFICATE", der)), private)
	}
	return pairs, nil
}

// recoded is the certificate of a key with another encoding of its point. The signature is wrong, which a server does
// not check.
func recoded(m made, point []byte) []byte {
	certificate, err := x509.ParseCertificate(m.cert)
	if err != nil {
		panic(err)
	}
	type spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	var info spki
	if _, err := asn1.Unmarshal(certificate.RawSubjectPublicKeyInfo, &info); err != nil {
		panic(err)
	}
	info.Key = asn1.BitString{Bytes: point, BitLength: 8 * len(point)}
	tbs := bytes.Replace(certificate.RawTBSCertificate, certificate.RawSubjectPublicKeyInfo, marshal(info), 1)
	var body asn1.RawValue
	if rest, err := asn1.Unmarshal(certificate.RawTBSCertificate, &body); err != nil || len(rest) > 0 {
		panic("tbsCertificate")
	}
	header := len(certificate.RawTBSCertificate) - len(body.Bytes)
	return marshal(struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}{
		asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: tbs[header:]},
		algorithmOf(m.cert),
		asn1.BitString{Bytes: certificate.Signature, BitLength: 8 * len(certificate.Signature)},
	})
}

func algorithmOf(der []byte) asn1.RawValue {
	var c struct{ TBS, Algorithm, Signature asn1.RawValue }
	if _, err := asn1.Unmarshal(der, &c); err != nil {
		panic(err)
	}
	return c.Algorithm
}

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"time"

	"istio.io/istio/pilot/pkg/xds"
)

// Pair is a certificate and a key, as bytes, and Go's answers: to both as a pair, and to the
// certificate as a bundle of CAs.
type Pair struct {
	ID    string `json:"id"`
	Cert  []byte `json:"cert"`
	Key   []byte `json:"key"`
	Error string `json:"error"`
	IsCA  bool   `json:"isCA"`
	// Unread is istiod's error about the certificate, with -envoy.
	Unread string `json:"unread,omitempty"`
}

// judgeByIstiod asks what istiod reports of the certificate, apart from the time.
func (p *Pair) judgeByIstiod() {
	if err := xds.ValidateCertificate(p.Cert); err != nil && !strings.Contains(err.Error(), "expired or not yet valid") {
		p.Unread = strings.ToValidUTF8(err.Error(), "\ufffd")
	}
}

func (p *Pair) judge() {
	p.Error = ""
	if _, err := tls.X509KeyPair(p.Cert, p.Key); err != nil {
		// As the file represents it.
		p.Error = strings.ToValidUTF8(err.Error(), "\ufffd")
	}
	p.IsCA = x509.NewCertPool().AppendCertsFromPEM(p.Cert)
}

type made struct {
	name string
	key  crypto.Signer
	cert []byte
}

func block(kind string, data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}

func template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "for tests only"},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func full() *x509.Certificate {
	t := template()
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames = []string{"a.example.com"}
	t.EmailAddresses = []string{"a@example.com"}
	t.IPAddresses = []net.IP{net.IPv4(1, 2, 3, 4), net.ParseIP("::1")}
	t.URIs = []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/a/sa/b"}}
	t.SubjectKeyId = []byte{1, 2, 3}
	t.OCSPServer = []string{"http://ocsp.example.com"}
	t.IssuingCertificateURL = []string{"http://ca.example.com"}
	t.CRLDistributionPoints = []string{"http://crl.example.com"}
	t.PolicyIdentifiers = []asn1.ObjectIdentifier{{1, 2, 3}}
	oid, _ := x509.OIDFromInts([]uint64{1, 2, 3})
	t.Policies = []x509.OID{oid}
	t.PermittedDNSDomains = []string{".example.com"}
	t.ExcludedDNSDomains = []string{"bad.example.com"}
	t.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
	t.PermittedEmailAddresses = []string{"a@example.com", "example.com"}
	t.PermittedURIDomains = []string{".example.com"}
	return t
}

func signed(t *x509.Certificate, key crypto.Signer) []byte {
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

func makeAll() ([]made, error) {
	var all []made
	for name, bits := range map[string]int{"rsa-1024": 1024, "rsa-2048": 2048} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, err
		}
		all = append(all, made{name, key, signed(template(), key)})
	}
	for name, curve := range map[string]elliptic.Curve{
		"p224": elliptic.P224(), "p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521(),
	} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		all = append(all, made{name, key, signed(template(), key)})
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	all = append(all, made{"ed25519", key, signed(template(), key)}, made{"full", key, signed(full(), key)})
	return all, nil
}

func pkcs8(key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return der
}

// directedPairs has one of each kind. The keys are generated each time.
func directedPairs() ([]Pair, error) {
	all, err := makeAll()
	if err != nil {
		return nil, err
	}
	find := func(name string) made {
		for _, m := range all {
			if m.name == name {
				return m
			}
		}
		panic(name)
	}
	var pairs []Pair
	add := func(id string, cert, key []byte) { pairs = append(pairs, Pair{ID: id, Cert: cert, Key: key}) }
	for _, m := range all {
		cert := block("CERTIFICATE", m.cert)
		add(m.name+"/pkcs8", cert, block("PRIVATE KEY", pkcs8(m.key)))
		switch key := m.key.(type) {
		case *rsa.PrivateKey:
			add(m.name+"/pkcs1", cert, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(key)
			if err != nil {
				return nil, err
			}
			add(m.name+"/sec1", cert, block("EC PRIVATE KEY", der))
			// Without the public key, and with the parameters before it.
			type short struct {
				Version    int
				PrivateKey []byte
				Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
			}
			var whole struct {
				Version    int
				PrivateKey []byte
				Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
				PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
			}
			if _, err := asn1.Unmarshal(der, &whole); err != nil {
				return nil, err
			}
			der, err = asn1.Marshal(short{1, whole.PrivateKey, whole.Curve})
			if err != nil {
				return nil, err
			}
			add(m.name+"/sec1-without-public", cert, block("EC PRIVATE KEY", der))
			der, err = asn1.Marshal(short{1, append([]byte{0, 0}, whole.PrivateKey...), whole.Curve})
			if err != nil {
				return nil, err
			}
			add(m.name+"/sec1-padded", cert, block("EC PRIVATE KEY", der))
			parameters, err := asn1.Marshal(whole.Curve)
			if err != nil {
				return nil, err
			}
			key1 := append(block("EC PARAMETERS", parameters), block("EC PRIVATE KEY", der)...)
			add(m.name+"/sec1-with-parameters", cert, key1)
		}
	}
	// Another key of the same kind, and keys of other kinds.
	other, err := makeAll()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		for _, o := range other {
			if o.name != "full" && m.name != "full" {
				add("mismatch/"+m.name+"/"+o.name, block("CERTIFICATE", m.cert), block("PRIVATE KEY", pkcs8(o.key)))
			}
		}
	}
	p := find("p256")
	cert, key := block("CERTIFICATE", p.cert), block("PRIVATE KEY", pkcs8(p.key))
	chain := append(bytes.Clone(cert), block("CERTIFICATE", find("full").cert)...)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	replace := func(data []byte, old, new string) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(new)) }
	add("pem/switched", key, cert)
	add("pem/key-twice", key, key)
	add("pem/cert-twice", cert, cert)
	add("pem/empty", nil, nil)
	add("pem/empty-key", cert, nil)
	add("pem/text", []byte("nope"), []byte("nope"))
	add("pem/key-in-cert-first", join(key, cert), key)
	add("pem/cert-in-key-first", cert, join(cert, key))
	add("pem/chain", chain, key)
	add("pem/chain-garbage-behind", join(cert, block("CERTIFICATE", []byte("nope"))), key)
	add("pem/garbage-before", join(block("CERTIFICATE", []byte("nope")), cert), key)
	add("pem/other-kinds", join(block("X", nil), block("Y Z", []byte{1})), key)
	add("pem/other-kinds-key", cert, join(block("X", nil), block("PUBLIC KEY", []byte{1})))
	add("pem/encrypted", cert, block("ENCRYPTED PRIVATE KEY", pkcs8(p.key)))
	add("pem/any-private-key", cert, block("ANY PRIVATE KEY", pkcs8(p.key)))
	add("pem/trusted", block("TRUSTED CERTIFICATE", p.cert), key)
	add("pem/x509", block("X509 CERTIFICATE", p.cert), key)
	add("pem/crlf", replace(cert, "\n", "\r\n"), replace(key, "\n", "\r\n"))
	add("pem/cr", replace(cert, "\n", "\r"), key)
	add("pem/indented", replace(cert, "\n", "\n  "), key)
	add("pem/trailing-spaces", replace(cert, "\n", " \t\n"), replace(key, "\n", " \t\n"))
	add("pem/one-line", join([]byte("-----BEGIN CERTIFICATE-----\n"), bytes.ReplaceAll(cert[28:len(cert)-27], []byte("\n"), nil), []byte("\n-----END CERTIFICATE-----")), key)
	add("pem/no-newline-at-end", bytes.TrimSuffix(cert, []byte("\n")), bytes.TrimSuffix(key, []byte("\n")))
	add("pem/text-around", join([]byte("Subject: me\n"), cert, []byte("behind\n")), join([]byte("Bag Attributes\n"), key))
	add("pem/text-before-on-line", join([]byte("x"), cert), key)
	add("pem/text-behind-on-line", join(bytes.TrimSuffix(cert, []byte("\n")), []byte("x\n")), key)
	add("pem/headers", replace(cert, "CERTIFICATE-----\nM", "CERTIFICATE-----\nA: b\nC: d\n\nM"), replace(key, "KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"))
	add("pem/header-without-line", replace(cert, "CERTIFICATE-----\nM", "CERTIFICATE-----\nA: b\nM"), key)
	add("pem/bad-base64", replace(cert, "M", "!"), key)
	add("pem/bad-base64-then-good", join(replace(cert, "M", "!"), cert), key)
	add("pem/truncated-base64", cert[:len(cert)-40], key)
	add("pem/padding", replace(cert, "=\n-----END", "\n-----END"), key)
	add("pem/other-end", replace(cert, "END CERTIFICATE", "END X"), key)
	add("pem/begin-twice", join([]byte("-----BEGIN CERTIFICATE-----\n"), cert), key)
	add("pem/no-begin", cert[28:], key)
	add("pem/bom", join([]byte("\xef\xbb\xbf"), cert), key)
	add("pem/lower-case", bytes.ToLower(cert), key)
	add("pem/empty-block", []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), key)
	add("pem/nul", join(cert, []byte{0}), key)
	add("pem/not-utf-8", join([]byte{0xff, 0xfe, '\n'}, cert), key)
	add("pem/other-kinds-not-utf-8", block("X\xff", nil), key)

	add("der/trailing", block("CERTIFICATE", append(bytes.Clone(p.cert), 0)), key)
	add("der/truncated", block("CERTIFICATE", p.cert[:len(p.cert)-1]), key)
	add("der/key-trailing", cert, block("PRIVATE KEY", append(pkcs8(p.key), 0)))
	r := find("rsa-2048")
	add("der/rsa-key-trailing", block("CERTIFICATE", r.cert), block("RSA PRIVATE KEY", append(x509.MarshalPKCS1PrivateKey(r.key.(*rsa.PrivateKey)), 0)))
	add("der/key-truncated", cert, block("PRIVATE KEY", pkcs8(p.key)[:60]))
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	add("key/x25519", cert, block("PRIVATE KEY", pkcs8(x)))
	zeros := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	add("key/ed25519-zeros", block("CERTIFICATE", signed(template(), zeros)), block("PRIVATE KEY", pkcs8(zeros)))
	point := p.key.Public().(*ecdsa.PublicKey)
	add("certificate/point-not-on-curve", block("CERTIFICATE", bytes.Replace(p.cert, point.X.Bytes(), point.Y.Bytes(), 1)), key)
	// A certificate whose public key is not usable for TLS: the same certificate with other bytes.
	ed := find("ed25519")
	swap := func(id string, old, new []byte) {
		if !bytes.Contains(ed.cert, old) {
			panic(id)
		}
		add(id, block("CERTIFICATE", bytes.ReplaceAll(ed.cert, old, new)), block("PRIVATE KEY", pkcs8(ed.key)))
	}
	edOID := []byte{0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70}
	swap("certificate/unknown-algorithm", edOID, []byte{0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x7f})
	swap("certificate/x25519", append(bytes.Clone(edOID), 0x03, 0x21), []byte{0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21})
	swap("certificate/negative-serial", []byte{0x02, 0x01, 0x01}, []byte{0x02, 0x01, 0x81})
	swap("certificate/version", []byte{0xa0, 0x03, 0x02, 0x01, 0x02}, []byte{0xa0, 0x03, 0x02, 0x01, 0x07})
	subject := []byte("\x13\x0efor tests only")
	swap("certificate/name-not-printable", subject, []byte("\x13\x0efor tests @nly"))
	swap("certificate/name-not-utf-8", subject, []byte("\x0c\x0efor tests \xffnly"))
	swap("certificate/name-of-another-type", subject, []byte("\x02\x0efor tests only"))
	extension := func(id string, oid asn1.ObjectIdentifier, critical bool, value ...byte) {
		t := template()
		t.ExtraExtensions = []pkix.Extension{{Id: oid, Critical: critical, Value: value}}
		add("extension/"+id, block("CERTIFICATE", signed(t, p.key)), key)
	}
	ce := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, n} }
	name := func(tag byte, text string) []byte {
		return append([]byte{0x30, byte(2 + len(text)), tag, byte(len(text))}, text...)
	}
	extension("unknown-critical", asn1.ObjectIdentifier{1, 2, 3}, true, 1)
	extension("san-not-ascii", ce(17), false, name(0x82, "ä.example.com")...)
	extension("san-email-not-ascii", ce(17), false, name(0x81, "ä@example.com")...)
	extension("san-uri-not-ascii", ce(17), false, name(0x86, "http://ä")...)
	extension("san-uri-bad", ce(17), false, name(0x86, "http://[::1")...)
	extension("san-uri-bad-escape", ce(17), false, name(0x86, "spiffe://a/%zz")...)
	extension("san-uri-bad-domain", ce(17), false, name(0x86, "http://a..b/")...)
	extension("san-uri-trailing-dot", ce(17), false, name(0x86, "http://a./")...)
	extension("san-ip-length", ce(17), false, name(0x87, "abc")...)
	extension("san-empty", ce(17), false, 0x30, 0)
	extension("san-other", ce(17), true, name(0x88, "abc")...)
	extension("san-malformed", ce(17), false, 0x04, 0)
	extension("key-usage", ce(15), false, 0x04, 0)
	extension("basic-constraints", ce(19), false, 0x30, 1, 2)
	extension("akid-critical", ce(35), true, 0x30, 0)
	extension("akid", ce(35), false, 0x04, 0)
	extension("skid-critical", ce(14), true, 4, 0)
	extension("skid", ce(14), false, 0x30, 0)
	extension("eku", ce(37), false, 0x30, 2, 4, 0)
	extension("policies", ce(32), false, 0x30, 2, 4, 0)
	extension("policies-twice", ce(32), false, 0x30, 12, 0x30, 4, 6, 2, 42, 3, 0x30, 4, 6, 2, 42, 3)
	extension("policy-mappings", ce(33), false, 0x30, 2, 4, 0)
	extension("policy-constraints", ce(36), false, 0x30, 2, 0x80, 0)
	extension("inhibit-any", ce(54), false, 4, 0)
	extension("name-constraints", ce(30), false, 4, 0)
	extension("name-constraints-empty", ce(30), false, 0x30, 0)
	extension("name-constraints-dns", ce(30), false, append([]byte{0x30, 8, 0xa0, 6}, name(0x82, "a.")...)...)
	extension("name-constraints-ip", ce(30), false, append([]byte{0x30, 9, 0xa0, 7}, name(0x87, "abc")...)...)
	extension("name-constraints-mask", ce(30), false, append([]byte{0x30, 14, 0xa1, 12}, name(0x87, "\x0a\x00\x00\x00\xff\x00\xff\x00")...)...)
	extension("name-constraints-email", ce(30), false, append([]byte{0x30, 9, 0xa0, 7}, name(0x81, "a@@")...)...)
	extension("name-constraints-uri", ce(30), false, append([]byte{0x30, 13, 0xa0, 11}, name(0x86, "1.2.3.4")...)...)
	extension("crl", ce(31), false, 4, 0)
	extension("crl-point", ce(31), false, 0x30, 2, 4, 0)
	aia := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	extension("aia-critical", aia, true, 0x30, 0)
	extension("aia", aia, false, 0x30, 2, 4, 0)
	t := template()
	t.ExtraExtensions = []pkix.Extension{{Id: ce(99), Value: []byte{1}}, {Id: ce(99), Value: []byte{2}}}
	twice, err := x509.CreateCertificate(rand.Reader, t, t, p.key.Public(), p.key)
	if err != nil {
		return nil, err
	}
	add("extension/twice", block("CERTIFICATE", twice), key)
	return pairs, nil
}

// pairs are the given ones, each many times with some damage.
func (r *source) pairs(all []Pair, count int, seed uint64) []Pair {
	out := make([]Pair, 0, count)
	for i := range count {
		pair := all[r.IntN(len(all))]
		pair.ID = fmt.Sprintf("random/%d/%d/%s", seed, i, pair.ID)
		if r.Chance(70) {
			pair.Cert = r.broken(pair.Cert)
		} else {
			pair.Key = r.broken(pair.Key)
		}
		out = append(out, pair)
	}
	return out
}

// broken is a text with a changed byte, or with a changed block.
func (r *source) broken(text []byte) []byte {
	data, _ := pem.Decode(text)
	if data == nil || r.Chance(20) {
		return r.damaged(text)
	}
	data.Bytes = r.damaged(data.Bytes)
	return pem.EncodeToMemory(data)
}

func (r *source) damaged(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) == 0 {
		return data
	}
	for range 1 + r.IntN(2) {
		at := r.IntN(len(data))
		switch r.IntN(10) {
		case 0:
			data = data[:at]
		case 1:
			data = append(data, byte(r.IntN(256)))
		case 2:
			data = append(data[:at], data[at+1:]...)
		case 3, 4:
			data[at] ^= 1 << r.IntN(8)
		case 5, 6:
			data[at] += byte(r.IntN(5)) - 2
		default:
			data[at] = byte(r.IntN(256))
		}
		if len(data) == 0 {
			break
		}
	}
	return data
}
